// The sessions of a topic: how far each publisher came, by the newest epoch it was opened with. What the log is opened from,
// so it holds what is in the log and nothing else. At most `max`: the one idle longest is forgotten beyond that, and is a
// new publisher should it come back.
//
//   by publisher   in the order they came: a checkpoint's
//   by use         a list threaded through them, the one idle longest first: whoever writes moves to its end, so forgetting looks at one

import type { TapeSessionFields } from "../../protocol/index.ts";

export type TopicSession = { -readonly [Field in keyof TapeSessionFields]: TapeSessionFields[Field] };

/** A session in the list by use, or the list's own ends: `next` of those is the one idle longest, `before` the newest. */
interface Place {
  readonly session: TopicSession;
  before: Place;
  next: Place;
}

export class SessionTable {
  readonly #max: number;
  readonly #places = new Map<number, Place>();
  readonly #ends = endsOfList();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#places.size;
  }

  /** The session of `publisher`; as it is now, later calls change it. */
  get(publisher: number): Readonly<TopicSession> | undefined {
    return this.#places.get(publisher)?.session;
  }

  values(): Readonly<TopicSession>[] {
    return Array.from(this.#places.values(), ({ session }) => session);
  }

  /** As a checkpoint has them. */
  restore(sessions: readonly TapeSessionFields[]): void {
    this.#places.clear();
    this.#ends.before = this.#ends;
    this.#ends.next = this.#ends;
    for (const session of sessions) this.#add({ ...session });
    const places = [...this.#places.values()].sort((a, b) => a.session.last_us - b.session.last_us);
    for (const place of places) this.#used(place);
  }

  /** A session began: nothing of it is written yet. An older epoch's end is forgotten with it. */
  open(publisher: number, epoch: number, last_us: number): void {
    this.#add({ publisher, epoch, lastBatch: 0, last_us });
  }

  /** Batch `batch` is in the log. */
  wrote(publisher: number, epoch: number, batch: number, last_us: number): void {
    const place = this.#places.get(publisher);
    if (place === undefined || place.session.epoch < epoch) {
      // Forgotten while its publisher was idle, or written before sessions were opened in the log.
      this.#add({ publisher, epoch, lastBatch: batch, last_us });
    } else if (place.session.epoch === epoch) {
      const { session } = place;
      if (batch > session.lastBatch) session.lastBatch = batch;
      session.last_us = last_us;
      this.#used(place);
    }
  }

  #add(session: TopicSession): void {
    const known = this.#places.get(session.publisher);
    if (known !== undefined) unlink(known);
    else if (this.#places.size >= this.#max) this.#forgetOne();
    const place: Place = { session, before: this.#ends, next: this.#ends };
    this.#places.set(session.publisher, place);
    this.#link(place);
  }

  #used(place: Place): void {
    if (this.#ends.before === place) return;
    unlink(place);
    this.#link(place);
  }

  #link(place: Place): void {
    place.before = this.#ends.before;
    place.next = this.#ends;
    this.#ends.before.next = place;
    this.#ends.before = place;
  }

  #forgetOne(): void {
    const { next: idlest } = this.#ends;
    unlink(idlest);
    this.#places.delete(idlest.session.publisher);
  }
}

function unlink({ before, next }: Place): void {
  before.next = next;
  next.before = before;
}

function endsOfList(): Place {
  const ends = { session: { publisher: 0, epoch: 0, lastBatch: 0, last_us: 0 } } as Place;
  ends.before = ends;
  ends.next = ends;
  return ends;
}
