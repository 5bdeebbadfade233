// Frames of the open mode in, answers out. Calls its listener with plain numbers, 64-bit fields as lanes or as safe integers
// where the protocol bounds them: nothing is allocated per message.

import { fromSignedLanes } from "../../base/index.ts";
import {
  AckLayout,
  CancelledLayout,
  FillLayout,
  FRAME_HEADER_BYTES,
  HeartbeatLayout,
  HelloAckLayout,
  type ListedInstrument,
  MessageType,
  RejectLayout,
  readCount,
  readHighLane,
  readInstrumentAnswer,
  readLowLane,
} from "../../protocol/index.ts";

/** What an exchange says on an order-entry connection. Lanes are i32. */
export interface AnswerListener {
  onAck(idLow: number, idHigh: number, sequence: number): void;
  onReject(idLow: number, idHigh: number, reason: number): void;
  /** `resting`: a RestingFill, told to the owner of the resting order; else the answer to the incoming one. */
  onFill(
    resting: boolean,
    takerLow: number,
    takerHigh: number,
    makerLow: number,
    makerHigh: number,
    price: number,
    quantity: number,
    sequence: number,
  ): void;
  /** A resting order was taken out by somebody else's command; `quantity` is what rested. */
  onCancelled(idLow: number, idHigh: number, symbol: number, quantity: number, sequence: number): void;
  onHelloAck(account: number, sessionLow: number, sessionHigh: number): void;
  onInstrument(instrument: ListedInstrument): void;
  onHeartbeatAck(tokenLow: number, tokenHigh: number): void;
}

/** What is wrong with a frame that a server does not send in this way of speaking. */
export function strangeFrame(type: MessageType): string {
  return `a frame of type ${type}, which servers don't send here`;
}

export class AnswerReader {
  /** Acks, Rejects and HelloAcks so far: one for each request but Heartbeat and Instruments. */
  answers = 0;
  readonly #listener: AnswerListener;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** Takes one frame; returns undefined, or what is wrong with it. */
  take(view: DataView, at: number, type: MessageType): string | undefined {
    const body = at + FRAME_HEADER_BYTES;
    switch (type) {
      case MessageType.Ack:
        this.#ack(view, body);
        return undefined;
      case MessageType.Reject:
        this.#reject(view, body);
        return undefined;
      case MessageType.Fill:
      case MessageType.RestingFill:
        this.#fill(view, body, type === MessageType.RestingFill);
        return undefined;
      case MessageType.Cancelled:
        this.#cancelled(view, body);
        return undefined;
      case MessageType.HelloAck:
        this.#helloAck(view, body);
        return undefined;
      case MessageType.Instrument:
        this.#listener.onInstrument(readInstrumentAnswer(view, at));
        return undefined;
      case MessageType.HeartbeatAck:
        this.#heartbeatAck(view, body);
        return undefined;
      default:
        return strangeFrame(type);
    }
  }

  #ack(view: DataView, body: number): void {
    this.answers++;
    const id = body + AckLayout.orderId;
    const sequence = body + AckLayout.sequence;
    this.#listener.onAck(readLowLane(view, id), readHighLane(view, id), readCount(view, sequence));
  }

  #reject(view: DataView, body: number): void {
    this.answers++;
    const id = body + RejectLayout.orderId;
    const reason = view.getUint8(body + RejectLayout.reason);
    this.#listener.onReject(readLowLane(view, id), readHighLane(view, id), reason);
  }

  #fill(view: DataView, body: number, resting: boolean): void {
    const taker = body + FillLayout.takerId;
    const maker = body + FillLayout.makerId;
    const price = body + FillLayout.price;
    this.#listener.onFill(
      resting,
      readLowLane(view, taker),
      readHighLane(view, taker),
      readLowLane(view, maker),
      readHighLane(view, maker),
      fromSignedLanes(readLowLane(view, price), readHighLane(view, price)),
      view.getUint32(body + FillLayout.quantity),
      readCount(view, body + FillLayout.sequence),
    );
  }

  #cancelled(view: DataView, body: number): void {
    const id = body + CancelledLayout.orderId;
    this.#listener.onCancelled(
      readLowLane(view, id),
      readHighLane(view, id),
      view.getUint32(body + CancelledLayout.symbol),
      view.getUint32(body + CancelledLayout.quantity),
      readCount(view, body + CancelledLayout.sequence),
    );
  }

  #helloAck(view: DataView, body: number): void {
    this.answers++;
    const session = body + HelloAckLayout.session;
    const account = view.getUint32(body + HelloAckLayout.account);
    this.#listener.onHelloAck(account, readLowLane(view, session), readHighLane(view, session));
  }

  #heartbeatAck(view: DataView, body: number): void {
    const token = body + HeartbeatLayout.token;
    this.#listener.onHeartbeatAck(readLowLane(view, token), readHighLane(view, token));
  }
}
