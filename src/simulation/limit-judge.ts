// Judges what the log's own limits refuse, by the events alone:
//
//   more orders rest than there is room for, or than an account may have open    never
//   refused for that                                                            only when there are as many
//   quantity or notional above the limit                                        refused for just that; and nothing else is

import {
  CommandKind,
  CommandWord,
  type Genesis,
  Reason,
  type ReasonName,
  reasonName,
} from "../protocol/index.ts";
import { SESSION_ACCOUNTS } from "./site.ts";

/** An order that rests, by the events. */
interface Resting {
  readonly account: number;
}

/** What became of a command: refused, or not. */
interface Outcome {
  readonly reason: number;
  readonly isRepeat: boolean;
}

export class LimitJudge {
  readonly problems: string[] = [];
  /** How often each limit was met. */
  readonly met = new Map<ReasonName, number>();

  /** The command at `words[at]` was applied; `resting`: behind it. */
  after(
    words: Int32Array,
    at: number,
    position: number,
    genesis: Genesis,
    resting: Iterable<Resting>,
    outcome: Outcome | undefined,
  ): void {
    if ((words[at] & 0xff) !== CommandKind.NewOrder || outcome === undefined || outcome.isRepeat) return;
    const problem = contradiction(words, at, genesis, [...resting], outcome.reason);
    if (problem !== undefined) this.problems.push(`position ${position}: ${problem}`);
    if (!LIMITS.includes(outcome.reason)) return;
    const name = reasonName(outcome.reason) as ReasonName;
    this.met.set(name, (this.met.get(name) ?? 0) + 1);
  }
}

const LIMITS: readonly number[] = [
  Reason.MaxQuantityExceeded,
  Reason.MaxNotionalExceeded,
  Reason.StorageExhausted,
  Reason.TooManyOpenOrders,
];

function contradiction(
  words: Int32Array,
  at: number,
  { ordersMax, accountOrdersMax = 0, maxQuantity, maxNotional }: Genesis,
  resting: readonly Resting[],
  reason: number,
): string | undefined {
  const own = words[at + CommandWord.account];
  const open = resting.filter(({ account }) => account === own).length;
  const quantity = words[at + CommandWord.quantity] >>> 0;
  // Prices of simulated clients need one lane.
  const notional = quantity * words[at + CommandWord.priceLow];
  if (SESSION_ACCOUNTS.includes(own) && accountOrdersMax > 0 && open > accountOrdersMax)
    return `${open} orders of account ${own} rest, it may have ${accountOrdersMax}`;
  if (resting.length > ordersMax) return `${resting.length} orders rest, there is room for ${ordersMax}`;
  const isTaken = reason === Reason.None;
  const isRefusedFor = (wanted: Reason, isMet: boolean) => reason === wanted && !isMet;
  if (isTaken && quantity > maxQuantity) return `an order of ${quantity} was taken, at most ${maxQuantity}`;
  if (isTaken && notional > maxNotional) return `${notional} was taken, at most ${maxNotional}`;
  if (isRefusedFor(Reason.MaxQuantityExceeded, quantity > maxQuantity)) return `${quantity} is not too much`;
  if (isRefusedFor(Reason.MaxNotionalExceeded, notional > maxNotional)) return `${notional} is not too much`;
  if (isRefusedFor(Reason.StorageExhausted, resting.length === ordersMax))
    return `no room for an order, and ${resting.length} rest`;
  if (isRefusedFor(Reason.TooManyOpenOrders, open === accountOrdersMax))
    return `account ${own} has too many orders, and ${open} rest`;
  return undefined;
}
