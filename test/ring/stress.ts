// What both sides of the stress tests do, on whatever thread. Every word of a record follows from the record's number
// and the word's place, so a torn, stale, lost, doubled or reordered record can't look like the expected one.

import { Prng } from "../../src/base/index.ts";
import { type Ring, RingConsumer, RingProducer } from "../../src/ring/index.ts";

/** Everything a side needs to know; crosses threads. */
export interface StressPlan {
  readonly side: "produce" | "consume";
  readonly shared: SharedArrayBuffer;
  readonly seed: number;
  readonly records: number;
  readonly wait: "block" | "spin";
  /** The consumer gives up after so many records; never, when it is >= records. */
  readonly failAfter: number;
}

/** No side ever pauses for nearly as long: a wait that lasts longer is a lost wake-up. */
const stall_ms = 60_000;

/** The word that belongs at `place` of record `number`. */
function wordOf(number: number, place: number): number {
  return Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b);
}

export function writeRecord(ring: Ring, at: number, number: number): void {
  for (let place = 0; place < ring.recordWords; place++) ring.words[at + place] = wordOf(number, place);
}

/** Throws unless the record at `at` is exactly record `number`. */
export function checkRecord(ring: Ring, at: number, number: number): void {
  for (let place = 0; place < ring.recordWords; place++) {
    if (ring.words[at + place] !== wordOf(number, place)) {
      throw new Error(`record ${number} is wrong from word ${place} on`);
    }
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Lets the other side run ahead: mostly not at all, sometimes for a few spins, rarely for a sleep. */
function perturb(random: Prng): void {
  const dice = random.between(0, 199);
  if (dice < 20) for (let spin = random.between(1, 300); spin > 0; spin--) Atomics.load(sleeper, 0);
  else if (dice === 20) Atomics.wait(sleeper, 0, 0, random.between(0, 2) / 10);
}

/** Sends all records in batches of random size; resolves with how many were sent before the consumer failed. */
export async function produce(ring: Ring, plan: StressPlan): Promise<number> {
  const random = new Prng(plan.seed);
  const producer = new RingProducer(ring);
  while (producer.produced < plan.records && !producer.consumerFailed()) {
    const left = plan.records - producer.produced;
    for (let batch = Math.min(left, random.between(0, ring.capacity + 1)); batch > 0; batch--) {
      const at = producer.claim();
      if (at < 0) break;
      writeRecord(ring, at, producer.produced);
      producer.commit();
      perturb(random);
    }
    producer.publish();
    if (producer.claim() < 0) await producer.whenReleasedBeyond(producer.produced - ring.capacity);
  }
  if (random.chance(0.5)) await producer.whenReleasedBeyond(producer.produced - 1);
  producer.close();
  return producer.produced;
}

/** Takes records in batches of random size, each checked twice; returns how many were taken. */
export function consume(ring: Ring, plan: StressPlan): number {
  const random = new Prng(plan.seed + 1);
  const consumer = new RingConsumer(ring, plan.wait);
  let taken = 0;
  while (!consumer.ended()) {
    if (!consumer.waitForRecords(stall_ms)) throw new Error(`no wake-up after record ${taken - 1}`);
    const count = consumer.available(random.between(1, ring.capacity));
    const first = consumer.offset();
    for (let i = 0; i < count; i++) checkRecord(ring, first + i * ring.recordWords, taken + i);
    perturb(random);
    // Again, at the last moment: a slot that is overwritten before its release shows here.
    for (let i = 0; i < count; i++) checkRecord(ring, first + i * ring.recordWords, taken + i);
    if (taken + count > plan.failAfter) {
      consumer.fail();
      return taken;
    }
    taken += count;
    consumer.release(count);
  }
  return taken;
}
