// Who reads reports: how many may wait for one before the source is stopped, and what still fits then.

import { expect, test } from "vitest";
import { ReportReaders } from "../../../src/client/session/report-readers.ts";
import { frameBytes, MessageType } from "../../../src/protocol/index.ts";

/** What the runtime reads of one socket in a turn: 32 times what the connection gives it to read into. */
const TURN_BYTES = 32 * 65_536;

// It was ended with EVENTS_OVERFLOW, at 8,192, though it had had no time to read.
test("what one turn reads before the program runs waits for a reader, and stops the source", async () => {
  const readers = new ReportReaders<number>();
  const calls: string[] = [];
  readers.from({ pause: () => calls.push("pause"), resume: () => calls.push("resume") });
  const reader = readers.add();
  const count = Math.floor(TURN_BYTES / frameBytes(MessageType.ExecutionReport));
  for (let number = 1; number <= count; number++) readers.push(number);
  expect(calls).toEqual(["pause"]);
  for (let number = 1; number <= count; number++)
    expect(await reader.next()).toEqual({ done: false, value: number });
  expect(calls).toEqual(["pause", "resume"]);
});
