// One session in memory: a publisher's epoch, how far it is committed, who is connected, and what waits for a batch that
// is missing. What must outlive it (publisher, epoch, last batch) stands in the topic's log.

/** A batch that waits, as its owner keeps it. */
export interface HeldBatch {
  /** What it takes of the memory for held batches. */
  readonly bytes: number;
  /** Where it came from last, and where its ack goes. */
  connection: number;
}

export class PublisherSession<Held extends HeldBatch> {
  readonly publisher: number;
  readonly epoch: number;
  /** The last batch that was taken: at order level 2 every one up to it was. */
  last: number;
  /** Those that are open, oldest first. */
  readonly connections: number[] = [];
  /** By number, all above last + 1. Empty below order level 2. */
  readonly held = new Map<number, Held>();
  held_bytes = 0;
  /** Since when `last + 1` is missing while others wait for it. Without meaning while none does. */
  missingSince_us = 0;

  constructor(publisher: number, epoch: number, last: number) {
    this.publisher = publisher;
    this.epoch = epoch;
    this.last = last;
  }
}
