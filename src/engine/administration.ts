// What administrators and nodes have decided, as state: whether the exchange is halted, whose orders are switched off, and
// what the log says of its node (epoch, acknowledgement policy, forced starts), which changes no result.
//
//   halted             new orders and modifies are refused (TradingHalted); cancels pass
//   kill switch on     every resting order of the account is cancelled; its new orders are refused (AccountSwitchedOff)

import { type RecordBuffer, SeriatimError } from "../base/index.ts";
import { type AckPolicyName, type AdminCommand, checkAdminCommand, Reason } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { leave } from "./order-commands.ts";
import { NO_SLOT, ORDER_SHIFT, OrderWord } from "./order-pool.ts";

/** Accounts that can be switched off at once: 3 MiB of a snapshot. One more is answered StorageExhausted. */
export const SWITCHED_OFF_MAX = 65_536;

export class Administration {
  /** Of the last tenure; 0 before the first. */
  epoch = 0;
  /** The node of the last tenure; "" before the first. Here and below: who gave the last such command. */
  node = "";
  /** The administrator who promoted that node; "" when it led by itself. */
  promotedBy = "";
  ackPolicy: AckPolicyName | undefined;
  ackPolicyBy = "";
  halted = false;
  /** Of the last halt or resume. */
  haltedBy = "";
  forcedStarts = 0;
  forcedBy = "";
  /** By account: who switched it off. */
  readonly switchedOff = new Map<number, string>();

  /** Why a new order of `account` is refused; None when it is not. */
  refusalOf(account: number): Reason {
    if (this.halted) return Reason.TradingHalted;
    return this.switchedOff.has(account) ? Reason.AccountSwitchedOff : Reason.None;
  }
}

/**
 * Applies the administrative command at `words[at]`.
 * @throws SeriatimError LOG_UNKNOWN for a record that no node of this version writes.
 */
export function administer(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const command = checkAdminCommand(words, at);
  if (command === undefined) {
    const what = "an administrative record is none of this version: the log is not this version's";
    throw new SeriatimError("LOG_UNKNOWN", what);
  }
  state.events.begin(out, words, at);
  if (command.kind === "kill_switch") turnKillSwitch(state, command);
  else note(state.administration, command);
  state.restrict();
}

function note(administration: Administration, command: Exclude<AdminCommand, { kind: "kill_switch" }>): void {
  const { who } = command;
  switch (command.kind) {
    case "tenure":
      administration.epoch = command.epoch;
      administration.node = who;
      administration.promotedBy = "";
      break;
    case "promotion":
      administration.promotedBy = who;
      break;
    case "ack_policy":
      administration.ackPolicy = command.policy;
      administration.ackPolicyBy = who;
      break;
    case "forced_start":
      administration.forcedStarts++;
      administration.forcedBy = who;
      break;
    default:
      administration.halted = command.kind === "halt";
      administration.haltedBy = who;
  }
}

type KillSwitch = Extract<AdminCommand, { kind: "kill_switch" }>;

function turnKillSwitch(state: ExchangeState, { account, on, who }: KillSwitch): void {
  const { switchedOff } = state.administration;
  if (account >= state.genesis.accountsMax) return state.events.reject(Reason.NotAuthorised);
  if (!on) {
    switchedOff.delete(account);
    return;
  }
  if (switchedOff.size === SWITCHED_OFF_MAX && !switchedOff.has(account))
    return state.events.reject(Reason.StorageExhausted);
  switchedOff.set(account, who);
  cancelAllOf(state, account);
}

/**
 * Cancels every resting order of an account: by symbol, bids before asks, best level first, oldest first. There is no index by
 * account, as every order would pay for it: the pool is read once from end to end, which the memory is made for, and then
 * the queues of the levels that have an order of the account.
 */
function cancelAllOf(state: ExchangeState, account: number): void {
  const { words } = state.orders;
  let cancelled = 0;
  for (const [level, symbolSide] of levelsWith(state, account)) {
    let next = NO_SLOT;
    for (let slot = state.levels.head[level]; slot !== NO_SLOT; slot = next) {
      const at = slot << ORDER_SHIFT;
      next = words[at + OrderWord.next];
      if (words[at + OrderWord.account] >>> 0 !== account) continue;
      state.events.killed(slot, state.levels, symbolSide & 1);
      leave(state, slot);
      cancelled++;
    }
  }
  if (cancelled > 0) state.events.end();
}

/** The levels where orders of an account rest, with symbol * 2 + side, in the order in which they are cancelled. */
function levelsWith({ orders, levels, index }: ExchangeState, account: number): [number, number][] {
  const { words } = orders;
  const found = new Map<number, number>();
  for (let slot = 0; slot < orders.reached; slot++) {
    const at = slot << ORDER_SHIFT;
    if (words[at + OrderWord.account] >>> 0 !== account) continue;
    const symbolSide = words[at + OrderWord.symbolSide];
    const [idLow, idHigh] = [words[at + OrderWord.idLow], words[at + OrderWord.idHigh]];
    // A slot that was given back still has its last order's words; the index knows who rests.
    const hash = words[at + OrderWord.hash];
    if (index.find(hash, words[at + OrderWord.account], symbolSide >> 1, idLow, idHigh) !== slot) continue;
    found.set(words[at + OrderWord.level], symbolSide);
  }
  const { price } = levels;
  return [...found].sort(
    ([a, ofA], [b, ofB]) => ofA - ofB || (ofA & 1 ? price[a] - price[b] : price[b] - price[a]),
  );
}
