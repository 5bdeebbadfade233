// The journal's duty cycle: everything that waits in the ring becomes one frame, one write, and in mode `fsync` one
// fdatasync; then its slots go back. So the ring's released count, added to the position it began with, is the
// position that may be answered. The next frame forms while this one syncs: that is the group commit.
//
// At the ring's end a batch is cut in two frames, since slots can't be seen past it before they are given back:
// one sync more per turn of the ring. No work per record but one copy.

import type { LatencyCounts, SeriatimError } from "../base/index.ts";
import type { Ring, RingConsumer } from "../ring/index.ts";
import type { JournalWriter } from "./journal.ts";

/** Where the agent counts what each group commit took, and by which clock. */
export interface CommitTimes {
  readonly counts: LatencyCounts;
  readonly now_ns: () => number;
}

/** Told the position that the new segment begins with, or why there is none. */
export type RotationAnswer = (outcome: number | SeriatimError) => void;

export class JournalAgent {
  readonly #journal: JournalWriter;
  readonly #ring: Ring;
  readonly #consumer: RingConsumer;
  readonly #times: CommitTimes | undefined;
  /** Of those who wait for the next segment; whoever asks keeps them few. */
  #rotations: RotationAnswer[] = [];

  /** `consumer` takes from `ring`, whose records are commands. */
  constructor(journal: JournalWriter, ring: Ring, consumer: RingConsumer, times?: CommitTimes) {
    this.#times = times;
    this.#journal = journal;
    this.#ring = ring;
    this.#consumer = consumer;
  }

  /** What stopped it; its ring then takes no more and nothing more is released. */
  get failure(): SeriatimError | undefined {
    return this.#journal.failure;
  }

  /** Why the next segment can't be prepared, when it can't: JournalWriter.preallocationFailure. */
  get preallocationFailure(): SeriatimError | undefined {
    return this.#journal.preallocationFailure;
  }

  /**
   * Begins the next segment as soon as it is prepared, in the turns to come; a frame never waits for it. Refused when there
   * is no room. No answer comes after a failure.
   */
  rotate(answer: RotationAnswer): void {
    this.#rotations.push(answer);
  }

  /**
   * One turn; returns the work done (records, or a slice of the next segment), 0 when there was none. Never throws
   * for a disk that failed: the producer sees consumerFailed(), the owner `failure`.
   */
  doWork(): number {
    if (this.#journal.failure !== undefined) return 0;
    try {
      const count = this.#consumer.available(this.#journal.room);
      if (count > 0) this.#write(count);
      // Whoever has ended waits for the end of this journal, not for a segment that nobody will begin.
      else if (this.#consumer.ended()) return 0;
      const rotated = this.#rotations.length > 0 ? this.#rotate() : 0;
      if (count === 0 && rotated === 0) return this.#journal.prepareNext(true) ? 1 : 0;
      return count + rotated;
    } catch (error) {
      this.#consumer.fail();
      if (this.#journal.failure === undefined) throw error;
      return 0;
    }
  }

  /** One step towards the next segment. */
  #rotate(): number {
    const journal = this.#journal;
    // One that holds nothing yet is the next one already, also on a full disk.
    const outcome = journal.rotate() ? journal.position + 1 : journal.preallocationFailure;
    if (outcome === undefined) {
      journal.prepareNext(true);
      return 1;
    }
    const answers = this.#rotations;
    this.#rotations = [];
    for (const answer of answers) answer(outcome);
    return 1;
  }

  #write(count: number): void {
    const journal = this.#journal;
    const consumer = this.#consumer;
    const begun_ns = this.#times?.now_ns() ?? 0;
    journal.stage(this.#ring.bytes, consumer.offset() * 4, count);
    if (journal.mode === "buffered") {
      consumer.release(count);
      journal.commit();
    } else {
      journal.commit();
      consumer.release(count);
    }
    if (this.#times !== undefined) this.#times.counts.record(this.#times.now_ns() - begun_ns);
    journal.prepareNext(false);
  }
}
