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
} from "../../protocol/index.ts";
import { outOfPlace } from "../closing.ts";
import type { Connection } from "../connection.ts";
import type { Conversation } from "../conversation.ts";
import { CloseReason } from "../limits.ts";
import { REQUEST_ORDER_ID } from "../order-writer.ts";
import type { LoggedOn } from "./logged-on.ts";
import { answerOpenOrders, answerOrderStatus } from "./queries.ts";
import type { ReportSource } from "./report-source.ts";

/**
 * The most fills of one order: what it is told of them, were both sides of each its own, is kept by the account's stream
 * (131,072 reports) beside the answer itself. What waits at this moment plays no part: reports are written as they fit.
 */
const ANSWER_FILLS_MAX = 65_000;

export class LoggedOnConversation implements Conversation {
  readonly #connection: Connection;
  readonly #loggedOn: LoggedOn;
  readonly #source: ReportSource;
  readonly flags: number;
  readonly #isReadOnly: boolean;

  constructor(connection: Connection, loggedOn: LoggedOn, source: ReportSource) {
    this.#connection = connection;
    this.#loggedOn = loggedOn;
    this.#source = source;
    this.flags = (loggedOn.terms.flags & SessionFlag.Once) !== 0 ? CommandFlag.Once : 0;
    this.#isReadOnly = loggedOn.isReadOnly;
  }

  get refusal(): Reason {
    return this.#isReadOnly ? Reason.NotAuthorised : this.#connection.gatewayRefusal;
  }

  answerLimit_fills(): number {
    return ANSWER_FILLS_MAX;
  }

  handle(view: DataView, at: number, type: MessageType): boolean {
    switch (type) {
      case MessageType.MassCancel:
        return this.#connection.session.order(view, at, type);
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

  #heartbeat(view: DataView, token: number): void {
    this.#connection.heartbeat(readLowLane(view, token), readHighLane(view, token));
  }

  refuse(view: DataView, at: number, type: MessageType, reason: Reason): void {
    const hasId =
      type !== MessageType.MassCancel && type !== MessageType.OpenOrders && type !== MessageType.Instruments;
    const idLow = hasId ? readLowLane(view, at + REQUEST_ORDER_ID) : 0;
    const idHigh = hasId ? readHighLane(view, at + REQUEST_ORDER_ID) : 0;
    this.#connection.refuseRequest(view, at, type, idLow, idHigh, reason);
  }
}
