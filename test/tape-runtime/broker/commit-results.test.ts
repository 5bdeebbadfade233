// What commit workers say reaches whom it concerns.

import { expect, test } from "vitest";
import { TapeReason } from "../../../src/protocol/index.ts";
import { CommitResultKind } from "../../../src/tape/index.ts";
import { CommitResults, type ResultHearers } from "../../../src/tape-runtime/broker/commit-results.ts";
import { OpenTopics } from "../../../src/tape-runtime/broker/open-topics.ts";

const TOPIC = { id: 1, name: "trades", order: 1, retainBytes: 0, retain_us: 0, created_us: 1 } as const;
const OPENED = {
  ...{ kind: CommitResultKind.TopicOpened, reason: TapeReason.None, topic: 1, connection: 0, buffer: 0 },
  ...{ epoch: 0, detail: 0, nextRecord: 7, nextPosition: 7, oldestRecord: 1, bytes: 640 },
};

// It was written to, and a kill brought its groups back behind what they had not been sent.
test("a topic whose groups can't be made safe for want of room is not opened, and asked for again", async () => {
  let asked = 0;
  const open = new OpenTopics(() => asked++);
  const outcomes: TapeReason[] = [TapeReason.DiskFull, TapeReason.None];
  const subscribers = { onOpened: async () => outcomes.shift() };
  const results = new CommitResults(() => {});
  results.hearTo({ open, subscribers } as unknown as ResultHearers);
  for (const outcome of [TapeReason.DiskFull, undefined]) {
    const told = new Promise((resolve) => open.open(TOPIC, resolve));
    results.result(OPENED);
    if (outcome === undefined) expect(await told).toMatchObject({ id: 1, nextRecord: 7 });
    else expect(await told).toBe(outcome);
  }
  expect(asked).toBe(2);
});
