// The wire codec: one order encoded into a frame and decoded into a command record, one answer encoded and read, beside
// JSON for the same order.

import {
  COMMAND_WORDS,
  DecodeOutcome,
  decodeFrame,
  encodeAck,
  encodeNewOrder,
  OrderType,
  readNewOrder,
  Side,
  TimeInForce,
} from "../../src/protocol/index.ts";
import { heapBytesPer } from "../allocations.ts";
import { type BenchCase, type BenchResult, measure, nanosecondsPer, summarize } from "../harness.ts";

const MESSAGES = 1_000_000;
/** Frames lie at changing places, as in a receive buffer. */
const FRAMES = 64;
const STRIDE_BYTES = 64;

const bytes = new Uint8Array(FRAMES * STRIDE_BYTES);
const view = new DataView(bytes.buffer);
const words = new Int32Array(FRAMES * COMMAND_WORDS);

const { Limit } = OrderType;
const { GoodTillCancel } = TimeInForce;

/** Encodes and decodes `count` orders; throws when one does not decode. */
function orders(count: number): void {
  for (let i = 0; i < count; i++) {
    const place = i % FRAMES;
    const at = place * STRIDE_BYTES;
    const end = encodeNewOrder(
      view,
      at,
      i,
      0,
      i,
      7,
      3,
      10_000 + i,
      0,
      5,
      i % 2 === 0 ? Side.Buy : Side.Sell,
      Limit,
      GoodTillCancel,
    );
    if (decodeFrame(view, at, end) !== DecodeOutcome.Ok) throw new Error("an order does not decode");
    readNewOrder(view, at, words, place * COMMAND_WORDS, 1);
  }
}

function acks(count: number): void {
  for (let i = 0; i < count; i++) {
    const at = (i % FRAMES) * STRIDE_BYTES;
    const end = encodeAck(view, at, i, 7, i, 0);
    if (decodeFrame(view, at, end) !== DecodeOutcome.Ok) throw new Error("an answer does not decode");
  }
}

function json(count: number): void {
  for (let i = 0; i < count; i++) {
    const order = {
      id: `${i}`,
      symbol: 3,
      side: "buy",
      price: 10_000 + i,
      quantity: 5,
      type: "limit",
      tif: "GTC",
    };
    const back = JSON.parse(JSON.stringify(order)) as typeof order;
    if (back.price !== order.price) throw new Error("an order does not parse");
  }
}

export async function benchCodec(rounds: number): Promise<BenchResult> {
  const per = (name: string, work: (count: number) => void, count: number): BenchCase => ({
    name,
    unit: "ns/message",
    better: "lower",
    run: () => nanosecondsPer(count, () => work(count)),
  });
  const order = "order, encode + decode";
  const cases = [
    per(order, orders, MESSAGES),
    per("ack, encode + decode", acks, MESSAGES),
    per("order as JSON", json, MESSAGES / 10),
  ];
  const rows = await measure(cases, [{ name: "JSON / ours", of: "order as JSON", to: order }], rounds);
  const aimed = rows.map((row) => (row.name === order ? { ...row, aim: { atMost: 40 } } : row));
  const heap = summarize("heap allocated per order", "bytes", "lower", [
    await heapBytesPer(MESSAGES, orders),
  ]);
  return {
    bench: "codec",
    about: "One message of order entry written as a frame and read back, checks included",
    rounds,
    rows: [...aimed, { ...heap, aim: { atMost: 0.5 } }],
  };
}
