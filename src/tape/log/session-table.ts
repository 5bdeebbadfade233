// The sessions of a topic: how far each publisher came, by the newest epoch it was opened with. What the log is opened from,
// so it holds what is in the log and nothing else. At most `max`: the one idle longest is forgotten beyond that, and is a
// new publisher should it come back.

import type { TapeSessionFields } from "../../protocol/index.ts";

export type TopicSession = { -readonly [Field in keyof TapeSessionFields]: TapeSessionFields[Field] };

export class SessionTable {
  readonly #max: number;
  readonly #sessions = new Map<number, TopicSession>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The session of `publisher`; as it is now, later calls change it. */
  get(publisher: number): Readonly<TopicSession> | undefined {
    return this.#sessions.get(publisher);
  }

  values(): Iterable<Readonly<TopicSession>> {
    return this.#sessions.values();
  }

  /** As a checkpoint has them. */
  restore(sessions: readonly TapeSessionFields[]): void {
    this.#sessions.clear();
    for (const session of sessions) this.#add({ ...session });
  }

  /** A session began: nothing of it is written yet. An older epoch's end is forgotten with it. */
  open(publisher: number, epoch: number, last_us: number): void {
    this.#add({ publisher, epoch, lastBatch: 0, last_us });
  }

  /** Batch `batch` is in the log. */
  wrote(publisher: number, epoch: number, batch: number, last_us: number): void {
    const session = this.#sessions.get(publisher);
    if (session === undefined || session.epoch < epoch) {
      // Forgotten while its publisher was idle, or written before sessions were opened in the log.
      this.#add({ publisher, epoch, lastBatch: batch, last_us });
    } else if (session.epoch === epoch) {
      if (batch > session.lastBatch) session.lastBatch = batch;
      session.last_us = last_us;
    }
  }

  #add(session: TopicSession): void {
    const isNew = !this.#sessions.has(session.publisher);
    if (isNew && this.#sessions.size >= this.#max) this.#forgetOne();
    this.#sessions.set(session.publisher, session);
  }

  /** Looks at all of them: done once for a session that is opened beyond the bound, which costs a sync anyway. */
  #forgetOne(): void {
    let oldest: TopicSession | undefined;
    for (const session of this.#sessions.values())
      if (oldest === undefined || session.last_us < oldest.last_us) oldest = session;
    if (oldest !== undefined) this.#sessions.delete(oldest.publisher);
  }
}
