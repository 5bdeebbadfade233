// SessionOpen and SessionEnd (commands.md): who is connected, and what becomes of an account's orders when a session is gone.
//
//   cause                     orders of the account               entry
//   logout                    stay                                removed
//   disconnected, node lost   cancelled, if it asked for that     removed, or silent when it has a dead man
//     of a silent session     stay                                stays as it is
//   dead man                  cancelled                           removed

import { type RecordBuffer, SeriatimError } from "../base/index.ts";
import {
  CancelCause,
  CommandWord,
  checkSessionCommand,
  Reason,
  type SessionEndCause,
  SessionFlag,
  type SessionOpen,
} from "../protocol/index.ts";
import { cancelAccount, ordersOfAccount } from "./bulk-cancel.ts";
import type { ExchangeState } from "./exchange-state.ts";

/**
 * Applies the session command at `words[at]`.
 * @throws SeriatimError LOG_UNKNOWN for a record that no node of this version writes.
 */
export function applySession(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const command = checkSessionCommand(words, at);
  if (command === undefined) {
    const what = "a session record is none of this version: the log is not this version's";
    throw new SeriatimError("LOG_UNKNOWN", what);
  }
  state.events.begin(out, words, at);
  const sessionLow = words[at + CommandWord.sessionLow];
  const sessionHigh = words[at + CommandWord.sessionHigh];
  if (command.kind === "session_end")
    return endSession(state, command.account, sessionLow, sessionHigh, command.cause);
  const refusal = openSession(state, command, sessionLow, sessionHigh);
  if (refusal !== Reason.None) state.events.reject(refusal);
}

function openSession(
  state: ExchangeState,
  { account, who, instance, flags, deadMan_ms }: SessionOpen,
  sessionLow: number,
  sessionHigh: number,
): Reason {
  if (account >= state.genesis.accountsMax) return Reason.NotAuthorised;
  if (!hasStream(state, account)) return Reason.StorageExhausted;
  // A connection has one session: one that logs on as another is no longer the first.
  const before = state.sessions.find(account, sessionLow, sessionHigh);
  if (before !== undefined && (before.who !== who || before.instance !== instance))
    state.sessions.remove(before);
  const whose = { account, sessionLow, sessionHigh, who, instance, flags, deadMan_ms };
  const isKept = state.sessions.put({ ...whose, isSilent: false });
  return isKept ? Reason.None : Reason.StorageExhausted;
}

/** Whether the account has a stream, from now on at the latest. */
function hasStream(state: ExchangeState, account: number): boolean {
  if (state.reports.of(account) !== undefined) return true;
  // Found while it has no list, and linked in the order of their queues.
  const resting = ordersOfAccount(state, account);
  if (state.reports.open(account) === undefined) return false;
  for (const slot of resting) state.accountOrders.link(slot);
  return true;
}

function endSession(
  state: ExchangeState,
  account: number,
  sessionLow: number,
  sessionHigh: number,
  cause: SessionEndCause,
): void {
  const { sessions } = state;
  const session = sessions.find(account, sessionLow, sessionHigh);
  if (session === undefined) return;
  if (cause === "logout") return sessions.remove(session);
  if (cause === "dead_man") {
    sessions.remove(session);
    return cancelAccount(state, account, CancelCause.DeadMan);
  }
  if (session.isSilent) return;
  if (session.deadMan_ms === 0) sessions.remove(session);
  else sessions.put({ ...session, isSilent: true });
  if ((session.flags & SessionFlag.CancelOnDisconnect) !== 0)
    cancelAccount(state, account, CancelCause.Disconnected);
}
