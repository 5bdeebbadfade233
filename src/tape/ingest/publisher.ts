// What one publisher is told: acks as they are reached, coalesced into one that waits; a heartbeat when nothing was said for a while; a
// Fault last. One small block of memory holds whatever is on its way: an ack that waits is only ever replaced by a later
// one, so a publisher that reads nothing costs no more than one that does.

import { assert, type Transport } from "../../base/index.ts";
import {
  encodeEnd,
  TapeAck,
  type TapeReason,
  TapeType,
  tapeMemory,
  tapeTopicReasonText,
  writeBrokerHeartbeat,
  writeTapeAck,
} from "../../protocol/index.ts";
import type { ByteRate } from "./byte-rate.ts";
import type { BatchDrain } from "./drain.ts";

/** The topic that a publisher sends to; figures of now. */
export interface PublishedTopic {
  readonly id: number;
  readonly nextRecord: number;
  readonly topic: { readonly name: string };
}

export interface PublisherTerms {
  readonly topic: PublishedTopic;
  /** 0: nothing is acknowledged. */
  readonly ackLevel: number;
  /** The last batch that the session had when it was opened. */
  readonly lastBatch: number;
  /** Shared with other publishers of its key; undefined: as fast as it can. */
  readonly rate: ByteRate | undefined;
  /** What it is told first: that it was accepted. */
  readonly greeting: Uint8Array;
  /** Something that was sent before is held by the transport. */
  readonly isHeld: boolean;
}

export class Publisher {
  readonly drain: BatchDrain;
  readonly terms: PublisherTerms;
  /** Read from its socket and not taken; bounded by one read. */
  rest: Uint8Array | undefined;
  isPaused = false;
  /** In the list of those that were read in this turn. */
  isTouched = false;
  /** It sends no more, and is closed when all is acknowledged. */
  isLeaving = false;
  /** The last batch that was acknowledged, or is to be. */
  acked: number;
  /** Of the batches that were drained, those that are acknowledged; exact once the last one is. */
  acknowledged = 0;
  /** Its last word is on its way or said. */
  isOver = false;
  /** Something came of it since it was looked at last. */
  isHeard = true;
  /** A send is held since then; 0: none is. */
  heldSince_us = 0;
  readonly #connection: number;
  readonly #transport: Transport;
  readonly #out = tapeMemory(new ArrayBuffer(TapeAck.bytes));
  #ackedNext = 0;
  #isAckDue = false;
  #hasSpoken = true;
  #heard_us: number;
  #greeting: Uint8Array | undefined;
  #lastWord: Uint8Array | undefined;

  constructor(drain: BatchDrain, terms: PublisherTerms, transport: Transport, now_us: number) {
    this.drain = drain;
    this.terms = terms;
    this.#connection = drain.session.connection;
    this.#transport = transport;
    this.acked = terms.lastBatch;
    this.#heard_us = now_us;
    this.#greeting = terms.greeting;
    if (terms.isHeld) this.heldSince_us = now_us;
  }

  get connection(): number {
    return this.#connection;
  }

  /** All that it sent is handed over, and acknowledged as it asked for. */
  get isSettled(): boolean {
    if (this.drain.buffer >= 0) return false;
    return this.terms.ackLevel === 0 || this.acked >= this.drain.lastBatch;
  }

  /** Everything up to `batch` has reached its level: said with the next `flush`. True: it was not due before. */
  ack(batch: number, nextRecord: number): boolean {
    const wasDue = this.#isAckDue;
    // Numbers may be skipped: what they say more than was drained is none.
    const { batches, lastBatch } = this.drain;
    const newest = this.acknowledged + Math.max(0, batch - this.acked);
    this.acknowledged = batch >= lastBatch ? batches : Math.min(newest, batches);
    this.acked = batch;
    this.#ackedNext = nextRecord;
    this.#isAckDue = true;
    return !wasDue;
  }

  /** Says what is due, when nothing is held. */
  flush(now_us: number): void {
    if (this.heldSince_us !== 0) return;
    const greeting = this.#greeting;
    if (greeting !== undefined) {
      this.#greeting = undefined;
      this.#say(greeting, greeting.length, now_us);
    }
    const isToBeTold = !this.isOver || this.#lastWord !== undefined;
    if (this.#isAckDue && this.heldSince_us === 0 && isToBeTold) {
      this.#isAckDue = false;
      const bytes = writeTapeAck(this.#out.view, 0, this.acked, this.#ackedNext);
      this.#say(this.#out.bytes, bytes, now_us);
    }
    this.#leaveWhenDone();
  }

  /** Called once a second or so: says that it is still there, when nothing else was said since. */
  beat(now_us: number): void {
    if (!this.#hasSpoken && this.heldSince_us === 0 && !this.isOver) {
      const bytes = writeBrokerHeartbeat(this.#out.view, 0, this.terms.topic.nextRecord);
      this.#say(this.#out.bytes, bytes, now_us);
    }
    this.#hasSpoken = false;
  }

  /** For how long it has said nothing, as far as it is read and has not said that it ends. Called once a second or so. */
  silence_us(now_us: number): number {
    if (this.isHeard || this.isPaused || this.isLeaving) this.#heard_us = now_us;
    this.isHeard = false;
    return now_us - this.#heard_us;
  }

  /** What was held is out. */
  drained(now_us: number): void {
    this.heldSince_us = 0;
    this.flush(now_us);
  }

  /** The ack that is due, the last word, then the end; they wait for what is held. */
  fault(reason: TapeReason, detail: number, now_us: number): void {
    if (this.isOver) return;
    this.isOver = true;
    const text = tapeTopicReasonText(reason, this.terms.topic.topic.name);
    this.#lastWord = encodeEnd(TapeType.Fault, { reason, detail, text });
    this.flush(now_us);
  }

  #say(bytes: Uint8Array, length: number, now_us: number): void {
    this.#hasSpoken = true;
    assert(this.heldSince_us === 0, "one message is on its way at a time");
    if (!this.#transport.send(this.#connection, bytes, 0, length)) this.heldSince_us = now_us;
  }

  #leaveWhenDone(): void {
    if (this.heldSince_us !== 0 || this.#greeting !== undefined) return;
    const word = this.#lastWord;
    if (word !== undefined) {
      this.#lastWord = undefined;
      this.#transport.send(this.#connection, word, 0, word.length);
      this.#transport.close(this.#connection);
    } else if (this.isLeaving && !this.#isAckDue && this.isSettled && !this.isOver) {
      this.isOver = true;
      this.#transport.close(this.#connection);
    }
  }
}
