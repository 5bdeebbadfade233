// What a gateway has for sessions that log on: the desk where they do, the sessions, and the pump of their reports.

import type { RecordBuffer } from "../../base/index.ts";
import {
  CommandKind,
  CommandWord,
  checkSessionCommand,
  EventKind,
  EventWord,
  Reason,
  type SessionEndCause,
} from "../../protocol/index.ts";
import type { Connection } from "../connection.ts";
import type { Guard } from "../guard/guard.ts";
import type { Access } from "./access.ts";
import type { LoggedOn } from "./logged-on.ts";
import { LoggedOnSessions } from "./logged-on-sessions.ts";
import { type DeskContext, LogonDesk, type LogonTaken } from "./logon-desk.ts";
import { type PumpContext, ReportPump } from "./report-pump.ts";
import type { ReportSource } from "./report-source.ts";
import { Strangers } from "./strangers.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const HEAD = CommandWord.kindSideTypeTif;
const SESSION_END = CommandKind.SessionEnd;
const SESSION_OPEN = CommandKind.SessionOpen;

export interface LogonsOptions {
  readonly access: Access;
  readonly source: ReportSource;
  /** Told of orders that an end of a session took out; of a large one in pieces. */
  readonly onTakenOut?: (taken: TakenOut) => void;
  /** Told of sessions that log on. */
  readonly onLogon?: (logon: LogonTaken) => void;
}

export interface TakenOut {
  readonly account: number;
  readonly cause: SessionEndCause;
  readonly orders: number;
}

export class Logons {
  readonly source: ReportSource;
  readonly desk: LogonDesk;
  readonly pump: ReportPump;
  readonly sessions: LoggedOnSessions;
  /** Undefined where the open mode is: there nobody has to prove anything. */
  readonly strangers: Strangers | undefined;
  readonly #guard: Guard;
  readonly #onTakenOut: LogonsOptions["onTakenOut"];

  constructor(
    { access, source, onTakenOut, onLogon }: LogonsOptions,
    gateway: DeskContext,
    connections: readonly (Connection | undefined)[],
    pumped: PumpContext,
    goOn: (connection: Connection) => void,
  ) {
    this.source = source;
    this.#onTakenOut = onTakenOut;
    this.pump = new ReportPump(gateway.limits, connections, pumped);
    this.sessions = new LoggedOnSessions(gateway, source, this.pump, pumped.settle);
    this.#guard = gateway.guard;
    if (!access.openOrderEntry) this.strangers = new Strangers(gateway.limits.connectionsMax);
    this.desk = new LogonDesk(access, gateway, this, { onLogon, goOn });
  }

  /** One more connection; returns the one that gives way to it, if any. */
  arrived(connection: Connection): Connection | undefined {
    if (this.strangers === undefined) return undefined;
    this.#guard.mustLogOn(connection.slot);
    return this.strangers.enter(connection);
  }

  #tookOut(orders: number, words: Int32Array, at: number): void {
    const end = checkSessionCommand(words, at);
    if (end?.kind === "session_end") this.#onTakenOut?.({ account: end.account, cause: end.cause, orders });
  }

  /** The command at `words[at]`, of `commander` if it is one of them, caused `events`. */
  applied(events: RecordBuffer, words: Int32Array, at: number, commander: LoggedOn | undefined): void {
    const kind = words[at + HEAD] & 0xff;
    if (kind === SESSION_OPEN && commander !== undefined) commander.refusal = refusalIn(events);
    if (kind === SESSION_END && events.count > 0) this.#tookOut(events.count, words, at);
    if (this.pump.readers > 0) this.pump.mark(events);
  }
}

/** Why the engine refused the command of these events, or None. */
function refusalIn({ words, count }: RecordBuffer): Reason {
  const head = count > 0 ? words[EventWord.kindReasonCommandFlags] : 0;
  return (head & 0xff) === EventKind.Reject ? (((head >>> 8) & 0xff) as Reason) : Reason.None;
}
