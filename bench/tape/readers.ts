// Subscribers of a bench, a process of its own: connections that are sent a topic from its start, look at each head, check that no
// record is missing between two batches, and let the payload go. They give credit for what they have taken.

import { connect, type Socket } from "node:net";
import {
  encodeTapeHello,
  readLogPart,
  TAPE_ORDER_ANY,
  TapeBatch,
  TapeCredit,
  TapeFrom,
  TapeHead,
  TapeRole,
  TapeType,
  tapeLengthAt,
  tapeMemory,
  tapeTypeAt,
  writeCredit,
} from "../../src/protocol/index.ts";

export interface ReadersOrder {
  readonly port: number;
  readonly topic: string;
  readonly subscribers: number;
  /** Read up to this record, and no further. */
  readonly records: number;
}

export interface ReadersResult {
  /** Of all together. */
  readonly bytes: number;
  /** From the first Hello until the last one was through. */
  readonly seconds: number;
}

const CREDIT_BYTES = 16 * 1024 * 1024;
/** What has been taken is told in pieces of this. */
const CREDIT_STEP_BYTES = 4 * 1024 * 1024;
/** Where every socket's bytes are read, one after the other. */
const memory = Buffer.alloc(512 * 1024);

class Subscriber {
  readonly through: Promise<void>;
  bytes = 0;
  readonly #socket: Socket;
  readonly #through = Promise.withResolvers<void>();
  readonly #last: number;
  readonly #head = tapeMemory(new ArrayBuffer(TapeBatch.bytes));
  readonly #credit = tapeMemory(new ArrayBuffer(TapeCredit.bytes));
  #have = 0;
  /** Of the message, behind the head that was looked at. */
  #skip = 0;
  #nextRecord = 1;
  #uncredited = 0;

  constructor({ port, topic, records }: ReadersOrder) {
    this.#last = records;
    this.through = this.#through.promise;
    const callback = (count: number): boolean => this.#take(count);
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true, onread: { buffer: memory, callback } });
    this.#socket.resume().on("error", (error) => this.#through.reject(error));
    this.#socket.on("close", () => this.#through.reject(new Error("the broker closed a subscriber")));
    this.#socket.write(
      encodeTapeHello({
        ...{ role: TapeRole.Subscriber, topic, group: "", key: "", order: TAPE_ORDER_ANY, ack: 0 },
        ...{ replicas: 1, publisher: 0, epoch: 0, fromKind: TapeFrom.Start, from: 0, credit: CREDIT_BYTES },
      }),
    );
  }

  #take(count: number): boolean {
    this.bytes += count;
    for (let from = 0; from < count; ) {
      const skipped = Math.min(this.#skip, count - from);
      this.#skip -= skipped;
      from += skipped;
      if (this.#skip === 0 && from < count) from += this.#collect(from, count);
    }
    return true;
  }

  /** Bytes of a head; with a batch's header whole its numbers are looked at. */
  #collect(from: number, to: number): number {
    const { view, bytes } = this.#head;
    const isBatch = this.#have >= TapeHead.bytes && tapeTypeAt(view, 0) === TapeType.Batch;
    const want = isBatch ? TapeBatch.bytes : TapeHead.bytes;
    const took = Math.min(want - this.#have, to - from);
    memory.copy(bytes, this.#have, from, from + took);
    this.#have += took;
    if (this.#have < want) return took;
    if (isBatch) this.#header();
    else if (tapeTypeAt(view, 0) !== TapeType.Batch) this.#pass(TapeHead.bytes);
    return took;
  }

  #header(): void {
    const { view } = this.#head;
    const { firstRecord } = readLogPart(view, 0);
    if (firstRecord !== this.#nextRecord)
      this.#through.reject(new Error(`record ${this.#nextRecord} is missing: ${firstRecord}`));
    this.#nextRecord = firstRecord + view.getUint32(TapeBatch.records, true);
    this.#uncredited += tapeLengthAt(view, 0);
    this.#pass(TapeBatch.bytes);
    if (this.#nextRecord > this.#last) {
      this.#through.resolve();
      this.#socket.destroy();
      return;
    }
    if (this.#uncredited < CREDIT_STEP_BYTES) return;
    writeCredit(this.#credit.view, 0, this.#uncredited);
    this.#uncredited = 0;
    this.#socket.write(this.#credit.bytes.slice());
  }

  #pass(headBytes: number): void {
    this.#skip = tapeLengthAt(this.#head.view, 0) - headBytes;
    this.#have = 0;
  }
}

async function read(order: ReadersOrder): Promise<ReadersResult> {
  const start_ms = performance.now();
  const subscribers = Array.from({ length: order.subscribers }, () => new Subscriber(order));
  await Promise.all(subscribers.map(({ through }) => through));
  const seconds = (performance.now() - start_ms) / 1e3;
  return { bytes: subscribers.reduce((sum, { bytes }) => sum + bytes, 0), seconds };
}

process.on("message", (order: ReadersOrder) => {
  read(order).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
