// Logging on: challenge, proof, what the key grants, and the session's place in the log. Everything is refused by value, with
// a LogonRefused and the close; a signature is checked only when nothing cheaper refuses and there is room to sequence.
//
//   LogonRequest -> Challenge -> Logon -> attempts allowed? -> proof -> grant -> an older session of the same identity is
//   closed (Replaced), and ended in the log where that cancels -> SessionOpen sequenced -> ... released -> LogonAck (report-pump.ts)

import {
  MessageType,
  Reason,
  readSessionLogon,
  reasonName,
  SessionFlag,
  type SessionLogon,
  sessionStatement,
  writeSessionCommand,
} from "../protocol/index.ts";
import type { Access, Grant } from "./access.ts";
import { type CloseDetails, outOfPlace, refusedLogon } from "./closing.ts";
import type { Connection } from "./connection.ts";
import type { Guard } from "./guard.ts";
import { CloseReason, type GatewayCounters, type GatewayLimits } from "./limits.ts";
import { LoggedOn, type SessionTerms, sessionIdentity } from "./logged-on.ts";
import { LoggedOnConversation } from "./logged-on-conversation.ts";
import type { LoggedOnSessions } from "./logged-on-sessions.ts";
import { type CommandSink, SessionState } from "./order-session.ts";
import type { ReportSource } from "./report-source.ts";
import { sessionNumber } from "./session-ends.ts";
import type { Strangers } from "./strangers.ts";

/** A client may ask for heartbeats this often: a tick of the gateway's clock. */
const HEARTBEAT_MIN_MS = 100;
/** And this rarely: a day. */
const HEARTBEAT_MAX_MS = 86_400_000;

/**
 * Proofs that are looked at in one turn of the event loop: each takes 0.1 to 0.2 ms, and as many as come at once would be
 * everybody's wait. Who comes then has its turn in the next one; for who has hung up a later turn has one less.
 */
const PROOFS_PER_TURN = 4;

/** A session that has logged on, as the gateway's user is told of it. */
export interface LogonTaken {
  readonly name: string;
  readonly account: number;
  readonly instance: number;
  /** Of its peer, as limits count it. */
  readonly address: string;
  /** The high lane of its session's number. */
  readonly session: number;
}

/** What the desk needs of its gateway. */
export interface DeskContext {
  readonly limits: GatewayLimits;
  readonly guard: Guard;
  readonly counters: GatewayCounters;
  readonly sink: CommandSink;
  /** Why nothing is taken now, or None. */
  readonly refusal: Reason;
}

interface DeskParts {
  readonly source: ReportSource;
  readonly sessions: LoggedOnSessions;
  readonly strangers: Strangers | undefined;
}

export class LogonDesk {
  readonly access: Access;
  readonly #context: DeskContext;
  readonly #source: ReportSource;
  readonly #sessions: LoggedOnSessions;
  readonly #strangers: Strangers | undefined;
  readonly #onLogon: ((logon: LogonTaken) => void) | undefined;
  #proofs_left = PROOFS_PER_TURN;

  constructor(
    access: Access,
    context: DeskContext,
    { source, sessions, strangers }: DeskParts,
    onLogon: ((logon: LogonTaken) => void) | undefined,
  ) {
    this.#onLogon = onLogon;
    this.access = access;
    this.#context = context;
    this.#source = source;
    this.#sessions = sessions;
    this.#strangers = strangers;
  }

  beginTurn(): void {
    this.#proofs_left = Math.min(PROOFS_PER_TURN, this.#proofs_left + PROOFS_PER_TURN);
  }

  /** The first thing a client says that wants to log on; false: it has said something before. */
  requested(connection: Connection): boolean {
    if (connection.nonce !== undefined) return false;
    this.#context.guard.mustLogOn(connection.slot);
    connection.nonce = this.access.authenticator.challenge();
    connection.challenge(connection.nonce);
    return true;
  }

  /** The Logon at `at`. False: it was not taken, because the ring is full, the turn has had its proofs, or the connection has ended. */
  logon(connection: Connection, view: DataView, at: number): boolean {
    const { session, nonce } = connection;
    if (nonce === undefined) {
      session.end(CloseReason.Malformed, outOfPlace(MessageType.Logon));
      return false;
    }
    if (this.#claim() < 0) {
      session.state = SessionState.SinkFull;
      return false;
    }
    if (this.#proofs_left <= 0 && !session.isLast) {
      session.state = SessionState.TurnOver;
      return false;
    }
    const logon = readSessionLogon(view, at);
    const grant = this.#judge(connection, logon, view, at);
    if (typeof grant === "number") {
      this.#countRefusal(grant);
      connection.refuseLogon(grant, { ...refusedLogon(logon, grant), ...this.#limitMet(connection, grant) });
    } else if (!this.#open(connection, logon, grant)) {
      session.state = SessionState.SinkFull;
      return false;
    }
    return !connection.abandoned;
  }

  /** A slot, behind all ends: that of an older connection of this session among them, or it would end nothing. -1: there is none. */
  #claim(): number {
    return this.#sessions.sequenceEnds() ? this.#context.sink.claim() : -1;
  }

  /** Of a throttled logon: the limit. Who has not proved anything has met that of attempts. */
  #limitMet({ hasProved }: Connection, reason: Reason): CloseDetails {
    if (reason !== Reason.Throttled) return {};
    return { limit: hasProved ? "sessions of its key" : "attempts to log on" };
  }

  /** What the logon is granted, or why it is refused. */
  #judge(connection: Connection, logon: SessionLogon, view: DataView, at: number): Grant | Reason {
    const { refusal, limits, guard } = this.#context;
    if (refusal !== Reason.None) return refusal;
    if (!guard.admitsLogon(connection.slot)) return Reason.Throttled;
    const { sessionLow, sessionHigh } = connection.session;
    const nonce = connection.nonce as Uint8Array;
    const statement = sessionStatement(view, at, { nonce, sessionLow, sessionHigh });
    this.#proofs_left--;
    const grant = this.access.authenticator.verify(logon.name, statement, logon.proof);
    if (grant === undefined || logon.account >= limits.accountsMax) return Reason.NotAuthorised;
    connection.hasProved = true;
    if (grant.accounts !== "all" && !grant.accounts.has(logon.account)) return Reason.NotAuthorised;
    const isReadOnly = grant.role === "reader" || (logon.flags & SessionFlag.ReadOnly) !== 0;
    // Whoever may only look has nothing that should end with him.
    const cancels = (logon.flags & SessionFlag.CancelOnDisconnect) !== 0 || logon.deadMan_ms !== 0;
    if (isReadOnly && cancels) return Reason.NotAuthorised;
    const { connections = Number.POSITIVE_INFINITY } = grant.limits;
    const identity = sessionIdentity(grant.name, logon.account, logon.instance);
    if (!this.#sessions.hasRoomFor(grant.name, identity, connections)) return Reason.Throttled;
    if (isReadOnly && !this.#sessions.hasRoomForReader(logon.account, identity))
      return Reason.StorageExhausted;
    return grant;
  }

  /** False: the end of the connection that it replaces took the last slot. It is judged again when there is another. */
  #open(connection: Connection, logon: SessionLogon, grant: Grant): boolean {
    const { sink } = this.#context;
    const sessions = this.#sessions;
    const source = this.#source;
    const loggedOn = new LoggedOn(this.#terms(logon, grant), connection.session);
    const { who, account, instance, flags } = loggedOn.terms;
    // Nothing of an older connection of this session may be sequenced behind what this one is told.
    sessions.replace(loggedOn.identity);
    const slot = this.#claim();
    if (slot < 0) return false;
    connection.loggedOn = loggedOn;
    const session = sessionNumber(loggedOn);
    const { deadMan_ms } = logon;
    const open = { kind: "session_open", account, session, who, instance, flags, deadMan_ms } as const;
    writeSessionCommand(sink.words, slot, open);
    sink.commit();
    loggedOn.openedAt = source.position;
    sessions.opened(connection, loggedOn, logon.next);
    if (loggedOn.refusal !== Reason.None) {
      this.#countRefusal(loggedOn.refusal);
      connection.session.end(CloseReason.LogonRefused, refusedLogon(logon, loggedOn.refusal));
    } else {
      this.#strangers?.leave(connection);
      this.#context.guard.loggedOn(connection.slot, who, grant.limits);
      connection.converse(loggedOn, new LoggedOnConversation(connection, loggedOn, source));
      const address = this.#context.guard.addressOf(connection.slot);
      const { sessionHigh } = connection.session;
      this.#onLogon?.({ name: who, account, instance, address, session: sessionHigh >>> 0 });
    }
    return true;
  }

  #countRefusal(reason: Reason): void {
    const { logonsRefused } = this.#context.counters;
    const name = reasonName(reason);
    logonsRefused[name] = (logonsRefused[name] ?? 0) + 1;
  }

  #terms(logon: SessionLogon, { name, role }: Grant): SessionTerms {
    const { account, instance, deadMan_ms, heartbeat_ms } = logon;
    // The bits are the record's too.
    const flags = role === "reader" ? logon.flags | SessionFlag.ReadOnly : logon.flags;
    const asked_ms = Math.min(Math.max(heartbeat_ms, HEARTBEAT_MIN_MS), HEARTBEAT_MAX_MS);
    const heartbeat_us = heartbeat_ms === 0 ? this.#context.limits.heartbeat_us : asked_ms * 1_000;
    return { who: name, account, instance, flags, deadMan_us: deadMan_ms * 1_000, heartbeat_us };
  }
}
