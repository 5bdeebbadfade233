// The conversation of a session that has logged on: requests on orders of its account, queries, and the end. Answers to
// requests are execution reports (report-pump.ts); what the gateway refuses on its own is a Refused.

import {
  CommandFlag,
  FRAME_HEADER_BYTES,
  HeartbeatLayout,
  MessageType,
  Reason,
  readHighLane,
  readLowLane,
  SessionFlag,
} from "../protocol/index.ts";
import { outOfPlace } from "./closing.ts";
import type { Connection } from "./connection.ts";
import { CloseReason } from "./limits.ts";
import type { LoggedOn } from "./logged-on.ts";
import { type CommandSink, type Conversation, SessionState } from "./order-session.ts";
import { REQUEST_ORDER_ID, writeMassCancelRequest, writeOrder } from "./order-writer.ts";
import { answerOpenOrders, answerOrderStatus } from "./queries.ts";
import type { ReportSource } from "./report-source.ts";

/**
 * The most fills of one order: what it is told of them, were both sides of each its own, is kept by the account's stream
 * (131,072 reports) beside the answer itself. What waits at this moment plays no part: reports are written as they fit.
 */
const ANSWER_FILLS_MAX = 65_000;

// Copies, for speed: docs/adr/constants-of-hot-files.md
const NEW_ORDER = MessageType.NewOrder;
const CANCEL_ORDER = MessageType.CancelOrder;
const MODIFY = MessageType.Modify;
const MASS_CANCEL = MessageType.MassCancel;

export class LoggedOnConversation implements Conversation {
  readonly #connection: Connection;
  readonly #loggedOn: LoggedOn;
  readonly #sink: CommandSink;
  readonly #source: ReportSource;
  /** Of every command: CommandFlag. */
  readonly #flags: number;
  readonly #isReadOnly: boolean;

  constructor(connection: Connection, loggedOn: LoggedOn, sink: CommandSink, source: ReportSource) {
    this.#connection = connection;
    this.#loggedOn = loggedOn;
    this.#sink = sink;
    this.#source = source;
    this.#flags = (loggedOn.terms.flags & SessionFlag.Once) !== 0 ? CommandFlag.Once : 0;
    this.#isReadOnly = loggedOn.isReadOnly;
  }

  handle(view: DataView, at: number, type: MessageType): boolean {
    switch (type) {
      case NEW_ORDER:
      case CANCEL_ORDER:
      case MODIFY:
      case MASS_CANCEL:
        return this.#order(view, at, type);
      default:
        return this.#other(view, at, type);
    }
  }

  #other(view: DataView, at: number, type: MessageType): boolean {
    switch (type) {
      case MessageType.Heartbeat:
        this.#heartbeat(view, at + FRAME_HEADER_BYTES + HeartbeatLayout.token);
        return true;
      case MessageType.Instruments:
        this.#connection.listInstrumentsTo(view, at);
        return true;
      case MessageType.OrderStatus:
        answerOrderStatus(this.#connection, this.#loggedOn, this.#source, view, at);
        return true;
      case MessageType.OpenOrders:
        answerOpenOrders(this.#connection, this.#loggedOn, this.#source, view, at);
        return true;
      case MessageType.Logout:
        this.#connection.session.end(CloseReason.LoggedOut);
        return false;
      default:
        this.#connection.session.end(CloseReason.Malformed, outOfPlace(type));
        return false;
    }
  }

  throttle(view: DataView, at: number, type: MessageType): void {
    this.#refuse(view, at, type, Reason.Throttled);
  }

  #heartbeat(view: DataView, token: number): void {
    this.#connection.heartbeat(readLowLane(view, token), readHighLane(view, token));
  }

  #order(view: DataView, at: number, type: MessageType): boolean {
    const { gatewayRefusal } = this.#connection;
    const refusal = this.#isReadOnly ? Reason.NotAuthorised : gatewayRefusal;
    if (refusal !== Reason.None) {
      this.#refuse(view, at, type, refusal);
      return true;
    }
    const slot = this.#sink.claim();
    if (slot < 0) {
      this.#connection.session.state = SessionState.SinkFull;
      return false;
    }
    const { words } = this.#sink;
    const { session } = this.#connection;
    if (type === MASS_CANCEL) writeMassCancelRequest(view, at, words, slot, session, this.#flags);
    else writeOrder(view, at, type, words, slot, session, this.#flags, ANSWER_FILLS_MAX);
    this.#connection.counters.commands++;
    this.#sink.commit();
    return true;
  }

  /** Answers the request of `type` at `at` without sequencing it. */
  #refuse(view: DataView, at: number, type: MessageType, reason: Reason): void {
    const hasId =
      type !== MessageType.MassCancel && type !== MessageType.OpenOrders && type !== MessageType.Instruments;
    const idLow = hasId ? readLowLane(view, at + REQUEST_ORDER_ID) : 0;
    const idHigh = hasId ? readHighLane(view, at + REQUEST_ORDER_ID) : 0;
    this.#connection.counters.refused++;
    this.#connection.refuseRequest(view, at, type, idLow, idHigh, reason);
  }
}
