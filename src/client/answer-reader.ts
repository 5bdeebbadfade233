// Bytes from the exchange in, answers out, whatever the splits. Calls its listener with plain numbers, 64-bit fields
// as lanes or as safe integers where the protocol bounds them: nothing is allocated per message.

import { fromSignedLanes } from "../base/index.ts";
import {
  AckLayout,
  CancelledLayout,
  DecodeOutcome,
  decodeFrame,
  decodeOutcomeName,
  FillLayout,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  frameLength,
  frameType,
  HeartbeatLayout,
  HelloAckLayout,
  MessageType,
  RejectLayout,
  readCount,
  readHighLane,
  readLowLane,
} from "../protocol/index.ts";

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
  /** `view` holds an Instrument frame at `at`, during the call only. */
  onInstrument(view: DataView, at: number): void;
  onHeartbeatAck(tokenLow: number, tokenHigh: number): void;
}

/** One read's worth of answers. */
const READ_BYTES = 65_536;

export class AnswerReader {
  /** The socket reads into this; `push` takes what it put there. */
  readonly buffer = new Uint8Array(READ_BYTES);
  /** Acks, Rejects and HelloAcks so far: one for each request but Heartbeat and Instruments. */
  answers = 0;
  /** Whether anything of the protocol has come. */
  hasHeard = false;
  readonly #listener: AnswerListener;
  /** The start of a frame whose end has not come yet. */
  readonly #carry = new Uint8Array(FRAME_BYTES_MAX);
  readonly #carryView = new DataView(this.#carry.buffer);
  readonly #view = new DataView(this.buffer.buffer);
  #carried = 0;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** Takes buffer[0, to). Returns undefined, or what is wrong there: then the connection is of no more use. */
  push(to: number): string | undefined {
    let at = 0;
    if (this.#carried > 0) {
      at = this.#fillCarry(to);
      const outcome = decodeFrame(this.#carryView, 0, this.#carried);
      if (outcome === DecodeOutcome.Truncated) return undefined;
      this.#carried = 0;
      const problem = this.#take(this.#carryView, 0, outcome);
      if (problem !== undefined) return problem;
    }
    while (at < to) {
      const outcome = decodeFrame(this.#view, at, to);
      if (outcome === DecodeOutcome.Truncated) {
        this.#carry.set(this.buffer.subarray(at, to));
        this.#carried = to - at;
        return undefined;
      }
      const problem = this.#take(this.#view, at, outcome);
      if (problem !== undefined) return problem;
      at += frameLength(this.#view, at);
    }
    return undefined;
  }

  /** Completes the carried frame from the start of the buffer; returns how many bytes that took. */
  #fillCarry(to: number): number {
    let at = 0;
    // Twice at most: to the end of the header, then to the end of the body it announces.
    while (at < to && decodeFrame(this.#carryView, 0, this.#carried) === DecodeOutcome.Truncated) {
      const inHeader = this.#carried < FRAME_HEADER_BYTES;
      const wanted = inHeader ? FRAME_HEADER_BYTES : frameLength(this.#carryView, 0);
      const end = Math.min(to, at + wanted - this.#carried);
      this.#carry.set(this.buffer.subarray(at, end), this.#carried);
      this.#carried += end - at;
      at = end;
    }
    return at;
  }

  #take(view: DataView, at: number, outcome: DecodeOutcome): string | undefined {
    if (outcome !== DecodeOutcome.Ok) return `a malformed frame (${decodeOutcomeName(outcome)})`;
    this.hasHeard = true;
    const type = frameType(view, at);
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
        this.#listener.onInstrument(view, at);
        return undefined;
      case MessageType.HeartbeatAck:
        this.#heartbeatAck(view, body);
        return undefined;
      default:
        return `a frame of type ${type}, which servers don't send here`;
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
