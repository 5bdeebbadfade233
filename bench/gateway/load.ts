// The load of the gateway bench, a process of its own: so many connections keep so many requests in flight each, for
// so long. Requests are new limit orders and their cancels in turn, so that every one has one answer and the book stays
// small.

import type { Socket } from "node:net";
import { createHistogram, performance } from "node:perf_hooks";
import { signerOf } from "../../src/client/index.ts";
import { SessionFlag } from "../../src/protocol/index.ts";
import { logOn } from "../logon.ts";
import { AnswerFrames, encodeOfPair, openSocket, REQUEST_ROOM_BYTES } from "./requests.ts";

export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly window: number;
  readonly duration_ms: number;
  /** Connections log on to order entry 2 first. */
  readonly logon?: LoadLogon;
}

export interface LoadLogon {
  /** A key's own file. */
  readonly keyFile: string;
  readonly account: number;
  /** Request numbers are used once. */
  readonly isOnce: boolean;
}

export interface LoadResult {
  readonly requests: number;
  /** Of all answers, those that were no Ack: all of an echo's, none of an exchange's that works. */
  readonly refused: number;
  readonly seconds: number;
  /** Round trip, in microseconds. */
  readonly p50_us: number;
  readonly p99_us: number;
}

/** Resting orders at prices nobody meets: bids from here on, one level per connection. */
const FIRST_PRICE = 100;

let nextIdHigh = 0;

class LoadConnection {
  answers = 0;
  readonly #socket: Socket;
  readonly #order: LoadOrder;
  readonly #price: number;
  /** High lane of its order ids: another for each connection of each run, since a run may leave an order resting. */
  readonly #idHigh: number;
  readonly #histogram: ReturnType<typeof createHistogram>;
  readonly #out: Uint8Array;
  readonly #view: DataView;
  /** When request i was sent, by i modulo the window. */
  readonly #sent_ms: Float64Array;
  readonly #frames = new AnswerFrames();
  #requests = 0;
  #stopping = false;
  #resolve: () => void = () => {};

  constructor(
    socket: Socket,
    order: LoadOrder,
    index: number,
    histogram: ReturnType<typeof createHistogram>,
  ) {
    this.#socket = socket;
    this.#order = order;
    this.#price = FIRST_PRICE + index;
    this.#idHigh = nextIdHigh++;
    this.#histogram = histogram;
    this.#out = new Uint8Array(order.window * REQUEST_ROOM_BYTES);
    this.#view = new DataView(this.#out.buffer);
    this.#sent_ms = new Float64Array(order.window);
    socket.on("data", (chunk) => this.#received(chunk as Uint8Array));
    socket.on("error", () => this.#resolve());
    socket.on("close", () => this.#resolve());
  }

  /** Fills the window, keeps it full until `stop`, and resolves when everything sent is answered. */
  run(): Promise<void> {
    this.#send(this.#order.window);
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  stop(): void {
    this.#stopping = true;
  }

  #send(count: number): void {
    const now = performance.now();
    let at = 0;
    for (let i = 0; i < count; i++) {
      const n = this.#requests++;
      this.#sent_ms[n % this.#order.window] = now;
      at = encodeOfPair(this.#view, at, n, this.#idHigh, this.#price);
    }
    // The kernel takes it or Node copies nothing and keeps it: a fresh copy, so that the buffer can be reused.
    this.#socket.write(this.#out.slice(0, at));
  }

  #received(chunk: Uint8Array): void {
    const now = performance.now();
    const answered = this.#frames.take(chunk);
    for (let i = 0; i < answered; i++) {
      const sent = this.#sent_ms[(this.answers + i) % this.#order.window];
      this.#histogram.record(Math.max(1, Math.round((now - sent) * 1e3)));
    }
    this.answers += answered;
    if (!this.#stopping) this.#send(answered);
    else if (this.answers === this.#requests) this.#resolve();
  }

  get refused(): number {
    return this.#frames.refused;
  }
}

/** A connection that may send orders. */
async function openLane({ port, logon }: LoadOrder, instance: number): Promise<Socket> {
  const socket = await openSocket(port);
  if (logon === undefined) return socket;
  const { keyFile, account, isOnce } = logon;
  const flags = isOnce ? SessionFlag.Once : 0;
  if (await logOn(socket, signerOf(keyFile), { account, instance, flags })) return socket;
  throw new Error("the exchange refuses the load's logon");
}

async function load(order: LoadOrder): Promise<LoadResult> {
  const histogram = createHistogram();
  const sockets = await Promise.all(Array.from({ length: order.connections }, (_, i) => openLane(order, i)));
  const connections = sockets.map((socket, i) => new LoadConnection(socket, order, i, histogram));
  const start = performance.now();
  const done = Promise.all(connections.map((connection) => connection.run()));
  await new Promise((resolve) => setTimeout(resolve, order.duration_ms));
  const requests = connections.reduce((sum, connection) => sum + connection.answers, 0);
  const seconds = (performance.now() - start) / 1e3;
  for (const connection of connections) connection.stop();
  await done;
  for (const socket of sockets) socket.destroy();
  const refused = connections.reduce((sum, connection) => sum + connection.refused, 0);
  return { requests, refused, seconds, p50_us: histogram.percentile(50), p99_us: histogram.percentile(99) };
}

process.on("message", (order: LoadOrder) => {
  load(order).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  );
});
