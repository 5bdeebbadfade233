// An open loop, a process of its own: requests leave when a schedule says so, whatever has been answered, and a round trip
// begins when its request was due. So a server that stalls is charged for all that it should have been asked meanwhile.
// Request i is due at start + i / rate, on connection i modulo their number; nothing is kept per request.

import type { Socket } from "node:net";
import { createHistogram, performance } from "node:perf_hooks";
import {
  AnswerFrames,
  encodeBid,
  encodeOfPair,
  openSocket,
  REQUEST_ROOM_BYTES,
} from "../gateway/requests.ts";

export interface PacedOrder {
  readonly port: number;
  readonly connections: number;
  /** Of all connections, per second. */
  readonly rate: number;
  readonly requests: number;
  /** New orders and their cancels in turn, or orders that stay, at prices that nobody meets. */
  readonly kind: "pairs" | "resting";
  /** Every round trip is told, not their quantiles alone. */
  readonly tellsAll?: boolean;
}

export interface PacedResult {
  readonly refused: number;
  /** From the start to the last answer. */
  readonly seconds: number;
  /** From the moment a request was due to its answer. */
  readonly p50_us: number;
  readonly p99_us: number;
  readonly p999_us: number;
  /** The longest time between two answers that came one after the other, whatever the connection. */
  readonly pause_us: number;
  /** Where the order asks for them: of every request, in microseconds, in no order. */
  readonly all_us: readonly number[];
}

/** At most so many requests leave at once on a connection that is behind its schedule. */
const BURST_MAX = 2_048;
/** A connection takes nothing more while so much waits for its peer; the schedule goes on. */
const WAITING_BYTES_MAX = 1 << 20;
/** How long the process sleeps when nothing is due: it shares the machine with what it measures. */
const NAP_MS = 0.05;
/** After the last request was due. */
const ANSWERS_MS = 30_000;
/** Bids, from here on; resting ones are spread over so many prices. */
const FIRST_PRICE = 100;
const PRICES = 10_000;
/** High lanes of order ids that no other load of a bench uses, another one for each connection of each run. */
let nextIdHigh = 1 << 20;

const nap = new Int32Array(new SharedArrayBuffer(4));

/** What all connections of a run share. */
class Run {
  readonly order: PacedOrder;
  readonly histogram = createHistogram();
  readonly all_us: number[] = [];
  readonly start_ms = performance.now();
  last_ms = 0;
  pause_ms = 0;
  answers = 0;

  constructor(order: PacedOrder) {
    this.order = order;
  }

  /** When request `n` of connection `index` is due. */
  due_ms(n: number, index: number): number {
    const { connections, rate } = this.order;
    return this.start_ms + ((n * connections + index) * 1e3) / rate;
  }

  took(us: number): void {
    this.histogram.record(us);
    if (this.order.tellsAll) this.all_us.push(us);
  }

  answered(now: number, count: number): void {
    if (this.last_ms !== 0) this.pause_ms = Math.max(this.pause_ms, now - this.last_ms);
    this.last_ms = now;
    this.answers += count;
  }
}

class PacedConnection {
  readonly frames = new AnswerFrames();
  readonly #run: Run;
  readonly #index: number;
  readonly #socket: Socket;
  readonly #idHigh = nextIdHigh++;
  readonly #requests: number;
  readonly #out = new Uint8Array(BURST_MAX * REQUEST_ROOM_BYTES);
  readonly #view = new DataView(this.#out.buffer);
  #sent = 0;
  #answers = 0;

  constructor(run: Run, index: number, socket: Socket) {
    this.#run = run;
    this.#index = index;
    this.#socket = socket;
    const { requests, connections } = run.order;
    this.#requests = Math.floor(requests / connections) + (index < requests % connections ? 1 : 0);
    socket.on("data", (chunk) => this.#received(chunk as Uint8Array));
    socket.on("error", () => {});
  }

  get isClosed(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  /** Sends what is due; returns how many. */
  send(now: number): number {
    if (this.#socket.writableLength > WAITING_BYTES_MAX) return 0;
    let at = 0;
    let count = 0;
    while (count < BURST_MAX && this.#sent < this.#requests) {
      if (this.#run.due_ms(this.#sent, this.#index) > now) break;
      at = this.#encode(at, this.#sent++);
      count++;
    }
    // A fresh copy: Node keeps what the kernel does not take.
    if (count > 0) this.#socket.write(this.#out.slice(0, at));
    return count;
  }

  #encode(at: number, n: number): number {
    if (this.#run.order.kind === "pairs")
      return encodeOfPair(this.#view, at, n, this.#idHigh, FIRST_PRICE + this.#index);
    return encodeBid(this.#view, at, n, n, this.#idHigh, FIRST_PRICE + ((n * 7_919) % PRICES));
  }

  #received(chunk: Uint8Array): void {
    const now = performance.now();
    const answered = this.frames.take(chunk);
    if (answered === 0) return;
    const run = this.#run;
    for (let i = 0; i < answered; i++) {
      run.took(Math.max(1, Math.round((now - run.due_ms(this.#answers++, this.#index)) * 1e3)));
    }
    run.answered(now, answered);
  }
}

/** Sends by the schedule until everything is answered. */
function paced(run: Run, connections: readonly PacedConnection[]): Promise<void> {
  const { requests, rate } = run.order;
  const late_ms = run.start_ms + (requests / rate) * 1e3 + ANSWERS_MS;
  return new Promise((resolve, reject) => {
    let answersSeen = 0;
    const turn = (): void => {
      const now = performance.now();
      if (run.answers >= requests) return resolve();
      if (now > late_ms) return reject(new Error(`${requests - run.answers} requests have no answer`));
      if (connections.some(({ isClosed }) => isClosed)) return reject(new Error("a connection was closed"));
      let sent = 0;
      for (const connection of connections) sent += connection.send(now);
      if (sent === 0 && run.answers === answersSeen) Atomics.wait(nap, 0, 0, NAP_MS);
      answersSeen = run.answers;
      setImmediate(turn);
    };
    turn();
  });
}

async function load(order: PacedOrder): Promise<PacedResult> {
  const sockets = await Promise.all(Array.from({ length: order.connections }, () => openSocket(order.port)));
  const run = new Run(order);
  const connections = sockets.map((socket, i) => new PacedConnection(run, i, socket));
  try {
    await paced(run, connections);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  const percentile = (percent: number): number => run.histogram.percentile(percent);
  return {
    refused: connections.reduce((sum, { frames }) => sum + frames.refused, 0),
    seconds: (run.last_ms - run.start_ms) / 1e3,
    p50_us: percentile(50),
    p99_us: percentile(99),
    p999_us: percentile(99.9),
    pause_us: run.pause_ms * 1e3,
    all_us: run.all_us,
  };
}

process.on("message", (order: PacedOrder) => {
  load(order).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
