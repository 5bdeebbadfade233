// One subscriber: where it is in its topic, what it may be sent, what it holds. It knows no socket and no thread.
//
// Its place is the number of the record that it wants next; batches are sent whole, so one that begins in the middle of a batch is
// sent all of that. It is sent batches while it has credit, the last of which may take more than is left. Of memory it holds a
// delivery buffer while something in it is to be sent, shared with whoever wants the same, and nothing while it waits.
//
//   what ends it: a message that is none; a place older than the oldest record (RecordGone); taking nothing while it holds a
//   buffer, or saying nothing at all (TooSlow); the end of its topic or of the broker. It is told, where it still takes bytes.

import { assert } from "../../base/index.ts";
import {
  encodeEnd,
  readCommitOffset,
  readCredit,
  TapeFrom,
  type TapeMemory,
  TapeReason,
  TapeSender,
  TapeStream,
  TapeType,
  tapeReasonText,
  tapeTopicReasonText,
} from "../../protocol/index.ts";
import type { Delivery, DeliveryHolder } from "./delivery-pool.ts";
import type { GroupMember } from "./group-seat.ts";
import { CREDIT_MAX_BYTES } from "./limits.ts";
import { pieceFrom, startOf } from "./pieces.ts";
import type { ReadFailure } from "./storage-reads.ts";
import {
  acceptedMessage,
  activeMessage,
  heartbeatMessage,
  readFailureText,
  standbyMessage,
} from "./subscriber-messages.ts";
import type { ServingParts, SubscriberCarrier, SubscriberWish, TopicSeat } from "./subscriber-parts.ts";

/** Where it begins is still looked for, or nobody has asked yet: it stands by. */
const NOWHERE = 0;

export class SubscriberSession implements DeliveryHolder, GroupMember {
  readonly wish: SubscriberWish;
  readonly #carrier: SubscriberCarrier;
  readonly #seat: TopicSeat;
  readonly #parts: ServingParts;
  readonly #stream: TapeStream;
  /** The record it wants next. */
  #place = NOWHERE;
  #credit: number;
  #delivery: Delivery | undefined;
  /** Of the next batch to be sent in the delivery; below 0: not looked for yet. */
  #at = -1;
  /** Since when the carrier holds what was sent last; undefined: it takes more. */
  #held_us: number | undefined;
  /** When it was last seen to take something of that. */
  #took_us = 0;
  #unacknowledged = -1;
  /** Small messages that wait behind what is held: as many as are ever said without being asked for. */
  readonly #outbox: Uint8Array[] = [];
  #heard_us: number;
  #sent_us: number;
  /** Since when it is over: only what waits goes out. */
  #over_us: number | undefined;
  /** Where it begins is not known yet, or not safe. */
  #isLocating = false;
  /** It is to be asked for: too much was asked already. */
  #mustLocate = false;

  constructor(carrier: SubscriberCarrier, seat: TopicSeat, wish: SubscriberWish, parts: ServingParts) {
    this.#carrier = carrier;
    this.#seat = seat;
    this.wish = wish;
    this.#parts = parts;
    this.#credit = wish.credit;
    this.#heard_us = this.#sent_us = parts.clock.monotonicMicros();
    this.#stream = new TapeStream(TapeSender.Subscriber, (bytes) => new Uint8Array(bytes));
    this.#say(acceptedMessage(wish.topic, seat.progress));
  }

  get isOver(): boolean {
    return this.#over_us !== undefined;
  }

  /** Without a group it begins at once; in one, when it is active. */
  begin(isActive: boolean): void {
    if (isActive) this.activate();
    else this.#say(standbyMessage());
  }

  activate(): void {
    const { progress } = this.#seat;
    const { topic, group, fromKind, from } = this.wish;
    // What the members before it were sent and did not commit is its own to do, wherever it wanted to begin.
    const done = group === "" ? 0 : this.#parts.offsets.committed(topic.id, group);
    // Retention may have overtaken a group: it goes on with what there is, and its member is told where that begins.
    if (done > 0) return this.#beginAt(Math.max(done, progress.oldestRecord));
    if (fromKind === TapeFrom.Start) this.#beginAt(progress.oldestRecord);
    else if (fromKind === TapeFrom.End) this.#beginAt(progress.nextRecord);
    else if (fromKind === TapeFrom.Record) this.#beginAt(Math.max(from, 1));
    else this.#locate();
  }

  /** The answer to where it begins in time. */
  located(outcome: number | ReadFailure): void {
    if (this.isOver) return;
    if (typeof outcome === "number") this.#beginAt(outcome);
    else this.#failed(outcome);
  }

  #locate(): void {
    const { topic, from } = this.wish;
    this.#isLocating = true;
    this.#mustLocate = !this.#carrier.locate(topic.id, from, this.#seat.progress);
  }

  /** A record that is to come begins at the end: what there is not can't be waited for by its number. */
  #beginAt(record: number): void {
    const { topic, group } = this.wish;
    const place = Math.min(record, this.#seat.progress.nextRecord);
    const seat = this.#seat.groups.get(group);
    if (seat === undefined) return this.#goOnFrom(place);
    if (this.#parts.offsets.committed(topic.id, group) === 0) seat.isNew = true;
    const safe = this.#parts.offsets.begin(topic.id, group, place);
    if (safe === undefined) return this.#goOnFrom(place);
    // Nothing is sent before: after a kill the group would begin elsewhere, and leave it out.
    this.#isLocating = true;
    void safe.then((reason) => {
      if (this.isOver) return;
      if (reason === TapeReason.None) this.#goOnFrom(place);
      else this.end(reason, 0, tapeTopicReasonText(reason, topic.name));
    });
  }

  #goOnFrom(place: number): void {
    this.#isLocating = false;
    this.#place = place;
    if (this.wish.group !== "") this.#say(activeMessage(place));
    this.#carrier.ready();
  }

  // Input.

  /** Bytes of the peer, split anywhere; lent. */
  received(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.#heard_us = this.#parts.clock.monotonicMicros();
    const problem = this.#stream.receive(bytes, (type, memory) => this.#message(type, memory));
    if (problem !== TapeReason.None) this.end(problem);
  }

  #message(type: TapeType, { view }: TapeMemory): boolean {
    if (type === TapeType.Credit) {
      this.#credit = Math.min(this.#credit + readCredit(view, 0), CREDIT_MAX_BYTES);
      this.#carrier.ready();
    } else if (type === TapeType.CommitOffset) this.#commit(readCommitOffset(view, 0));
    else if (type === TapeType.Bye) this.#finish();
    return !this.isOver;
  }

  #commit(record: number): void {
    const { topic, group } = this.wish;
    if (group === "") return this.end(TapeReason.Malformed, 0, "only a group's member commits");
    if (this.#place === NOWHERE) return this.end(TapeReason.Malformed, 0, "the active member alone commits");
    if (record > this.#place) {
      return this.end(TapeReason.Malformed, 0, `record ${record} was not sent: it can't be done`);
    }
    const seat = this.#seat.groups.get(group);
    if (seat !== undefined) seat.isNew = false;
    this.#parts.offsets.commit(topic.id, group, record);
  }

  // Output.

  delivered(failure: ReadFailure | undefined): void {
    if (failure === undefined) return this.#carrier.ready();
    this.#delivery = undefined;
    this.#failed(failure);
  }

  #failed(failure: ReadFailure): void {
    this.end(failure.reason, failure.detail, readFailureText(failure, this.wish.topic.name, this.#place));
  }

  mayWant(): void {
    this.#carrier.ready();
  }

  /** Sends a piece, when there is one and it may; true: there is another. */
  pump(): boolean {
    if (this.isOver || this.#held_us !== undefined || this.#place === NOWHERE) return false;
    const delivery = this.#delivery ?? this.#want();
    if (delivery === undefined || delivery.isReading) return false;
    this.#send(delivery);
    return this.#held_us === undefined && this.#credit > 0 && this.#place < this.#seat.progress.nextRecord;
  }

  #want(): Delivery | undefined {
    const { progress } = this.#seat;
    if (this.#credit <= 0 || this.#place >= progress.nextRecord) return undefined;
    if (this.#place < progress.oldestRecord) {
      this.end(TapeReason.RecordGone, progress.oldestRecord);
      return undefined;
    }
    this.#delivery = this.#parts.pool.want(this, this.wish.topic.id, this.#place, progress);
    this.#at = -1;
    return this.#delivery;
  }

  #send(delivery: Delivery): void {
    const { limits, counters, clock } = this.#parts;
    if (this.#at < 0) {
      this.#at = startOf(delivery, this.#place);
      if (this.#credit > delivery.bytes - this.#at) this.#parts.pool.readAhead(delivery, this.#seat.progress);
    }
    const piece = pieceFrom(delivery, this.#at, this.#credit, limits.pieceBytes);
    assert(piece.bytes > 0, "a delivery holds what was wanted");
    const from = this.#at;
    this.#at += piece.bytes;
    this.#place = piece.nextRecord;
    this.#credit -= piece.bytes;
    counters.bytes += piece.bytes;
    counters.batches += piece.batches;
    this.#sent_us = clock.monotonicMicros();
    if (this.#carrier.send(delivery.memory.bytes, from, this.#at)) this.#goOn(0);
    else this.#hold();
  }

  #hold(): void {
    this.#held_us = this.#took_us = this.#parts.clock.monotonicMicros();
    this.#unacknowledged = this.#carrier.unacknowledged();
  }

  /** A piece is out: the buffer goes when nothing in it is to be sent, or others wait and this one is slow. */
  #goOn(took_us: number): void {
    const { pool, limits } = this.#parts;
    const delivery = this.#delivery;
    if (delivery === undefined) return;
    const isSlow = took_us >= limits.slowPiece_us && pool.waiting > 0;
    if (this.#at < delivery.bytes && this.#credit > 0 && !isSlow) return;
    this.#delivery = undefined;
    pool.release(delivery, this);
  }

  /** What was held has gone. */
  drained(): void {
    const held_us = this.#held_us ?? 0;
    this.#held_us = undefined;
    this.#goOn(this.#parts.clock.monotonicMicros() - held_us);
    while (this.#outbox.length > 0 && this.#held_us === undefined)
      this.#give(this.#outbox.shift() as Uint8Array);
    if (!this.isOver) this.#carrier.ready();
    else if (this.#outbox.length === 0) this.#carrier.close();
  }

  #say(message: Uint8Array): void {
    if (this.#held_us === undefined) this.#give(message);
    else this.#outbox.push(message);
  }

  #give(message: Uint8Array): void {
    this.#sent_us = this.#parts.clock.monotonicMicros();
    if (!this.#carrier.send(message, 0, message.length)) this.#hold();
  }

  // Time, and the end.

  /** Some times a second: heartbeats, and who takes or says nothing. */
  tick(): void {
    const { clock, limits } = this.#parts;
    const now_us = clock.monotonicMicros();
    if (this.#held_us !== undefined) return this.#watch(this.#held_us, now_us);
    if (this.#over_us !== undefined) {
      if (now_us - this.#over_us >= limits.stalled_us) this.#carrier.destroy();
      return;
    }
    if (now_us - this.#heard_us >= limits.silent_us) return this.#tooSlow("it has said nothing for too long");
    if (this.#mustLocate) this.#locate();
    if (now_us - this.#sent_us >= limits.quiet_us)
      this.#say(heartbeatMessage(this.#isOwed ? 0 : this.#seat.progress.nextRecord));
  }

  /** It may be sent what it was not sent yet, as far as is known: where the topic ends says nothing to it now. */
  get #isOwed(): boolean {
    const isBehind = this.#place !== NOWHERE && this.#place < this.#seat.progress.nextRecord;
    return this.#isLocating || (isBehind && this.#credit > 0);
  }

  /** Whether the peer takes what is held. */
  #watch(held_us: number, now_us: number): void {
    const { pool, limits } = this.#parts;
    const unacknowledged = this.#carrier.unacknowledged();
    if (unacknowledged !== this.#unacknowledged) this.#took_us = now_us;
    this.#unacknowledged = unacknowledged;
    const isWanted = this.#delivery !== undefined && pool.waiting > 0;
    const patience_us = isWanted ? limits.stalledWhileWanted_us : limits.stalled_us;
    const isTooLong = isWanted && now_us - held_us >= limits.pieceWhileWanted_us;
    if (now_us - this.#took_us < patience_us && !isTooLong) return;
    if (!this.isOver) this.#tooSlow("it takes nothing");
    this.#carrier.destroy();
  }

  #tooSlow(text: string): void {
    this.#parts.counters.tooSlow++;
    this.end(TapeReason.TooSlow, 0, text);
  }

  /** Ends it, and says why behind what is held. */
  end(reason: TapeReason, detail = 0, text = tapeReasonText(reason)): void {
    if (this.isOver) return;
    this.#parts.counters.ended++;
    this.#leave();
    this.#say(encodeEnd(TapeType.Fault, { reason, detail, text }));
    if (this.#outbox.length === 0) this.#carrier.close();
  }

  /** The peer has said all: what is held goes out, and then nothing more. */
  #finish(): void {
    this.#leave();
    this.#carrier.close();
  }

  /** The peer sends no more: as a Bye. */
  ended(): void {
    if (!this.isOver) this.#finish();
  }

  /** What the carrier holds stays as it is until the connection is closed. */
  #leave(): void {
    this.#over_us = this.#parts.clock.monotonicMicros();
    this.#parts.pool.forget(this);
    this.#carrier.left();
    if (this.#held_us === undefined) this.#release();
  }

  /** The connection is gone. */
  closed(): void {
    if (!this.isOver) this.#leave();
    this.#outbox.length = 0;
    this.#release();
  }

  #release(): void {
    if (this.#delivery !== undefined) this.#parts.pool.release(this.#delivery, this);
    this.#delivery = undefined;
  }
}
