// What a broker tells of itself fits the answer that an administrator is given.

import { expect, test } from "vitest";
import {
  encodeText,
  TAPE_GROUPS_MAX,
  TAPE_REPLY_BYTES_MAX,
  TAPE_TOPICS_MAX,
  TapeType,
} from "../../../src/protocol/index.ts";
import { brokerFigures, type FiguresParts } from "../../../src/tape-runtime/broker/broker-figures.ts";

// It did not, and the administrator was ended: "the bytes are no message of this protocol".
test("the figures of as many topics and groups as there can be, of the longest names, are one answer", () => {
  const big = Number.MAX_SAFE_INTEGER;
  const topics = Array.from({ length: TAPE_TOPICS_MAX }, (_, i) => ({
    id: i + 1,
    name: "t".repeat(255),
    order: 2,
  }));
  const group = { name: "g".repeat(255), committed: big, members: 65_536 };
  const groups = new Array(TAPE_GROUPS_MAX).fill(group);
  const parts = {
    ...{
      clock: { wallMicros: () => big },
      port: 65_535,
      pool: {},
      reception: {},
      administrators: {},
      workers: {},
    },
    ...{ publishers: { figures: () => ({}) }, stages: [] },
    subscribers: { figures: {}, groupsOf: () => groups },
    topics: { list: () => topics },
    open: { known: () => ({ nextRecord: big, oldestRecord: big, bytes: big }) },
  } as unknown as FiguresParts;
  const status = brokerFigures(parts, () => true);
  expect(status.topicsTotal).toBe(TAPE_TOPICS_MAX);
  expect(status.topics.length).toBe(2_048 / TAPE_GROUPS_MAX);
  const reply = encodeText(TapeType.Reply, JSON.stringify({ status }));
  expect(reply.length).toBeLessThan(TAPE_REPLY_BYTES_MAX);
});
