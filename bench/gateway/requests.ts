// What every load of a bench sends, and how it counts what comes back: new limit orders and cancels, of which each has
// one answer, read frame by frame, whatever they are: the same loads run against an echo server.

import { connect, type Socket } from "node:net";
import {
  ExecutionReportLayout,
  encodeCancelOrder,
  encodeNewOrder,
  FRAME_HEADER_BYTES,
  frameLength,
  frameType,
  MessageType,
  OrderType,
  ReportKind,
  Side,
  TimeInForce,
} from "../../src/protocol/index.ts";

/** More than the longest request. */
export const REQUEST_ROOM_BYTES = 64;
/** More than one chunk of a socket and the part of a frame before it. */
const INPUT_BYTES = 1 << 20;

/** Writes a resting bid of one lot as request `n` with the id's high lane, so that numbers rise from run to run; returns the end. */
export function encodeBid(view: DataView, at: number, n: number, id: number, idHigh: number, price: number) {
  const { Limit } = OrderType;
  const { GoodTillCancel } = TimeInForce;
  return encodeNewOrder(view, at, n, idHigh, id, idHigh, 0, price, 0, 1, Side.Buy, Limit, GoodTillCancel);
}

/** Writes request `n` of pairs: a new order, then its cancel; so the book stays small. Returns the end. */
export function encodeOfPair(view: DataView, at: number, n: number, idHigh: number, price: number): number {
  const id = n >>> 1;
  if (n % 2 === 1) return encodeCancelOrder(view, at, n, idHigh, id, idHigh, 0);
  return encodeBid(view, at, n, id, idHigh, price);
}

/** Counts the frames of a stream, and those that accept nothing. */
export class AnswerFrames {
  refused = 0;
  readonly #bytes = new Uint8Array(INPUT_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Takes the stream's next bytes; returns how many frames they finished. */
  take(chunk: Uint8Array): number {
    this.#bytes.set(chunk, this.#length);
    const length = this.#length + chunk.length;
    let at = 0;
    let answered = 0;
    while (at + FRAME_HEADER_BYTES <= length) {
      const frame = frameLength(this.#view, at);
      if (at + frame > length) break;
      if (!isAcceptance(this.#view, at)) this.refused++;
      at += frame;
      answered++;
    }
    this.#bytes.copyWithin(0, at, length);
    this.#length = length - at;
    return answered;
  }
}

/** An Ack, or in a session the report of one. */
function isAcceptance(view: DataView, at: number): boolean {
  const type = frameType(view, at);
  if (type !== MessageType.ExecutionReport) return type === MessageType.Ack;
  return view.getUint8(at + FRAME_HEADER_BYTES + ExecutionReportLayout.kind) !== ReportKind.Rejected;
}

export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}
