// What administrators and nodes have decided, as state: whether the exchange is halted, whose orders are switched off, and
// what the log says of its node (epoch, acknowledgement policy, forced starts), which changes no result.
//
//   halted             new orders and modifies are refused (TradingHalted); cancels pass
//   kill switch on     every resting order of the account is cancelled; its new orders are refused (AccountSwitchedOff)

import { type RecordBuffer, SeriatimError } from "../base/index.ts";
import { type AckPolicyName, type AdminCommand, checkAdminCommand, Reason, Side } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { leave } from "./order-commands.ts";
import { ORDER_SHIFT, OrderWord } from "./order-pool.ts";

/** Accounts that can be switched off at once: 3 MiB of a snapshot. One more is answered StorageExhausted. */
export const SWITCHED_OFF_MAX = 65_536;

export class Administration {
  /** Of the last tenure; 0 before the first. */
  epoch = 0;
  /** The node of the last tenure; "" before the first. Here and below: who gave the last such command. */
  node = "";
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
 * Cancels every resting order of an account: by symbol, bids before asks, best level first, oldest first. It walks all
 * resting orders, as there is no index by account: a command for emergencies needs no structure that every order pays for.
 */
function cancelAllOf(state: ExchangeState, account: number): void {
  let cancelled = 0;
  for (const book of state.books) {
    for (const side of [Side.Buy, Side.Sell]) {
      // Found before the first is taken out: a queue is not changed while it is walked.
      const found: number[] = [];
      book.forEachOrder(side, (slot) => {
        const owner = state.orders.words[(slot << ORDER_SHIFT) + OrderWord.account] >>> 0;
        if (owner === account) found.push(slot);
      });
      for (const slot of found) {
        state.events.killed(slot, state.levels, side);
        leave(state, slot);
      }
      cancelled += found.length;
    }
  }
  if (cancelled > 0) state.events.end();
}
