// Very many connections are looked at round by round: a tick's work has a bound, and nobody is passed over.

import { expect, test } from "vitest";
import { LOOKS_MAX } from "../../../src/gateway/guard/rounds.ts";
import { GATEWAY_LIMITS, Gateway } from "../../../src/gateway/index.ts";
import { heartbeat, ManualTransport, RecordingSink } from "../support.ts";

const SECOND_us = 1_000_000;
const IDLE_us = 3 * SECOND_us;

function venue(count: number, idle_us = IDLE_us) {
  const transport = new ManualTransport();
  const directory = { count: 0, instrument: () => ({ name: "", priceDecimals: 0, tick: 1, lot: 1 }) };
  const deadlines = { ...GATEWAY_LIMITS.deadlines, idle_us };
  const limits = { ...GATEWAY_LIMITS, connectionsMax: 3 * LOOKS_MAX, deadlines };
  const gateway = new Gateway({ transport, sink: new RecordingSink(), directory, limits, firstSession: 1 });
  for (let connection = 0; connection < count; connection++) gateway.opened(connection, "");
  return { transport, gateway };
}

/** How many have been closed after each tick, a second apart. */
function closedByTick({ transport, gateway }: ReturnType<typeof venue>, ticks: number): number[] {
  return Array.from({ length: ticks }, (_, second) => {
    gateway.tick(second * SECOND_us);
    return transport.closed.size;
  });
}

test("as many as a tick looks at are looked at in each", () => {
  expect(closedByTick(venue(LOOKS_MAX), 4)).toEqual([0, 0, 0, LOOKS_MAX]);
});

test("of more, a tick looks at its part, and a round at all", () => {
  const closed = closedByTick(venue(2 * LOOKS_MAX + 9), 8);
  expect(closed).toEqual([
    0,
    0,
    0,
    ...[1, 2].map((n) => n * LOOKS_MAX),
    ...new Array(3).fill(2 * LOOKS_MAX + 9),
  ]);
});

test("one in the last part of a round that takes nothing is found as well, though it is time to look in the first", () => {
  const last = 2 * LOOKS_MAX + 8;
  const { transport, gateway } = venue(last + 1, 0);
  transport.holding.add(last);
  gateway.received(last, heartbeat(1));
  // A round of three ticks for each look.
  const tick_us = GATEWAY_LIMITS.still_us / 8 / 3;
  for (let now_us = 0; now_us < GATEWAY_LIMITS.blocked_us + SECOND_us; now_us += tick_us)
    gateway.tick(now_us);
  expect(transport.destroyed).toEqual(new Set([last]));
});
