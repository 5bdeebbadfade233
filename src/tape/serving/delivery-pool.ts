// The delivery buffers: shared memory that the storage thread fills with batches and the sockets send from. Subscribers of a topic
// that want the same batches share one buffer, so ten of them at the tail cost one read; a buffer that nobody holds keeps
// what it has for whoever comes later, until it is needed.
//
//   free or idle --want--> reading --read--> filled, held by some --last release--> idle
//
// Who finds every buffer held waits, the oldest first. Bounded: as many buffers as were given, one place in the line per holder.

import { assert } from "../../base/index.ts";
import { type TapeMemory, tapeMemory } from "../../protocol/index.ts";
import type { TopicProgress } from "./progress.ts";
import type { ReadBatches, ReadFailure, StorageReads } from "./storage-reads.ts";

/** The largest batch with its header, and room for small ones beside it. */
export const DELIVERY_BUFFER_BYTES = 2 * 1024 * 1024 + 64 * 1024;

/** Who holds buffers or waits for one. */
export interface DeliveryHolder {
  /** What it wanted is there, or why not; it may be that the buffer is no more its own then (`failure`). */
  delivered(failure: ReadFailure | undefined): void;
  /** A buffer may be free: it is to want again, in a call of its own. */
  mayWant(): void;
}

/** One buffer and what is in it. */
export class Delivery {
  readonly memory: TapeMemory;
  readonly holders = new Set<DeliveryHolder>();
  /** 0: it holds nothing that can be wanted. */
  topic = 0;
  firstRecord = 0;
  nextRecord = 0;
  bytes = 0;
  isReading = false;
  /** When it was wanted or filled last, counted in such uses. */
  usedAt = 0;

  constructor(shared: SharedArrayBuffer) {
    this.memory = tapeMemory(shared);
  }
}

export class DeliveryPool {
  /** Reads asked for: fewer than what was delivered, where subscribers share. */
  reads = 0;
  timesExhausted = 0;
  readonly #deliveries: readonly Delivery[];
  readonly #reads: StorageReads;
  readonly #waiting = new Set<DeliveryHolder>();
  #uses = 0;

  constructor(shared: readonly SharedArrayBuffer[], reads: StorageReads) {
    assert(shared.length > 0, "there is a delivery buffer at least");
    this.#deliveries = shared.map((memory) => new Delivery(memory));
    this.#reads = reads;
  }

  get buffers(): number {
    return this.#deliveries.length;
  }
  get inUse(): number {
    return this.#deliveries.reduce((sum, { holders }) => sum + (holders.size > 0 ? 1 : 0), 0);
  }
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * The buffer with the batch that holds `record`, held by `holder` from now on; it may still be read into. Undefined: none is
   * free, and `mayWant` says when one may be. `record` is in the log: before `end.nextRecord`.
   */
  want(holder: DeliveryHolder, topic: number, record: number, end: TopicProgress): Delivery | undefined {
    const delivery = this.#holding(topic, record) ?? this.#fill(topic, record, end);
    if (delivery === undefined) {
      if (!this.#waiting.has(holder)) this.timesExhausted++;
      this.#waiting.add(holder);
      return undefined;
    }
    this.#waiting.delete(holder);
    delivery.usedAt = ++this.#uses;
    delivery.holders.add(holder);
    return delivery;
  }

  /**
   * What follows a buffer that is full is read while that one is sent, for whoever is behind will want it: unless buffers are short,
   * where it would be overwritten before anybody came to it.
   */
  readAhead({ topic, nextRecord, bytes }: Delivery, end: TopicProgress): void {
    const isBehind = bytes >= DELIVERY_BUFFER_BYTES / 2 && nextRecord < end.nextRecord;
    if (!isBehind || topic === 0 || this.inUse * 2 > this.buffers) return;
    if (this.#holding(topic, nextRecord) === undefined) this.#fill(topic, nextRecord, end);
  }

  release(delivery: Delivery, holder: DeliveryHolder): void {
    delivery.holders.delete(holder);
    if (delivery.holders.size === 0) this.#callNext();
  }

  /** `holder` is gone: it waits no more. */
  forget(holder: DeliveryHolder): void {
    this.#waiting.delete(holder);
  }

  /** The answer of a read. */
  read(buffer: number, outcome: ReadBatches | ReadFailure): void {
    const delivery = this.#deliveries[buffer];
    assert(delivery.isReading, "an answer belongs to a read");
    delivery.isReading = false;
    const failure = "reason" in outcome ? outcome : undefined;
    if ("reason" in outcome) delivery.topic = 0;
    else {
      delivery.firstRecord = outcome.firstRecord;
      delivery.nextRecord = outcome.nextRecord;
      delivery.bytes = outcome.bytes;
    }
    const holders = [...delivery.holders];
    if (failure !== undefined) delivery.holders.clear();
    for (const holder of holders) holder.delivered(failure);
    if (delivery.holders.size === 0) this.#callNext();
  }

  /** The topic is gone: nobody gets a buffer with what it held any more. Who holds one still does. */
  drop(topic: number): void {
    for (const delivery of this.#deliveries) if (delivery.topic === topic) delivery.topic = 0;
  }

  /** Whoever waits for a buffer that is there: some times a second, for reads that found no room. */
  callWaiting(): void {
    if (this.#deliveries.some(isIdle)) this.#callNext();
  }

  /** A buffer with the batch of this record; while one is read into, only what was asked for is known to come. */
  #holding(topic: number, record: number): Delivery | undefined {
    return this.#deliveries.find(
      (delivery) =>
        delivery.topic === topic &&
        (delivery.isReading
          ? delivery.firstRecord === record
          : delivery.firstRecord <= record && record < delivery.nextRecord),
    );
  }

  /** Reads into the buffer that was idle longest. */
  #fill(topic: number, record: number, end: TopicProgress): Delivery | undefined {
    let oldest = -1;
    for (const [at, delivery] of this.#deliveries.entries()) {
      if (isIdle(delivery) && (oldest < 0 || delivery.usedAt < this.#deliveries[oldest].usedAt)) oldest = at;
    }
    if (oldest < 0 || !this.#reads.read(oldest, topic, record, end)) return undefined;
    this.reads++;
    const delivery = this.#deliveries[oldest];
    delivery.topic = topic;
    delivery.firstRecord = record;
    delivery.nextRecord = record;
    delivery.bytes = 0;
    delivery.isReading = true;
    delivery.usedAt = ++this.#uses;
    return delivery;
  }

  #callNext(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    next.mayWant();
  }
}

function isIdle({ holders, isReading }: Delivery): boolean {
  return holders.size === 0 && !isReading;
}
