// What a frame must say to come next, at its exact bounds.

import { expect, test } from "vitest";
import { frameBreak } from "../../src/segment/continuity.ts";

const POINT = { position: 7, epoch: 3 };
const NEXT = { firstPosition: 8, count: 2, payloadBytes: 16, epoch: 3, durablePosition: 7, timestamp_us: 0 };

test.each([
  ["the next one, with all before it durable", {}, undefined],
  ["nothing durable", { durablePosition: 0 }, undefined],
  ["its own first position as durable", { durablePosition: 8 }, "impossible"],
  ["its own last position as durable", { durablePosition: 9 }, "impossible"],
  ["the last position again", { firstPosition: 7 }, "gap"],
  ["one left out", { firstPosition: 9 }, "gap"],
  ["no positions", { count: 0 }, "impossible"],
  ["a position of each byte", { count: 16 }, undefined],
  ["more positions than bytes", { count: 17 }, "impossible"],
  ["a later epoch", { epoch: 4 }, undefined],
  ["an older epoch", { epoch: 2 }, "stale epoch"],
])("a frame that says %s", (_, says, kind) => {
  expect(frameBreak({ ...NEXT, ...says }, POINT)?.kind).toBe(kind);
});
