// Many requests in turns: never more than the exchange takes.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RequestAnswer } from "../../src/client/socket/index.ts";
import { inTurns, TURN_MAX } from "../../web/in-turns.ts";

const ACCEPTED: RequestAnswer = { accepted: true, id: "1", sequence: "1" };
const REJECTED: RequestAnswer = { accepted: false, id: "1", code: 5, reason: "UnknownOrder", text: "gone" };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

// The page sent all at once: of 600 cancels 344 were refused, and twice that in a second ended the connection (4029).
test("600 requests go in turns of 100, at most 500 in a second, and a rejection stops nothing", async () => {
  const asked_ms: number[] = [];
  const begin_ms = Date.now();
  const done = inTurns(
    Array.from({ length: 600 }, (_, i) => i),
    async (i) => {
      asked_ms.push(Date.now() - begin_ms);
      return i % 100 === 0 ? REJECTED : ACCEPTED;
    },
  );
  await vi.advanceTimersByTimeAsync(0);
  expect(asked_ms).toHaveLength(TURN_MAX);
  await vi.runAllTimersAsync();
  expect(await done).toBe(594);
  for (const from_ms of asked_ms) {
    const second = asked_ms.filter((at_ms) => at_ms >= from_ms && at_ms < from_ms + 1_000);
    expect(second.length).toBeLessThanOrEqual(500);
  }
});

test("a request without an answer ends it: the others would have none either", async () => {
  let asked = 0;
  const done = inTurns(Array.from({ length: 300 }), async () => {
    if (++asked === 50) throw new Error("lost");
    return ACCEPTED;
  });
  await vi.runAllTimersAsync();
  expect(await done).toBe(TURN_MAX - 1);
  expect(asked).toBe(TURN_MAX);
});
