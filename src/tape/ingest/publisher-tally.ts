// Counts of the publishers' service since its start: of those who are there, from what they are; of those who are gone, what they left.

import type { Publisher } from "./publisher.ts";
import type { PublisherFigures } from "./publisher-parts.ts";

export class PublisherTally {
  publishers = 0;
  batchesAcknowledged = 0;
  /** Closed with a reason. */
  faulted = 0;
  #batchesOfGone = 0;
  #bytesOfGone = 0;

  gone({ drain }: Publisher): void {
    this.publishers--;
    this.#batchesOfGone += drain.batches;
    this.#bytesOfGone += drain.bytes;
  }

  figures(there: readonly (Publisher | undefined)[]): PublisherFigures {
    let paused = 0;
    let batchesDrained = this.#batchesOfGone;
    let bytesDrained = this.#bytesOfGone;
    let ackLag = 0;
    for (const publisher of there) {
      if (publisher === undefined) continue;
      const { drain, terms, isPaused, acknowledged } = publisher;
      if (isPaused) paused++;
      batchesDrained += drain.batches;
      bytesDrained += drain.bytes;
      if (terms.ackLevel > 0) ackLag += drain.batches - acknowledged;
    }
    const { publishers, batchesAcknowledged, faulted } = this;
    return { publishers, paused, batchesDrained, bytesDrained, batchesAcknowledged, faulted, ackLag };
  }
}
