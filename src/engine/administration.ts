// What administrators and nodes have decided, as state: whether the exchange is halted, whose orders are switched off, and
// what the log says of its node (epoch, acknowledgement policy, forced starts), which changes no result.
//
//   halted             new orders and modifies are refused (TradingHalted); cancels pass
//   kill switch on     every resting order of the account, of the symbol, or all are cancelled; new orders and modifies of it are
//                      refused (AccountSwitchedOff, SymbolSwitchedOff, ExchangeSwitchedOff); cancels pass

import { type RecordBuffer, SeriatimError } from "../base/index.ts";
import {
  type AckPolicyName,
  type AdminCommand,
  CancelCause,
  checkAdminCommand,
  type KillSwitch,
  Reason,
} from "../protocol/index.ts";
import { cancelAccount, cancelBooks } from "./bulk-cancel.ts";
import type { ExchangeState } from "./exchange-state.ts";

/** Accounts that can be switched off at once: 1.5 MiB of a snapshot. One more is answered StorageExhausted. */
export const SWITCHED_OFF_MAX = 65_536;

export class Administration {
  /** Of the last tenure; 0 before the first. */
  epoch = 0;
  /** The node of the last tenure; "" before the first. Here and below: who gave the last such command. */
  node = "";
  /** The administrator who promoted that node; "" when it led by itself. */
  promotedBy = "";
  /** The nodes of the last tenure's cluster by name, in order; empty: not said. */
  cluster: readonly string[] = [];
  ackPolicy: AckPolicyName | undefined;
  ackPolicyBy = "";
  halted = false;
  /** Of the last halt or resume. */
  haltedBy = "";
  forcedStarts = 0;
  forcedBy = "";
  /** By account: who switched it off. */
  readonly switchedOff = new Map<number, string>();

  /** By symbol: who switched it off. */
  readonly symbolsOff = new Map<number, string>();
  /** Who switched everything off; "" while it is not. */
  allOffBy = "";

  /** Why a new order or a modify of `account` is refused; None when it is not. */
  refusalOf(account: number, symbol: number): Reason {
    if (this.halted) return Reason.TradingHalted;
    if (this.allOffBy !== "") return Reason.ExchangeSwitchedOff;
    if (this.switchedOff.has(account)) return Reason.AccountSwitchedOff;
    return this.symbolsOff.has(symbol) ? Reason.SymbolSwitchedOff : Reason.None;
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

function note(administration: Administration, command: Exclude<AdminCommand, KillSwitch>): void {
  const { who } = command;
  switch (command.kind) {
    case "tenure":
      administration.epoch = command.epoch;
      administration.node = who;
      administration.promotedBy = "";
      administration.cluster = command.others === undefined ? [] : [who, ...command.others].sort();
      break;
    case "promotion":
      // Without a tenure there is nobody who could have been promoted.
      if (administration.epoch > 0) administration.promotedBy = who;
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

function turnKillSwitch(state: ExchangeState, command: KillSwitch): void {
  const refusal = refusalOfSwitch(state, command);
  if (refusal !== Reason.None) return state.events.reject(refusal);
  const { administration, books } = state;
  const { on, who } = command;
  switch (command.scope) {
    case "account":
      turn(administration.switchedOff, command.account, on, who);
      if (on) cancelAccount(state, command.account, CancelCause.KillSwitch);
      break;
    case "symbol":
      turn(administration.symbolsOff, command.symbol, on, who);
      if (on) cancelBooks(state, [books[command.symbol]], CancelCause.KillSwitch);
      break;
    case "all":
      administration.allOffBy = on ? who : "";
      if (on) cancelBooks(state, books, CancelCause.KillSwitch);
  }
}

function refusalOfSwitch({ genesis, books, administration }: ExchangeState, command: KillSwitch): Reason {
  if (command.scope === "all") return Reason.None;
  if (command.scope === "symbol") return command.symbol < books.length ? Reason.None : Reason.UnknownSymbol;
  const { switchedOff } = administration;
  if (command.account >= genesis.accountsMax) return Reason.NotAuthorised;
  const isOneMore = command.on && !switchedOff.has(command.account);
  return isOneMore && switchedOff.size === SWITCHED_OFF_MAX ? Reason.StorageExhausted : Reason.None;
}

function turn(switchedOff: Map<number, string>, number: number, on: boolean, who: string): void {
  if (on) switchedOff.set(number, who);
  else switchedOff.delete(number);
}
