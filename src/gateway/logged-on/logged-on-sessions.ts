// All logged-on sessions of a gateway: who is there by identity, whose connection is gone but whose dead man is waited for, and
// what each is owed by the clock. The clock is the caller's, and is read at ticks alone: what came in since the last tick
// counts as of the tick, so nothing on the way of a message reads a clock, and a deadline is kept to two ticks, always late.
//
//   connected --Logout--> gone        connected --any other end--> gone, or silent where there is a dead man
//   connected --logon of the same identity--> the new one's; with cancel on disconnect the log is told an end before. While
//                                             the new one waits for room in the log a dead man's time runs on
//   silent --logon of the same identity--> connected        silent or connected --dead man--> gone

import { assert } from "../../base/index.ts";
import { Reason, type SessionEndCause } from "../../protocol/index.ts";
import type { Connection } from "../connection.ts";
import type { Guard } from "../guard/guard.ts";
import { CloseReason, type GatewayCounters } from "../limits.ts";
import { type LoggedOn, sessionIdentity } from "./logged-on.ts";
import type { DeskContext } from "./logon-desk.ts";
import type { ReportPump } from "./report-pump.ts";
import type { ReportSource } from "./report-source.ts";
import { type EndingSession, SessionEnds } from "./session-ends.ts";
import { Tally } from "./tally.ts";

/** Heartbeat intervals without a word from the client, after which it is closed. */
const IDLE_HEARTBEATS = 2;

/** Half of what the engine has places for: however many read an account, who trades for it can log on. */
const READERS_OF_ACCOUNT_MAX = 32;

/** A session without a connection. */
interface Silent extends EndingSession {
  readonly deadMan_us: number;
  /** When something came from it last; -1: the first tick says. */
  heard_us: number;
}

export class LoggedOnSessions {
  readonly #source: ReportSource;
  readonly #counters: GatewayCounters;
  readonly #guard: Guard;
  readonly #pump: ReportPump;
  readonly #ends: SessionEnds;
  readonly #settle: (connection: Connection) => void;
  readonly #connected = new Map<string, Connection>();
  readonly #silent = new Map<string, Silent>();
  /** Connected sessions by the name of their key. */
  readonly #ofKey = new Tally<string>();
  /** Those that only read, by account. */
  readonly #readers = new Tally<number>();

  /** `settle` sends what was written for a connection, and closes it when it is over. */
  constructor(
    { sink, counters, guard }: Pick<DeskContext, "sink" | "counters" | "guard">,
    source: ReportSource,
    pump: ReportPump,
    settle: (connection: Connection) => void,
  ) {
    this.#source = source;
    this.#counters = counters;
    this.#guard = guard;
    this.#pump = pump;
    this.#settle = settle;
    this.#ends = new SessionEnds(sink, source);
  }

  /** The node begins to serve: whoever the state says is connected was connected to a node that is lost. */
  begin(): void {
    for (const session of this.#source.sessions) {
      const { account, who, instance, sessionLow, sessionHigh } = session;
      if (!session.isSilent) this.#ends.add({ account, sessionLow, sessionHigh }, "node_lost");
      if (session.deadMan_ms === 0) continue;
      const deadMan_us = session.deadMan_ms * 1_000;
      const silent = { account, sessionLow, sessionHigh, deadMan_us, heard_us: -1 };
      this.#silent.set(sessionIdentity(who, account, instance), silent);
    }
    this.sequenceEnds();
  }

  /** Ends that wait are sequenced; false: some still wait for room, and nothing else may be sequenced. Not from inside a commit. */
  sequenceEnds(): boolean {
    if (this.#ends.areWaiting) this.#ends.sequence();
    return !this.#ends.areWaiting;
  }

  /** Whether the key of `who` has fewer than `max` connected sessions, not counting `identity`, which would be replaced. */
  hasRoomFor(who: string, identity: string, max: number): boolean {
    return this.#ofKey.of(who) - (this.#connected.has(identity) ? 1 : 0) < max;
  }

  /** Whether one more may read the account without trading for it, not counting `identity` likewise. */
  hasRoomForReader(account: number, identity: string): boolean {
    const replaced = this.#connected.get(identity)?.loggedOn?.isReadOnly === true ? 1 : 0;
    return this.#readers.of(account) - replaced < READERS_OF_ACCOUNT_MAX;
  }

  /** Somebody logs on as `identity`: who was that is not any more, and ends that the log is to be told of wait. */
  replace(identity: string): void {
    const older = this.#connected.get(identity);
    if (older === undefined) return;
    older.session.end(CloseReason.Replaced);
    // Or two programs that are the same session by mistake would replace each other for ever.
    older.refuseLogon(Reason.SessionReplaced);
    this.#settle(older);
  }

  /** The SessionOpen of `session` was applied, and taken unless it has a refusal; reports are wanted from `next` on. */
  opened(connection: Connection, session: LoggedOn, next: number): void {
    if (session.refusal !== Reason.None) return this.#pump.due(connection);
    const stream = this.#source.reports.of(session.account);
    assert(stream !== undefined, "an account with a session has a stream");
    session.opened(stream, next);
    this.#silent.delete(session.identity);
    this.#connected.set(session.identity, connection);
    this.#ofKey.add(session.terms.who);
    if (session.isReadOnly) this.#readers.add(session.account);
    this.#pump.add(connection, session);
    this.#counters.sessions++;
    this.#counters.logons++;
  }

  /** The connection of `session` takes nothing any more. May be called in the middle of anything. */
  ended(connection: Connection, session: LoggedOn): void {
    if (session.isEnded) return;
    session.endsAt = this.#pump.released;
    if (session.refusal !== Reason.None) return;
    this.#connected.delete(session.identity);
    this.#ofKey.remove(session.terms.who);
    if (session.isReadOnly) this.#readers.remove(session.account);
    this.#pump.remove(connection, session);
    this.#guard.ended(connection.slot, session.terms.who);
    this.#counters.sessions--;
    const { closeReason } = connection.session;
    if (closeReason === CloseReason.Replaced) return this.#replaced(connection, session);
    const cause = causeOf(closeReason);
    session.owesLoggedOut = cause === "logout";
    session.endsAt = Number.POSITIVE_INFINITY;
    this.#ends.add(session, cause, (position) => {
      session.endsAt = position;
    });
    this.#pump.due(connection);
    if (cause === "disconnected" && session.terms.deadMan_us > 0) this.#fallSilent(connection, session);
  }

  /** The session goes on elsewhere, with the reports that this connection was not sent: it is told no more than that. */
  #replaced(connection: Connection, session: LoggedOn): void {
    session.isAnswered = true;
    session.refusal = Reason.SessionReplaced;
    // No order of it outlives its connection, whether that was found to be gone before or after the new logon.
    if (session.cancelsOnDisconnect) this.#ends.add(session, "disconnected");
    // That end may have taken the last slot: the new logon waits for another, and may be lost before there is one.
    if (session.terms.deadMan_us > 0) this.#fallSilent(connection, session);
  }

  #fallSilent(connection: Connection, session: LoggedOn): void {
    const { account, sessionLow, sessionHigh, terms } = session;
    // What came since the last tick counts as of the next one: a dead man is late, never early.
    const heard_us = session.hasHeard || connection.paused ? -1 : session.heard_us;
    const silent = { account, sessionLow, sessionHigh, deadMan_us: terms.deadMan_us, heard_us };
    this.#silent.set(session.identity, silent);
  }

  /** To be called every 100 ms or so, with a monotonic clock. */
  tick(now_us: number): void {
    for (const [identity, silent] of this.#silent) {
      if (silent.heard_us < 0) silent.heard_us = now_us;
      if (now_us - silent.heard_us < silent.deadMan_us) continue;
      this.#silent.delete(identity);
      this.#ends.add(silent, "dead_man");
    }
    for (const connection of this.#connected.values()) {
      const session = connection.loggedOn;
      if (session !== undefined) this.#look(connection, session, now_us);
    }
    this.sequenceEnds();
  }

  #look(connection: Connection, session: LoggedOn, now_us: number): void {
    const { deadMan_us, heartbeat_us } = session.terms;
    // Who is not read can't be heard.
    if (session.hasHeard || connection.paused) session.heard_us = now_us;
    if (session.hasSpoken || connection.output.pending_bytes > 0) session.spoke_us = now_us;
    session.hasHeard = false;
    session.hasSpoken = false;
    const silence_us = now_us - session.heard_us;
    if (deadMan_us > 0 && silence_us >= deadMan_us) connection.session.end(CloseReason.DeadMan);
    else if (silence_us >= IDLE_HEARTBEATS * heartbeat_us) connection.session.end(CloseReason.Idle);
    else if (now_us - session.spoke_us < heartbeat_us || !session.isAnswered) return;
    else connection.serverHeartbeat(session.cursor);
    this.#settle(connection);
  }
}

/** What the log is told of an end. */
function causeOf(reason: CloseReason): SessionEndCause {
  switch (reason) {
    case CloseReason.LoggedOut:
      return "logout";
    case CloseReason.DeadMan:
      return "dead_man";
    default:
      return "disconnected";
  }
}
