// Records on their way from the journal's thread to the application's, through a ring: those of recovery, and on a replica
// those of the primary.

import { SeriatimError } from "../base/index.ts";
import { COMMAND_WORDS } from "../protocol/index.ts";
import { Ring, RingProducer } from "../ring/index.ts";

/** How long a full ring is left to the application before it is looked at again. */
const FULL_RING_PAUSE_MS = 0.1;

const pauseCell = new Int32Array(new SharedArrayBuffer(4));

export class RecordSender {
  readonly #ring: Ring;
  readonly #producer: RingProducer;

  constructor(shared: SharedArrayBuffer) {
    this.#ring = Ring.attach(shared);
    this.#producer = new RingProducer(this.#ring);
  }

  /** Sends `count` records from word offset `at` on; waits for room as long as there is somebody to make it. */
  send(words: Int32Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) this.#send(words, at + i * this.#ring.recordWords);
    this.#producer.publish();
  }

  /** Word by word, which beats a call for so few. */
  #send(words: Int32Array, from: number): void {
    const producer = this.#producer;
    let slot = producer.claim();
    while (slot < 0) {
      if (producer.consumerFailed())
        throw new SeriatimError("RECOVERY_ENDED", "nobody takes the log's records");
      producer.publish();
      Atomics.wait(pauseCell, 0, 0, FULL_RING_PAUSE_MS);
      slot = producer.claim();
    }
    const to = this.#ring.words;
    for (let word = 0; word < COMMAND_WORDS; word++) to[slot + word] = words[from + word];
    producer.commit();
  }

  /** No more records. */
  close(): void {
    this.#producer.close();
  }
}
