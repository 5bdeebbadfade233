// Publishers of a bench, a process of its own: connections that speak the wire and send batches made beforehand, as many under way as
// their window says, until each has sent its count and has every ack. With a rate they send on schedule, and a batch is timed from
// when it was due. It works against the broker, the pump and the twin alike.

import { connect, type Socket } from "node:net";
import { LatencyTracker } from "../../src/feed/index.ts";
import {
  encodeTapeHello,
  readTapeAck,
  TapeFrom,
  TapeRole,
  TapeSender,
  TapeStream,
  TapeType,
  tapeMemory,
  writePlain,
} from "../../src/protocol/index.ts";
import { type BatchShape, Payload } from "./batches.ts";

export interface LoadOrder extends BatchShape {
  /** Connection i goes to port i modulo their count. */
  readonly ports: readonly number[];
  readonly topic: string;
  readonly connections: number;
  /** Of each connection. */
  readonly batches: number;
  /** Batches of a connection that may be unacknowledged. */
  readonly window: number;
  readonly order: number;
  readonly ack: number;
  /** Batches a second of all together; 0: as fast as the acks come. */
  readonly rate: number;
  /** One more connection, whose batch trickles in as long as the others send. */
  readonly isBesideSlow: boolean;
}

export interface LoadResult {
  /** Payload acknowledged; without the slow one's. */
  readonly bytes: number;
  readonly records: number;
  /** From the first byte sent to the last ack. */
  readonly seconds: number;
  readonly p50_us: number;
  readonly p99_us: number;
}

/** Publishers of a run have numbers that none before had. */
let lastPublisher = Date.now();
const SLOW_PIECE_BYTES = 16 * 1024;
const SLOW_PAUSE_MS = 20;

class Publisher {
  readonly #order: LoadOrder;
  readonly #payload: Payload;
  readonly #publisher = ++lastPublisher;
  readonly #stream = new TapeStream(TapeSender.Broker, (bytes) => new Uint8Array(bytes));
  readonly #accepted = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  readonly latency: LatencyTracker;
  readonly #socket: Socket;
  /** When each batch was due, or sent. */
  readonly #since_us: Float64Array;
  #due = 0;
  #sent = 0;
  #acknowledged = 0;

  constructor(order: LoadOrder, index: number, payload: Payload, latency: LatencyTracker) {
    this.#order = order;
    this.#payload = payload;
    this.latency = latency;
    this.#since_us = new Float64Array(order.batches + 1);
    const buffer = Buffer.alloc(64 * 1024);
    const callback = (count: number): boolean => {
      this.#received(buffer.subarray(0, count));
      return true;
    };
    const port = order.ports[index % order.ports.length];
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true, onread: { buffer, callback } });
    this.#socket.resume().on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the broker closed a connection")));
    this.#socket.write(
      encodeTapeHello({
        ...{ role: TapeRole.Publisher, topic: order.topic, group: "", key: "", order: order.order },
        ...{ ack: order.ack, replicas: 1, publisher: this.#publisher, epoch: 1 },
        ...{ fromKind: TapeFrom.None, from: 0, credit: 0 },
      }),
    );
  }

  get socket(): Socket {
    return this.#socket;
  }

  accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /** Everything was sent and acknowledged. */
  over(): Promise<void> {
    return this.#over.promise;
  }

  /** Sends all, as fast as the acks come. */
  run(): void {
    const now_us = performance.now() * 1e3;
    for (; this.#due < this.#order.batches; this.#due++) this.#since_us[this.#due + 1] = now_us;
    this.#send();
  }

  /** One more batch is due. */
  due(since_us: number): void {
    if (this.#due === this.#order.batches) return;
    this.#since_us[++this.#due] = since_us;
    this.#send();
  }

  /** The header and a first piece of a batch that won't be whole for long. */
  async trickle(isOver: () => boolean): Promise<void> {
    const { bytes } = this.#payload;
    this.#socket.write(this.#payload.header(this.#publisher, 1, 1));
    for (let from = 0; from < bytes.length && !isOver(); from += SLOW_PIECE_BYTES) {
      this.#socket.write(bytes.subarray(from, from + SLOW_PIECE_BYTES));
      await new Promise((resolve) => setTimeout(resolve, SLOW_PAUSE_MS));
    }
    this.close();
  }

  close(): void {
    this.#accepted.resolve();
    this.#over.resolve();
    this.#socket.destroy();
  }

  #send(): void {
    const { window, rate } = this.#order;
    while (this.#sent < this.#due && this.#sent - this.#acknowledged < window) {
      this.#sent++;
      if (rate === 0) this.#since_us[this.#sent] = performance.now() * 1e3;
      this.#socket.cork();
      this.#socket.write(this.#payload.header(this.#publisher, 1, this.#sent));
      this.#socket.write(this.#payload.bytes);
      this.#socket.uncork();
    }
  }

  #received(bytes: Uint8Array): void {
    this.#stream.receive(bytes, (type, { view }) => {
      if (type === TapeType.Accepted) this.#accepted.resolve();
      else if (type === TapeType.Ack) this.#ack(readTapeAck(view, 0).batch);
      else if (type === TapeType.Refused || type === TapeType.Fault)
        this.#fail(new Error(`message ${type} of the broker`));
      return true;
    });
  }

  #ack(batch: number): void {
    const now_us = performance.now() * 1e3;
    for (; this.#acknowledged < batch; )
      this.latency.record((now_us - this.#since_us[++this.#acknowledged]) * 1e3);
    if (this.#acknowledged < this.#order.batches) return this.#send();
    this.#over.resolve();
    const bye = tapeMemory(new ArrayBuffer(8));
    writePlain(bye.view, 0, TapeType.Bye);
    this.#socket.end(bye.bytes);
  }

  #fail(error: Error): void {
    this.#accepted.reject(error);
    this.#over.reject(error);
    // Who was over before does not care.
    this.#over.promise.catch(() => {});
    this.#accepted.promise.catch(() => {});
  }
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const payload = new Payload(order);
  const latency = new LatencyTracker();
  const publishers = Array.from(
    { length: order.connections },
    (_, i) => new Publisher(order, i, payload, latency),
  );
  const slow = order.isBesideSlow ? new Publisher(order, order.connections, payload, latency) : undefined;
  await Promise.all([...publishers.slice(0, order.ports.length), slow].map((one) => one?.accepted()));
  let isOver = false;
  const trickling = slow?.trickle(() => isOver);
  const start_us = performance.now() * 1e3;
  if (order.rate > 0) pace(publishers, order, start_us, () => isOver);
  else for (const publisher of publishers) publisher.run();
  await Promise.all(publishers.map((publisher) => publisher.over()));
  const seconds = (performance.now() * 1e3 - start_us) / 1e6;
  isOver = true;
  await trickling;
  const batches = order.connections * order.batches;
  const { p50_ns, p99_ns } = latency.summary();
  return {
    ...{ bytes: batches * order.payloadBytes, records: batches * payload.records, seconds },
    ...{ p50_us: p50_ns / 1e3, p99_us: p99_ns / 1e3 },
  };
}

/** Batches in turn to the connections, each at its time; what a late turn of the event loop has missed is sent late and timed from when it was due. */
function pace(
  publishers: readonly Publisher[],
  { rate, batches }: LoadOrder,
  start_us: number,
  isOver: () => boolean,
): void {
  const gap_us = 1e6 / rate;
  let made = 0;
  const turn = (): void => {
    const now_us = performance.now() * 1e3;
    for (; made < batches * publishers.length && start_us + made * gap_us <= now_us; made++)
      publishers[made % publishers.length].due(start_us + made * gap_us);
    if (isOver()) return;
    // A timer's granularity is a millisecond.
    if (gap_us < 2_000) setImmediate(turn);
    else setTimeout(turn, 1);
  };
  turn();
}

process.on("message", (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
