// What the page says of the tape's speed: differences of what it counts, over the last seconds.

import { expect, test } from "vitest";
import type { TapeReport } from "../../src/protocol/index.ts";
import { TapeHistory } from "../../web/tape-history.ts";

function report(second: number, count: number, topics: TapeReport["topics"] = []): TapeReport {
  return {
    ...{ time_us: second * 1e6, port: 1, commandsQueued: 0, topics, topicsTotal: topics.length },
    connections: { publishers: 1, subscribers: 0, administrators: 0, paused: 0, opened: 3, refused: 0 },
    ...{ staging: { buffers: 4, inUse: 0, timesExhausted: 0 }, delivery: { buffers: 4, inUse: 0 } },
    batches: { drained: count, committed: count, acknowledged: count },
    bytes: { drained: 10 * count, committed: 10 * count, delivered: 20 * count },
  };
}

function topic(name: string, nextRecord: number, bytes: number) {
  return { name, order: 2, nextRecord, oldestRecord: 1, bytes, groups: [] };
}

test("one message has no speed, and several have that of the last five", () => {
  const tape = new TapeHistory();
  tape.add(report(1, 1_000_000));
  expect(tape.rates).toEqual({ batches: 0, ingested_bytes: 0, delivered_bytes: 0 });
  for (let second = 2; second <= 6; second++) tape.add(report(second, 1_000_000 + second));
  expect(tape.rates).toEqual({ batches: 1, ingested_bytes: 10, delivered_bytes: 20 });
});

test("a topic's speed counts from the first message that has it, and is none when retention takes more", () => {
  const tape = new TapeHistory();
  tape.add(report(1, 0));
  tape.add(report(2, 0, [topic("md", 101, 5_000)]));
  expect(tape.ratesOf("md")).toEqual({ records: 0, bytes: 0 });
  tape.add(report(4, 0, [topic("md", 301, 1_000)]));
  expect(tape.ratesOf("md")).toEqual({ records: 100, bytes: 0 });
  expect(tape.ratesOf("other")).toEqual({ records: 0, bytes: 0 });
});

test("a tape that began anew is another one, and so is that of another connection", () => {
  const tape = new TapeHistory();
  tape.add(report(1, 500));
  tape.add({ ...report(2, 10), connections: { ...report(2, 10).connections, opened: 1 } });
  expect(tape.rates.batches).toBe(0);
  let asked = 0;
  tape.begin({ watchTape: () => void asked++ });
  expect([asked, tape.latest]).toEqual([1, undefined]);
});
