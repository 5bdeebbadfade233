// What a subscriber has received and nobody has taken, and the credit that follows from it: what the broker may still send, what waits here and
// what is being read are together never more than the credit it was given, but for one batch that may overdraw it.

import type { SeriatimError } from "../../base/index.ts";
import type { ReceivedBatch } from "./received-batch.ts";

/** Credit is given back in parts of a quarter, or at once when nothing waits: not a message for each batch. */
const PARTS = 4;

export class BatchQueue {
  readonly #creditBytes: number;
  readonly #giveCredit: (bytes: number) => boolean;
  #batches: ReceivedBatch[] = [];
  #waiting: PromiseWithResolvers<void> | undefined;
  #failure: SeriatimError | undefined;
  #isOver = false;
  /** Waiting or being read. */
  #held_bytes = 0;
  /** Taken and not given back yet; below 0 when more is held than the credit. */
  #owed_bytes = 0;

  /** `giveCredit` tells the broker that it may send so many bytes more; false: it can't be told now. */
  constructor(creditBytes: number, giveCredit: (bytes: number) => boolean) {
    this.#creditBytes = creditBytes;
    this.#giveCredit = giveCredit;
  }

  /** Batches that nobody has taken. */
  get length(): number {
    return this.#batches.length;
  }

  /** What a new connection may be sent at first. */
  firstCredit(): number {
    const left = this.#creditBytes - this.#held_bytes;
    this.#owed_bytes = Math.min(0, left);
    return Math.max(0, left);
  }

  push(batch: ReceivedBatch): void {
    this.#held_bytes += batch.messageBytes;
    this.#batches.push(batch);
    this.#wake();
  }

  /** Forgets what nobody has taken; its connection is gone. */
  clear(): void {
    for (const { messageBytes } of this.#batches) this.#held_bytes -= messageBytes;
    this.#batches = [];
  }

  /** Nothing more comes: who reads gets what is left, then the end or the failure. */
  finish(failure: SeriatimError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#wake();
  }

  /** The next batch, once there is one; undefined at the end. Rejects with the failure behind the last one. */
  async take(): Promise<ReceivedBatch | undefined> {
    while (this.#batches.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isOver) return undefined;
      this.#waiting ??= Promise.withResolvers<void>();
      await this.#waiting.promise;
    }
    return this.#batches.shift();
  }

  /** A batch that was taken has been read. */
  done({ messageBytes }: ReceivedBatch): void {
    this.#held_bytes -= messageBytes;
    this.#owed_bytes += messageBytes;
    this.credit();
  }

  /** Gives back what is due; again when the broker can be told. */
  credit(): void {
    const isDue = this.#owed_bytes >= this.#creditBytes / PARTS || this.#batches.length === 0;
    if (this.#owed_bytes <= 0 || !isDue || this.#isOver) return;
    if (this.#giveCredit(this.#owed_bytes)) this.#owed_bytes = 0;
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
