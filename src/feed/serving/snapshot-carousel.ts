// The snapshot channel of the datagrams: snapshots of every channel, one whole run after the other, for whoever came late. Its owner
// takes so many bytes at a time as the rate allows.
//
// A round of all channels begins at most every ROUND_us: a small market is not said a thousand times a second. A run whose
// epoch ends in the middle is broken off: its packets say an epoch that nobody needs any more.
//
// A receiver that has lost a part takes it from the next run when both lead up to the same sequence, so these two must be the same packets.
// They are when nothing has happened since the first of them began; when something does in the middle of the second it is begun anew,
// and leads up to another sequence then.

import type { ServedChannel } from "./served-channel.ts";
import type { ServingParts } from "./serving-parts.ts";
import { SnapshotRun } from "./snapshot-run.ts";

const ROUND_US = 1_000_000;

export class SnapshotCarousel {
  readonly #parts: ServingParts;
  readonly #channels: readonly ServedChannel[];
  #index = 0;
  #run: SnapshotRun | undefined;
  /** The run at work leads up to the same sequence as its channel's last one before it. */
  #isAsBefore = false;
  /** By channel: of its last run. */
  readonly #before = new Map<number, { readonly epoch: number; readonly first: number }>();
  #roundAt_us = Number.NEGATIVE_INFINITY;

  constructor(parts: ServingParts, channels: readonly ServedChannel[]) {
    this.#parts = parts;
    this.#channels = channels;
  }

  /** The next whole packets, back to back; undefined: there are none for now. */
  take(now_us: number): Uint8Array | undefined {
    const run = this.#run;
    if (run?.isStale) run.end(this.#parts.images);
    else if (run?.isDone === false && this.#isAsBefore && run.isOvertaken) {
      run.end(this.#parts.images);
      this.#run = this.#begin(run.channel);
    }
    if (this.#run === undefined || this.#run.isDone) this.#run = this.#next(now_us);
    return this.#run?.take(this.#parts);
  }

  #begin(channel: ServedChannel): SnapshotRun {
    const run = new SnapshotRun(channel, this.#parts.market.symbols);
    const { epoch, first } = run;
    const before = this.#before.get(channel.kind);
    this.#isAsBefore = before?.epoch === epoch && before.first === first;
    this.#before.set(channel.kind, { epoch, first });
    return run;
  }

  /** The run of the next channel; undefined: its round has not begun. */
  #next(now_us: number): SnapshotRun | undefined {
    if (this.#index === 0) {
      if (now_us - this.#roundAt_us < ROUND_US) return undefined;
      this.#roundAt_us = now_us;
    }
    const channel = this.#channels[this.#index];
    this.#index = (this.#index + 1) % this.#channels.length;
    return this.#begin(channel);
  }
}
