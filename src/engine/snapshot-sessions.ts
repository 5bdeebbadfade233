// The section of a snapshot that says which sessions are logged on or silent. Like the rest of it
// (snapshot-restore.ts), only what a writer makes is taken.

import { putWho, SESSION_FLAGS, Side } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { PieceWriter } from "./piece-writer.ts";
import { compare, SESSIONS_OF_ACCOUNT_MAX, type Session, type Sessions } from "./sessions.ts";
import { SnapshotSection, SnapshotSession } from "./snapshot-layout.ts";
import type { SnapshotReader } from "./snapshot-reader.ts";

export function writeSessions(sessions: Sessions, out: PieceWriter): void {
  out.begin(SnapshotSection.Sessions, SnapshotSession.bytes, sessions.count);
  for (const session of sessions.sorted()) writeSession(session, out);
}

function writeSession(session: Session, out: PieceWriter): void {
  const at = out.claim(SnapshotSession.bytes);
  const { view } = out;
  view.setUint32(at + SnapshotSession.account, session.account, true);
  view.setUint32(at + SnapshotSession.instance, session.instance, true);
  putWho(view, at + SnapshotSession.who, session.who);
  view.setInt32(at + SnapshotSession.session, session.sessionLow, true);
  view.setInt32(at + SnapshotSession.session + 4, session.sessionHigh, true);
  view.setUint32(at + SnapshotSession.deadMan_ms, session.deadMan_ms, true);
  view.setUint8(at + SnapshotSession.flags, session.flags);
  view.setUint8(at + SnapshotSession.silent, session.isSilent ? 1 : 0);
}

export function restoreSessions(state: ExchangeState, reader: SnapshotReader): void {
  const { sessions } = state;
  const count = reader.section(SnapshotSection.Sessions, SnapshotSession.bytes);
  let before: Session | undefined;
  for (let i = 0; i < count; i++) {
    const at = reader.take(SnapshotSession.bytes, "session");
    const session = restoreSession(reader, at);
    const order = before === undefined ? -1 : before.account - session.account || compare(before, session);
    if (order >= 0) reader.refuse(at, "a session behind a later one, or the same session twice");
    if (sessions.find(session.account, session.sessionLow, session.sessionHigh) !== undefined)
      reader.refuse(at, "two sessions of one connection");
    if (!sessions.put(session))
      reader.refuse(at, `more than ${SESSIONS_OF_ACCOUNT_MAX} sessions of account ${session.account}`);
    before = session;
  }
}

function restoreSession(reader: SnapshotReader, at: number): Session {
  const who = reader.who(at + SnapshotSession.who, "a session of a name");
  const flags = reader.u8(at + SnapshotSession.flags);
  const silent = reader.u8(at + SnapshotSession.silent);
  const deadMan_ms = reader.u32(at + SnapshotSession.deadMan_ms);
  const isWhole = silent === 0 || (silent === 1 && deadMan_ms > 0);
  if (who === "" || (flags & ~SESSION_FLAGS) !== 0 || !isWhole)
    reader.refuse(at, "a session that no writer makes");
  reader.refuseUnknown(at + SnapshotSession.reserved, at + SnapshotSession.bytes, "a session");
  const { account, session, instance } = SnapshotSession;
  return {
    ...{ who, flags, deadMan_ms, isSilent: silent === 1 },
    account: reader.u32(at + account),
    instance: reader.u32(at + instance),
    sessionLow: reader.u32(at + session) | 0,
    sessionHigh: reader.u32(at + session + 4) | 0,
  };
}

/** When sessions, streams and orders are restored: each session's account has a stream, and its orders are linked. */
export function joinAccounts(
  { sessions, reports, accountOrders, books }: ExchangeState,
  reader: SnapshotReader,
): void {
  for (const { account } of sessions) {
    if (reports.of(account) === undefined)
      reader.refuse(reader.at, `a session of account ${account}, which has no stream`);
  }
  if (!reports.isUsed) return;
  for (const book of books) {
    for (const side of [Side.Buy, Side.Sell]) book.forEachOrder(side, (slot) => accountOrders.link(slot));
  }
}
