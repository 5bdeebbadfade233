// Execution reports on their way to logged-on sessions. They are not pushed when they are made: a session is a reader of its
// account's stream, and is written what is released and fits below its share of the output's soft mark. It goes on when output
// drains. So an answer of any size comes in pieces, being resumed and being live are one path, and the hard cap is never
// reached.
//
//   events of a command -> readers of their accounts are due -> release(position): each is written what it may be told
//
// A reader whose next report is no longer kept is closed: FellBehind.

import { fromLanes, highLane, lowLane, type Position, type RecordBuffer } from "../../base/index.ts";
import {
  EventKind,
  EventWord,
  encodeExecutionReport,
  encodeLogonAck,
  frameBytes,
  LogonAckFlag,
  MessageType,
  REPORT_WORDS,
  Reason,
  ReportWord,
} from "../../protocol/index.ts";
import type { Connection } from "../connection.ts";
import { CloseReason, type GatewayLimits } from "../limits.ts";
import { AccountIndex } from "../output/account-index.ts";
import { ConnectionList } from "../output/connection-list.ts";
import type { LoggedOn } from "./logged-on.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const EVENT_ACCOUNT = EventWord.account;
const EVENT_KIND = EventWord.kindReasonCommandFlags;
const EVENT_MAKER_ACCOUNT = EventWord.makerAccount;
const KIND_TRADE = EventKind.Trade;
const REPORT_RECORD_WORDS = REPORT_WORDS;
const REPORT_BYTES = frameBytes(MessageType.ExecutionReport);
const REPORT_POSITION_HIGH = ReportWord.positionHigh;
const REPORT_POSITION_LOW = ReportWord.positionLow;
const LOGON_ACK_BYTES = frameBytes(MessageType.LogonAck);

/** What the pump needs of the gateway. */
export interface PumpContext {
  giveUp(connection: Connection, reason: CloseReason): void;
  /** Sends what was written, and closes what is over. */
  settle(connection: Connection): void;
}

export class ReportPump {
  /** The log is safe up to here. */
  released: Position = 0;
  readonly #connections: readonly (Connection | undefined)[];
  readonly #readers: AccountIndex;
  readonly #context: PumpContext;
  /** With something to be told once more is released. */
  readonly #due = new ConnectionList();
  /** Written as much as there was room for: they go on when output drains, or in the next turn if the kernel took it all. */
  readonly #behind = new ConnectionList();
  /** Without room for what only a release lets out: they go on in the turn after the next one. */
  readonly #gated = new ConnectionList();
  /** Reports that fit into the smallest chunk of output. */
  readonly #runMax: number;
  #count = 0;

  constructor(
    { accountsMax, connectionsMax, firstChunk_bytes }: GatewayLimits,
    connections: readonly (Connection | undefined)[],
    context: PumpContext,
  ) {
    this.#connections = connections;
    this.#readers = new AccountIndex(accountsMax, connectionsMax);
    this.#context = context;
    this.#runMax = Math.floor(firstChunk_bytes / REPORT_BYTES);
  }

  /** Sessions that read. */
  get readers(): number {
    return this.#count;
  }

  add(connection: Connection, { account }: LoggedOn): void {
    this.#readers.add(account, connection.slot);
    this.#count++;
    this.due(connection);
  }

  remove(connection: Connection, { account }: LoggedOn): void {
    this.#readers.remove(account, connection.slot);
    this.#count--;
  }

  /** Readers of the accounts that `events` tell of are due. Only where there are readers. */
  mark({ words, recordWords, used_words }: RecordBuffer): void {
    for (let at = 0; at < used_words; at += recordWords) {
      this.#markReaders(words[at + EVENT_ACCOUNT]);
      if ((words[at + EVENT_KIND] & 0xff) === KIND_TRADE) this.#markReaders(words[at + EVENT_MAKER_ACCOUNT]);
    }
  }

  #markReaders(account: number): void {
    for (let slot = this.#readers.first(account); slot >= 0; slot = this.#readers.next(slot)) {
      const connection = this.#connections[slot];
      if (connection !== undefined && !connection.isDue) this.due(connection);
    }
  }

  /** Looked at when more is released. */
  due(connection: Connection): void {
    if (connection.isDue) return;
    connection.isDue = true;
    this.#due.add(connection);
  }

  /** The log is safe up to `position`: readers are told what they wait for. Nothing is sequenced meanwhile. */
  release(position: Position): void {
    this.released = position;
    for (let i = 0; i < this.#gated.count; i++) this.#behind.add(this.#gated.items[i]);
    this.#gated.count = 0;
    const { items, count } = this.#due;
    this.#due.count = 0;
    for (let i = 0; i < count; i++) {
      items[i].isDue = false;
      this.write(items[i]);
      this.#context.settle(items[i]);
    }
  }

  /** Whether a turn is to come for readers that are behind. */
  get needsTurn(): boolean {
    return this.#behind.count > 0;
  }

  /** A turn later: who has room again is written the next piece. */
  goOn(): void {
    const { items, count } = this.#behind;
    this.#behind.count = 0;
    for (let i = 0; i < count; i++) {
      items[i].isBehind = false;
      this.write(items[i]);
      this.#context.settle(items[i]);
    }
  }

  /** Writes what `connection` may be told now and has room for. */
  write(connection: Connection): void {
    const session = connection.loggedOn;
    if (session === undefined || connection.abandoned || connection.isFull || connection.finished) return;
    if (!session.isAnswered && !this.#answer(connection, session)) return this.due(connection);
    if (session.refusal !== Reason.None) return;
    if (session.cursor < session.stream.first)
      return this.#context.giveUp(connection, CloseReason.FellBehind);
    this.#writeReports(connection, session);
    if (session.endsAt > this.released) this.due(connection);
    else if (session.owesLoggedOut && !this.#owesReports(session)) {
      session.owesLoggedOut = false;
      connection.loggedOut(session.cursor);
    }
  }

  #writeReports(connection: Connection, session: LoggedOn): void {
    while (session.cursor < session.stream.next) {
      if (!connection.hasRoomForReports()) return this.#fallBehind(connection);
      if (this.#writeRun(connection, session) === 0) return;
    }
  }

  /** Writes reports that lie behind each other, as many as are released; 0: none is, or the connection is given up. */
  #writeRun(connection: Connection, session: LoggedOn): number {
    const { stream, cursor } = session;
    const words = stream.words(cursor);
    const first = stream.at(cursor);
    let count = Math.min(stream.runEnd(cursor) - cursor, this.#runMax);
    // Their positions rise: mostly the last of them tells of all.
    while (count > 0 && positionOf(words, first + (count - 1) * REPORT_RECORD_WORDS) > this.released) count--;
    if (count === 0) this.due(connection);
    const at = count === 0 ? -1 : connection.claimDirect(count * REPORT_BYTES);
    if (at < 0) return 0;
    const { view } = connection.output.direct;
    for (let i = 0; i < count; i++) {
      const number = cursor + i;
      const report = first + i * REPORT_RECORD_WORDS;
      encodeExecutionReport(view, at + i * REPORT_BYTES, lowLane(number), highLane(number), words, report);
    }
    session.cursor = cursor + count;
    return count;
  }

  /** One whose send is held is written more when that drains; without anything to send no turn makes room. */
  #fallBehind(connection: Connection): void {
    if (connection.isBehind || connection.output.held) return;
    connection.isBehind = true;
    if (connection.output.sendable_bytes > 0) this.#behind.add(connection);
    else this.#gated.add(connection);
  }

  /** The answer to the logon; false while it is not safe. */
  #answer(connection: Connection, session: LoggedOn): boolean {
    if (session.openedAt > this.released) return false;
    session.isAnswered = true;
    if (session.refusal !== Reason.None) {
      connection.refuseLogon(session.refusal);
      return true;
    }
    const at = connection.claimDirect(LOGON_ACK_BYTES);
    if (at < 0) return true;
    const { first, next, hasGap, openedAt: position, sessionLow, sessionHigh, terms } = session;
    const { account, heartbeat_us } = terms;
    const flags = hasGap ? LogonAckFlag.Gap : 0;
    const heartbeat_ms = heartbeat_us / 1_000;
    encodeLogonAck(connection.output.direct.view, at, {
      ...{ account, flags, sessionLow, sessionHigh, first, next, position, heartbeat_ms },
    });
    return true;
  }

  /**
   * Whether a connection that takes nothing any more is still to be told something. LoggedOut is not asked for: whoever has an end
   * to come is due, so the release that covers it writes both, or leaves reports that are owed (write).
   */
  owes(connection: Connection): boolean {
    const session = connection.loggedOn;
    if (session === undefined || connection.abandoned || connection.isFull) return false;
    if (!session.isAnswered || session.endsAt > this.released) return true;
    return session.refusal === Reason.None && this.#owesReports(session);
  }

  /** Whether reports of what happened up to its end are not written yet. */
  #owesReports({ cursor, stream, endsAt }: LoggedOn): boolean {
    if (cursor >= stream.next) return false;
    return cursor < stream.first || positionOf(stream.words(cursor), stream.at(cursor)) <= endsAt;
  }
}

function positionOf(words: Int32Array, report: number): Position {
  return fromLanes(words[report + REPORT_POSITION_LOW], words[report + REPORT_POSITION_HIGH]);
}
