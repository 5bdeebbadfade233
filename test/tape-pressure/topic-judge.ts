// Judges one topic from the batches that one reader was given, in the order it got them, and from what publishers know. It is the
// naive statement of what the tape promises: record numbers dense, each session's batches 1, 2, 3, ... and each once, no
// session of a publisher behind a newer one, the same order for every reader, and nothing missing that was acknowledged.

import type { BatchName, SeenBatch } from "./marked-batch.ts";

/** What is known of a topic by all its readers together: whoever sees a batch first says what the others must see there. */
export class OneOrder {
  readonly #sums = new Map<number, number>();

  /** False: another reader was given another batch at this record. */
  agrees({ firstRecord, sum }: SeenBatch): boolean {
    const known = this.#sums.get(firstRecord);
    if (known === undefined) this.#sums.set(firstRecord, sum);
    return known === undefined || known === sum;
  }
}

export interface JudgeTerms {
  /** How breaches name it. */
  readonly name: string;
  /** Whether publishers may leave numbers out: those that want no acks keep nothing to send again. */
  readonly mayJump: boolean;
  /** Left out when there is one reader only. */
  readonly order?: OneOrder | undefined;
}

interface Progress {
  epoch: number;
  last: number;
}

export class TopicJudge {
  /** The number of the next record: where to read on. */
  nextRecord = 1;
  batches = 0;
  bytes = 0;
  readonly #terms: JudgeTerms;
  readonly #tell: (wrong: string) => void;
  readonly #sessions = new Map<number, Progress>();
  /** The last batch of every session there ever was, by `publisher:epoch`. */
  readonly #last = new Map<string, number>();
  #position = 0;

  /** `tell` is given every breach in words. */
  constructor(terms: JudgeTerms, tell: (wrong: string) => void) {
    this.#terms = terms;
    this.#tell = (wrong) => tell(`${terms.name}: ${wrong}`);
  }

  /** The next batch, or what is torn about it. */
  take(seen: SeenBatch | string): void {
    if (typeof seen === "string") return this.#tell(seen);
    this.batches++;
    this.bytes += seen.bytes;
    const { firstRecord, position } = seen;
    if (firstRecord !== this.nextRecord)
      this.#tell(`${nameOf(seen)} begins with record ${firstRecord}, expected ${this.nextRecord}`);
    if (position < this.#position)
      this.#tell(`${nameOf(seen)} is at position ${position}, behind ${this.#position}`);
    if (this.#terms.order?.agrees(seen) === false)
      this.#tell(`${nameOf(seen)} is where another reader was given something else`);
    this.nextRecord = firstRecord + seen.records;
    this.#position = position;
    this.#follows(seen);
  }

  #follows(seen: SeenBatch): void {
    const { publisher, epoch, batch } = seen;
    const known = this.#sessions.get(publisher) ?? { epoch: 0, last: 0 };
    this.#sessions.set(publisher, known);
    if (epoch < known.epoch) return this.#tell(`${nameOf(seen)} comes behind epoch ${known.epoch}`);
    if (epoch > known.epoch) Object.assign(known, { epoch, last: 0 });
    if (batch <= known.last) return this.#tell(`${nameOf(seen)} comes behind batch ${known.last}`);
    if (batch > known.last + 1 && !this.#terms.mayJump)
      this.#tell(`${nameOf(seen)} follows batch ${known.last}: what is between is missing`);
    known.last = batch;
    this.#last.set(`${publisher}:${epoch}`, batch);
  }

  /** The last batch of a session that was read; 0: none. */
  lastOf(publisher: number, epoch: number): number {
    return this.#last.get(`${publisher}:${epoch}`) ?? 0;
  }

  /** What a publisher was told is there, all up to `batch`: held against what was read. */
  wasAcknowledged(name: BatchName): void {
    const last = this.lastOf(name.publisher, name.epoch);
    if (last < name.batch) this.#tell(`${nameOf(name)} was acknowledged, and its session ends with ${last}`);
  }

  /** What a publisher sent at most. */
  wasSent(name: BatchName): void {
    const last = this.lastOf(name.publisher, name.epoch);
    if (last > name.batch) this.#tell(`${nameOf({ ...name, batch: last })} was never sent`);
  }
}

function nameOf({ publisher, epoch, batch }: BatchName): string {
  return `publisher ${publisher}, epoch ${epoch}, batch ${batch}`;
}
