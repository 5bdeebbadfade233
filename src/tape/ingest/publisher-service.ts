// All publishers of a broker: whose bytes are drained, who waits for a buffer or for the commit queue, what is handed over when, and
// what each is told. It owns the staging pool's turns; sockets, rings and time are passed in.
//
//   received ──► drain ──► staging ──(buffer full, or the turn is over)──► commit queue
//   released ──► pool ──► the oldest waiter goes on           acked ──► one Ack per turn and connection
//
// Nobody is refused for want of room: who finds no buffer, or the queue full, is not read until there is room, the oldest first. What of
// its bytes was read already waits in memory of one read. Who holds a buffer that others wait for must end its batch in time.

import { type Clock, connectionSlot, type Transport } from "../../base/index.ts";
import { TapeReason } from "../../protocol/index.ts";
import { SlotQueue, type StagingPool } from "../staging/index.ts";
import { BatchDrain, type DrainSession, DrainState, type HandOver } from "./drain.ts";
import { Publisher, type PublisherTerms } from "./publisher.ts";
import type { CommitQueue, PublisherFigures, PublisherServiceOptions } from "./publisher-parts.ts";
import { PublisherTally } from "./publisher-tally.ts";
import { PublisherWatch } from "./publisher-watch.ts";

/** A part of this size is worth a wake-up of its own; smaller ones become visible together, when the turn is over. */
const PUBLISH_BYTES = 256 * 1024;

export class PublisherService {
  readonly #transport: Transport;
  readonly #pool: StagingPool;
  readonly #commits: CommitQueue;
  readonly #clock: Clock;
  /** By slot. */
  readonly #publishers: (Publisher | undefined)[];
  /** Read since the last turn. */
  #touched: Publisher[] = [];
  /** With an ack that is due. */
  #due: Publisher[] = [];
  #isTurnAsked = false;
  /** Nobody is read any more. */
  #isLeft = false;
  /** By commit worker: who waits for room in its queue. */
  readonly #forRoom: readonly SlotQueue[];
  readonly #watch: PublisherWatch;
  readonly #tally = new PublisherTally();

  constructor(options: PublisherServiceOptions) {
    this.#transport = options.transport;
    this.#pool = options.pool;
    this.#commits = options.commits;
    this.#clock = options.clock;
    this.#publishers = new Array(options.connectionsMax).fill(undefined);
    this.#forRoom = Array.from(
      { length: options.commits.workers },
      () => new SlotQueue(options.connectionsMax),
    );
    this.#watch = new PublisherWatch(this.#pool, (connection) => this.#find(connection)?.drain);
  }

  /** A session's connection: it is told that it was accepted, and its batches come. */
  open(session: DrainSession, terms: PublisherTerms): void {
    const { id } = terms.topic;
    const drain = new BatchDrain(session, this.#pool, this.#handOver(id), this.#commits.workerOf(id));
    const now_us = this.#clock.monotonicMicros();
    const publisher = new Publisher(drain, terms, this.#transport, now_us);
    this.#publishers[connectionSlot(session.connection)] = publisher;
    this.#tally.publishers++;
    publisher.flush(now_us);
  }

  received(connection: number, bytes: Uint8Array): void {
    const publisher = this.#find(connection);
    if (publisher === undefined || publisher.isLeaving || publisher.isOver) return;
    publisher.isHeard = true;
    this.#spend(publisher, bytes.length);
    const taken = publisher.drain.take(bytes, 0, bytes.length);
    if (taken < bytes.length) publisher.rest = bytes.slice(taken);
    this.#settle(publisher);
  }

  /** Where the rest of its batch may be read to, in staging; undefined: what comes is `received`. */
  space(connection: number): Uint8Array | undefined {
    return this.#find(connection)?.drain.target();
  }

  /** So many bytes were read into the last `space`. */
  filled(connection: number, count: number): void {
    const publisher = this.#find(connection);
    if (publisher === undefined || publisher.isLeaving || publisher.isOver) return;
    publisher.isHeard = true;
    this.#spend(publisher, count);
    publisher.drain.advance(count);
    this.#settle(publisher);
  }

  drained(connection: number): void {
    this.#find(connection)?.drained(this.#clock.monotonicMicros());
  }

  /** It sends no more: what is whole is committed, and its acks go out. */
  ended(connection: number): void {
    const publisher = this.#find(connection);
    if (publisher !== undefined) this.#leave(publisher);
  }

  /** It is gone: what it had not sent whole is forgotten, and its buffer free. */
  closed(connection: number): void {
    const publisher = this.#find(connection);
    if (publisher === undefined) return;
    this.#publishers[connectionSlot(connection)] = undefined;
    this.#tally.gone(publisher);
    publisher.isOver = true;
    this.#forget(publisher);
    publisher.drain.closed();
    this.#commits.closeConnection(connection, publisher.terms.topic.id);
    this.#ask();
  }

  /** The commit stage is done with a part of `buffer`. */
  released(buffer: number): void {
    this.#pool.returned(buffer);
  }

  /** Everything up to `batch` of this connection has reached its ack level. */
  acked(connection: number, batch: number, nextRecord: number): void {
    const publisher = this.#find(connection);
    if (publisher === undefined) return;
    const before = publisher.acknowledged;
    if (publisher.ack(batch, nextRecord)) this.#due.push(publisher);
    this.#tally.batchesAcknowledged += publisher.acknowledged - before;
  }

  /** The commit stage refuses what this connection sends. */
  fault(connection: number, reason: TapeReason, detail: number): void {
    const publisher = this.#find(connection);
    if (publisher !== undefined) this.#end(publisher, reason, detail);
  }

  /** Every publisher of `topic` is told the same, and closed. */
  faultTopic(topic: number, reason: TapeReason): void {
    for (const publisher of this.#publishers) {
      if (publisher?.terms.topic.id === topic) this.#end(publisher, reason, 0);
    }
  }

  /** After results of the commit stage: acks go out, and who waited for what they freed goes on. */
  settle(): void {
    const now_us = this.#clock.monotonicMicros();
    const due = this.#due;
    this.#due = [];
    for (const publisher of due) publisher.flush(now_us);
    for (let worker = 0; worker < this.#forRoom.length; worker++) {
      if (this.#commits.hasRoom(worker)) this.#offerRoom(worker);
    }
    this.#grant();
  }

  /** Deadlines, rates and heartbeats; ten times a second. */
  tick(): void {
    const now_us = this.#clock.monotonicMicros();
    this.#pool.relax();
    this.settle();
    for (const publisher of this.#watch.withinRate(now_us)) this.#goOn(publisher);
    for (const connection of this.#watch.overdue(now_us)) {
      const publisher = this.#find(connection);
      if (publisher !== undefined) this.#breakOff(publisher);
    }
    this.#grant();
    const { deaf, silent } = this.#watch.beat(this.#publishers, now_us);
    for (const { connection } of deaf) this.#transport.destroy(connection);
    for (const publisher of silent) this.#breakOff(publisher);
  }

  /** Nobody is read any more; whatever is whole is handed over, now or when the commit queue has room (`isWaiting`). `shutDown` follows. */
  leaveAll(): void {
    this.#isLeft = true;
    for (const publisher of this.#publishers) {
      if (publisher === undefined) continue;
      this.#pause(publisher);
      publisher.rest = undefined;
      if (publisher.drain.endTurn()) this.#forget(publisher);
      else this.#roomQueue(publisher).push(publisher.connection);
    }
    this.#turn();
  }

  /** Somebody waits for room in the commit queue. */
  get isWaiting(): boolean {
    return this.#forRoom.some(({ length }) => length > 0);
  }

  /** The last word to all. */
  shutDown(): void {
    for (const publisher of this.#publishers) {
      if (publisher !== undefined) this.#end(publisher, TapeReason.ShuttingDown, 0);
    }
  }

  figures(): PublisherFigures {
    return this.#tally.figures(this.#publishers);
  }

  #handOver(topic: number): HandOver {
    const commits = this.#commits;
    return ({ connection }, buffer, at, bytes, batches) => {
      if (!commits.part(connection, topic, buffer, at, bytes, batches)) return false;
      if (bytes >= PUBLISH_BYTES) commits.publish();
      return true;
    };
  }

  #find(connection: number): Publisher | undefined {
    const found = this.#publishers[connectionSlot(connection)];
    return found?.connection === connection ? found : undefined;
  }

  /** After its bytes were drained: reads on, waits, or is over. */
  #settle(publisher: Publisher): void {
    const { drain } = publisher;
    this.#touch(publisher);
    switch (drain.state) {
      case DrainState.WaitBuffer:
        return this.#pause(publisher);
      case DrainState.WaitCommit:
        this.#roomQueue(publisher).push(publisher.connection);
        return this.#pause(publisher);
      case DrainState.Over:
        publisher.rest = undefined;
        if (drain.problem === TapeReason.None) this.#leave(publisher);
        return;
      default:
        if (publisher.rest !== undefined || drain.isStopped) this.#pause(publisher);
        else this.#resume(publisher);
    }
  }

  /** Drains what waited in memory, then reads on. */
  #goOn(publisher: Publisher): void {
    const { rest, drain } = publisher;
    if (rest !== undefined) {
      const taken = drain.take(rest, 0, rest.length);
      publisher.rest = taken < rest.length ? rest.subarray(taken) : undefined;
    }
    this.#settle(publisher);
  }

  #pause(publisher: Publisher): void {
    if (publisher.isPaused) return;
    publisher.isPaused = true;
    this.#transport.pause(publisher.connection);
  }

  #resume(publisher: Publisher): void {
    if (!publisher.isPaused) return;
    publisher.isPaused = false;
    this.#transport.resume(publisher.connection);
  }

  #touch(publisher: Publisher): void {
    if (!publisher.isTouched) {
      publisher.isTouched = true;
      this.#touched.push(publisher);
    }
    this.#ask();
  }

  #ask(): void {
    if (this.#isTurnAsked) return;
    this.#isTurnAsked = true;
    this.#transport.nextTurn(this.#turn);
  }

  /** Nothing more is read in this turn: whatever is whole is handed over. */
  readonly #turn = (): void => {
    this.#isTurnAsked = false;
    const touched = this.#touched;
    this.#touched = [];
    for (const publisher of touched) {
      publisher.isTouched = false;
      this.#endTurn(publisher);
    }
    this.#grant();
    this.#commits.publish();
  };

  #endTurn(publisher: Publisher): void {
    const { drain } = publisher;
    if (publisher.isOver) return;
    if (drain.endTurn()) {
      if (drain.problem !== TapeReason.None) this.#end(publisher, drain.problem, 0);
      else if (publisher.isLeaving) publisher.flush(this.#clock.monotonicMicros());
      return;
    }
    this.#roomQueue(publisher).push(publisher.connection);
    this.#pause(publisher);
  }

  #leave(publisher: Publisher): void {
    if (publisher.isOver || publisher.isLeaving) return;
    publisher.isLeaving = true;
    publisher.drain.finish();
    this.#touch(publisher);
  }

  #end(publisher: Publisher, reason: TapeReason, detail: number): void {
    if (publisher.isOver) return;
    this.#forget(publisher);
    this.#tally.faulted++;
    publisher.fault(reason, detail, this.#clock.monotonicMicros());
  }

  /** Nothing more is taken of what it sent, and it waits for nothing. */
  #forget(publisher: Publisher): void {
    publisher.rest = undefined;
    publisher.drain.abandon();
    this.#watch.forget(publisher);
    this.#roomQueue(publisher).remove(publisher.connection);
  }

  /** Who waits for room in the queue of the publisher's worker. */
  #roomQueue({ terms }: Publisher): SlotQueue {
    return this.#forRoom[this.#commits.workerOf(terms.topic.id)];
  }

  /** The queue of `worker` may have room: who waits for it goes on, the one that waits longest first. */
  #offerRoom(worker: number): void {
    const queue = this.#forRoom[worker];
    for (let left = queue.length; left > 0; left--) {
      const connection = queue.shift();
      const publisher = this.#find(connection);
      if (publisher === undefined) continue;
      if (!publisher.drain.resume()) {
        queue.push(connection);
        return;
      }
      if (this.#isLeft) this.#forget(publisher);
      else this.#goOn(publisher);
    }
    if (this.#isLeft) this.#commits.publish();
  }

  #grant(): void {
    for (;;) {
      const connection = this.#pool.grant();
      if (connection < 0) return;
      const publisher = this.#find(connection);
      if (publisher === undefined) continue;
      publisher.drain.granted(this.#pool.granted);
      this.#goOn(publisher);
    }
  }

  #spend(publisher: Publisher, bytes: number): void {
    if (publisher.terms.rate !== undefined)
      this.#watch.spend(publisher, bytes, this.#clock.monotonicMicros());
  }

  /** Told, and destroyed at once: its buffer may be being read into until the socket is gone. */
  #breakOff(publisher: Publisher): void {
    this.#end(publisher, TapeReason.TooSlow, 0);
    this.#transport.destroy(publisher.connection);
  }
}
