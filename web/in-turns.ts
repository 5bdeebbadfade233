// Many requests of one kind, as many at a time as the exchange takes: docs/api/websocket.md allows 256 orders in flight and
// 500 messages in a second, and whoever sends more is refused or cut off.

import type { RequestAnswer } from "../src/client/socket/index.ts";

/** In flight at once, and the least time from one turn to the next: 400 in a second, which leaves room for other messages. */
export const TURN_MAX = 100;
const TURN_MS = 250;

/** Asks for each item in its turn; returns how many were accepted. Ends early when the connection is lost. */
export async function inTurns<T>(
  items: readonly T[],
  ask: (item: T) => Promise<RequestAnswer>,
): Promise<number> {
  let accepted = 0;
  for (let from = 0; from < items.length; from += TURN_MAX) {
    if (from > 0) await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    const outcomes = await Promise.allSettled(items.slice(from, from + TURN_MAX).map(ask));
    const answers = outcomes.filter((outcome) => outcome.status === "fulfilled");
    accepted += answers.filter(({ value }) => value.accepted).length;
    if (answers.length < outcomes.length) break;
  }
  return accepted;
}
