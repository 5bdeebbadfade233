// Logging on: challenge, proof, what the key grants, and the session's place in the log. Everything is refused by value, with
// a LogonRefused and the close; a signature is checked only when nothing cheaper refuses and there is room to sequence.
//
//   LogonRequest -> Challenge -> Logon -> attempts allowed? -> proof (proofs.ts; the Logon waits in front of what is behind it, and
//   is taken up again) -> grant -> an older session of the same identity is closed (Replaced), and ended in the log where that
//   cancels -> SessionOpen sequenced -> ... released -> LogonAck (report-pump.ts)

import {
  MessageType,
  Reason,
  readSessionLogon,
  reasonName,
  SessionFlag,
  type SessionLogon,
  sessionStatement,
  writeSessionCommand,
} from "../../protocol/index.ts";
import { type CloseDetails, outOfPlace, refusedLogon } from "../closing.ts";
import type { Connection } from "../connection.ts";
import type { Guard } from "../guard/guard.ts";
import { CloseReason, type GatewayCounters, type GatewayLimits } from "../limits.ts";
import { type CommandSink, SessionState } from "../order-session.ts";
import type { Access, Grant } from "./access.ts";
import { LoggedOn, type SessionTerms, sessionIdentity } from "./logged-on.ts";
import { LoggedOnConversation } from "./logged-on-conversation.ts";
import type { LoggedOnSessions } from "./logged-on-sessions.ts";
import { Proofs } from "./proofs.ts";
import type { ReportSource } from "./report-source.ts";
import { sessionNumber } from "./session-ends.ts";
import type { Strangers } from "./strangers.ts";

/** A client may ask for heartbeats this often: a tick of the gateway's clock. */
const HEARTBEAT_MIN_MS = 100;
/** And this rarely: a day. */
const HEARTBEAT_MAX_MS = 86_400_000;

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

interface DeskListeners {
  readonly onLogon: ((logon: LogonTaken) => void) | undefined;
  /** A connection may take up its Logon again. */
  readonly goOn: (connection: Connection) => void;
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
  readonly #proofs: Proofs;

  constructor(
    access: Access,
    context: DeskContext,
    { source, sessions, strangers }: DeskParts,
    { onLogon, goOn }: DeskListeners,
  ) {
    this.#onLogon = onLogon;
    this.#proofs = new Proofs(access.authenticator, goOn);
    this.access = access;
    this.#context = context;
    this.#source = source;
    this.#sessions = sessions;
    this.#strangers = strangers;
  }

  /** The connection takes nothing any more. */
  forget(connection: Connection): void {
    this.#proofs.forget(connection);
  }

  /** The first thing a client says that wants to log on; false: it has said something before. */
  requested(connection: Connection): boolean {
    if (connection.nonce !== undefined) return false;
    this.#context.guard.mustLogOn(connection.slot);
    connection.nonce = this.access.authenticator.challenge();
    connection.challenge(connection.nonce);
    return true;
  }

  /** The Logon at `at`. False: it was not taken, because the ring is full, its proof is not judged, or the connection has ended. */
  logon(connection: Connection, view: DataView, at: number): boolean {
    const { session, nonce } = connection;
    if (nonce === undefined) {
      session.end(CloseReason.Malformed, outOfPlace(MessageType.Logon));
      return false;
    }
    // Who is refused in any case waits for no slot: a node that is to lead has none, for as long as that takes.
    if (this.#context.refusal === Reason.None && this.#claim() < 0) {
      session.state = SessionState.SinkFull;
      return false;
    }
    const logon = readSessionLogon(view, at);
    const grant = this.#judge(connection, logon, view, at);
    if (grant === "awaited") {
      session.state = SessionState.ProofAwaited;
      return false;
    }
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
  #limitMet({ granted }: Connection, reason: Reason): CloseDetails {
    if (reason !== Reason.Throttled) return {};
    return { limit: granted === undefined ? "attempts to log on" : "sessions of its key" };
  }

  /** What the logon is granted, or why it is refused, as far as that is known. */
  #judge(
    connection: Connection,
    logon: SessionLogon,
    view: DataView,
    at: number,
  ): Grant | Reason | "awaited" {
    const { refusal, guard } = this.#context;
    if (refusal !== Reason.None) return refusal;
    if (connection.granted === undefined) {
      // Whoever is gone has nobody to wait for it.
      if (connection.session.isLast) return "awaited";
      if (!guard.admitsLogon(connection.slot)) return Reason.Throttled;
      this.#look(connection, logon, view, at);
    }
    const { granted } = connection;
    if (granted === undefined || granted === "awaited") return "awaited";
    return granted === "nothing" ? Reason.NotAuthorised : this.#permit(logon, granted);
  }

  #look(connection: Connection, { name, proof }: SessionLogon, view: DataView, at: number): void {
    const { sessionLow, sessionHigh } = connection.session;
    const nonce = connection.nonce as Uint8Array;
    const statement = sessionStatement(view, at, { nonce, sessionLow, sessionHigh });
    this.#proofs.look(connection, { name, statement, proof });
  }

  /** What who has proved to have that grant gets of it, or why not. */
  #permit(logon: SessionLogon, grant: Grant): Grant | Reason {
    if (logon.account >= this.#context.limits.accountsMax) return Reason.NotAuthorised;
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
