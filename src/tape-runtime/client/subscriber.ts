// A subscriber: the records of a topic in their order, at its own pace. A connection that is lost is made again, and it goes on behind the last
// record that came; a member of a group goes on where the group's committed offset is.
//
// Bounds: what was sent and not taken (batch-queue.ts): the broker sends no more than the credit. Away for longer than
// `reconnectFor_ms` it fails.

import { SeriatimError } from "../../base/index.ts";
import { NativeChecksums } from "../../platform/index.ts";
import {
  readActive,
  readBrokerHeartbeat,
  TAPE_ORDER_ANY,
  type TapeAcceptedFields,
  TapeFrom,
  type TapeMemory,
  TapeRole,
  TapeType,
  tapeMemory,
  writeCommitOffset,
  writeCredit,
} from "../../protocol/index.ts";
import { BatchQueue } from "./batch-queue.ts";
import { DamagedBatch, type ReceivedBatch, receiveBatch, type TapeRecord } from "./received-batch.ts";
import { AfterLoss, ReconnectingLink } from "./reconnecting.ts";
import { checkedSubscriber, type TapePlace, type TapeSubscriberOptions } from "./subscriber-options.ts";

/**
 * The records of one topic in their order, made by `TapeSubscriber.connect`; iterate it, or `batches()`. It throws the SeriatimError that ended
 * it.
 */
export class TapeSubscriber implements AsyncIterable<TapeRecord> {
  readonly #options: ReturnType<typeof checkedSubscriber>;
  readonly #queue: BatchQueue;
  readonly #link: ReconnectingLink;
  readonly #checksums = new NativeChecksums();
  readonly #closed = Promise.withResolvers<void>();
  #accepted: TapeAcceptedFields | undefined;
  /** Where it begins when nothing has come yet. */
  #where: TapePlace;
  /** The record that comes next; 0 while nobody knows. */
  #nextRecord = 0;
  /** Its place is behind what came, not what was asked for. */
  #hasReceived = false;
  /** Behind the last record that was taken. */
  #takenNext = 0;
  /** Behind the last record that the program has had, or was told of as damaged, since it is the active member. */
  #toldNext = 0;
  /** The same of all its connections. */
  #everToldNext = 0;
  /** Where it ends, when it doesn't follow. */
  #end = Number.POSITIVE_INFINITY;
  #isActive: boolean;
  #isClosing = false;

  /**
   * Connects, and begins to receive. Rejects with SeriatimError: `INVALID_ARGUMENT`, `CONNECT_FAILED`, or why the broker refused
   * (`TOPIC_UNKNOWN`, `RECORD_GONE`, `NOT_ALLOWED`, ...). Later it connects again by itself.
   */
  static async connect(options: TapeSubscriberOptions): Promise<TapeSubscriber> {
    const subscriber = new TapeSubscriber(options);
    await subscriber.#link.first;
    return subscriber;
  }

  private constructor(options: TapeSubscriberOptions) {
    const checked = checkedSubscriber(options);
    this.#options = checked;
    this.#where = checked.where;
    this.#isActive = checked.group === "";
    this.#queue = new BatchQueue(checked.creditBytes, (bytes) => this.#giveCredit(bytes));
    this.#link = new ReconnectingLink(checked.peer, checked.reconnectFor_us, {
      hello: () => this.#hello(),
      accepted: (accepted) => this.#begin(accepted),
      message: (type, memory, length) => this.#take(type, memory, length),
      lost: () => this.#lost(),
      again: (failure) => checked.onState("reconnecting", failure),
      over: (failure) => this.#over(failure),
    });
  }

  /** What the newest connection was accepted with: the topic, its oldest and its next record then. */
  get accepted(): TapeAcceptedFields {
    if (this.#accepted === undefined) throw new SeriatimError("CONNECTION_LOST", "it was not accepted yet");
    return this.#accepted;
  }

  /** Connections that were accepted, the first one too. */
  get connections(): number {
    return this.#link.connections;
  }

  /** Batches that came and wait to be taken. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * The records, one by one. Ends when it is closed, and without `follow` behind the topic's last record; throws why it is over otherwise. Who
   * leaves the loop closes it. One reader at a time.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<TapeRecord, undefined> {
    for await (const batch of this.#received()) {
      for (const record of batch) {
        this.#took(record.record + 1);
        yield record;
      }
    }
    return undefined;
  }

  /** The same by whole batches, for whoever takes much: its memory is credited when the next one is asked for. */
  async *batches(): AsyncGenerator<ReceivedBatch, undefined> {
    for await (const batch of this.#received()) {
      this.#took(batch.nextRecord);
      yield batch;
    }
    return undefined;
  }

  async *#received(): AsyncGenerator<ReceivedBatch, undefined> {
    try {
      for (let batch = await this.#queue.take(); batch !== undefined; batch = await this.#queue.take()) {
        yield batch;
        this.#queue.done(batch);
      }
    } finally {
      await this.close();
    }
    return undefined;
  }

  /**
   * For its group: everything before record `next` is done, by default everything that was taken. The broker has it on disk a moment later; what was taken
   * behind the last commit comes again, to this member or to another. Nothing happens while it is not the active member; of what came before
   * it was that, only what has come again is done. Throws `INVALID_ARGUMENT` where `next` is beyond what was ever taken.
   */
  commit(next = this.#takenNext): void {
    const connection = this.#link.accepted;
    if (!this.#isActive || this.#options.group === "" || next < 1 || connection === undefined) return;
    if (!(next <= this.#everToldNext)) {
      const why = `only what is before record ${this.#everToldNext} was taken`;
      throw new SeriatimError("INVALID_ARGUMENT", `everything before record ${next} can't be done: ${why}`);
    }
    const { bytes, view } = tapeMemory(new ArrayBuffer(16));
    writeCommitOffset(view, 0, Math.min(next, this.#toldNext, this.#nextRecord));
    connection.send(bytes);
  }

  /** Ends it; what was received and not taken is forgotten. Resolves when its connection is closed. */
  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#queue.clear();
      this.#queue.finish(undefined);
      const { accepted } = this.#link;
      if (accepted === undefined) this.#link.stop(undefined);
      else accepted.finish(false);
    }
    await this.#closed.promise;
  }

  #took(next: number): void {
    this.#takenNext = next;
    this.#told(next);
  }

  #told(next: number): void {
    this.#toldNext = Math.max(this.#toldNext, next);
    this.#everToldNext = Math.max(this.#everToldNext, next);
  }

  #hello() {
    const { topic, group } = this.#options;
    const none = { order: TAPE_ORDER_ANY, ack: 0, replicas: 1, publisher: 0, epoch: 0 } as const;
    const where = this.#nextRecord > 0 ? recordAt(this.#nextRecord) : this.#where;
    const credit = this.#queue.firstCredit();
    return { ...none, role: TapeRole.Subscriber, topic, group, ...where, credit } as const;
  }

  #begin(accepted: TapeAcceptedFields): void {
    // Where the topic ended first, or where it ends now: it may have lost its end.
    if (!this.#options.follow) this.#end = Math.min(this.#end, accepted.nextRecord);
    if (this.#accepted === undefined) {
      // From now on the end is a record: what comes while it is away is not missed.
      if (this.#where.fromKind === TapeFrom.End) this.#where = recordAt(accepted.nextRecord);
      if (this.#where.fromKind === TapeFrom.Record) this.#nextRecord = this.#where.from;
    } else if (this.#hasReceived) {
      // A power failure may have taken what was not durable; what got those numbers anew is not what came before.
      this.#nextRecord = Math.min(this.#nextRecord, accepted.nextRecord);
    }
    this.#accepted = accepted;
    // A member of a group is told next which of the two it is.
    if (this.#options.group === "") this.#options.onState("active", undefined);
    this.#queue.credit();
    this.#endWhenRead(accepted.oldestRecord === accepted.nextRecord);
  }

  #take(type: TapeType, memory: TapeMemory, length: number): string | undefined {
    if (type === TapeType.Batch) return this.#receive(memory, length);
    if (type === TapeType.BrokerHeartbeat) {
      // Who knows which record follows waits for it, however long it takes. For all others nothing comes from the place asked for.
      this.#endWhenRead(this.#nextRecord === 0 && readBrokerHeartbeat(memory.view, 0) >= this.#end);
    } else if (type === TapeType.Active) this.#activate(readActive(memory.view, 0));
    else if (type === TapeType.Standby) this.#standBy();
    else return `a message of type ${type} to a subscriber`;
    return undefined;
  }

  #receive(memory: TapeMemory, length: number): string | undefined {
    if (this.#isClosing) return undefined;
    const batch = receiveBatch(memory, length, this.#nextRecord, this.#checksums);
    if (typeof batch === "string") return batch;
    const { firstRecord, nextRecord } = batch;
    if (this.#nextRecord > 0 && firstRecord > this.#nextRecord) {
      return `record ${firstRecord} where ${this.#nextRecord} follows`;
    }
    if (nextRecord <= this.#nextRecord) {
      this.#giveCredit(length);
      return undefined;
    }
    this.#link.gotOn();
    this.#hasReceived = true;
    this.#nextRecord = nextRecord;
    if (batch instanceof DamagedBatch) this.#passOver(batch, length);
    else this.#queue.push(batch);
    this.#endWhenRead(false);
    return undefined;
  }

  /** What nobody can read ends who has not said that it may be missing: a hole is never silent. */
  #passOver(batch: DamagedBatch, length: number): void {
    const { onDamaged, topic } = this.#options;
    if (onDamaged === undefined) {
      this.#link.stop(new SeriatimError("BATCH_DAMAGED", `topic "${topic}": ${batch.text}`));
      return;
    }
    this.#giveCredit(length);
    this.#told(batch.nextRecord);
    onDamaged(batch);
  }

  #endWhenRead(isAtEnd: boolean): void {
    if (this.#end === Number.POSITIVE_INFINITY) return;
    if (isAtEnd || this.#nextRecord >= this.#end) this.#queue.finish(undefined);
  }

  #activate(record: number): void {
    this.#isActive = true;
    this.#nextRecord = record;
    this.#toldNext = record;
    this.#took(record);
    // Where it began counts for a group that has committed nothing when it is lost.
    this.#where = recordAt(record);
    this.#options.onState("active", undefined);
    this.#endWhenRead(false);
  }

  #standBy(): void {
    this.#isActive = false;
    this.#options.onState("standby", undefined);
  }

  #giveCredit(credit: number): boolean {
    const connection = this.#link.accepted;
    if (connection === undefined || this.#isClosing) return false;
    const { bytes, view } = tapeMemory(new ArrayBuffer(16));
    connection.send(bytes.subarray(0, writeCredit(view, 0, credit)));
    return true;
  }

  #lost(): AfterLoss {
    if (this.#isClosing) return AfterLoss.Done;
    if (this.#options.group !== "") {
      // Another member may have what waits here.
      this.#queue.clear();
      this.#isActive = false;
      this.#nextRecord = 0;
    }
    return AfterLoss.Usual;
  }

  #over(failure: SeriatimError | undefined): void {
    const why = this.#isClosing
      ? undefined
      : (failure ?? new SeriatimError("CONNECTION_LOST", "the tape closed the connection"));
    // Who never connected is told by `connect`.
    if (this.#accepted !== undefined) this.#options.onState("closed", why);
    this.#queue.finish(why);
    this.#closed.resolve();
  }
}

function recordAt(from: number): TapePlace {
  return { fromKind: TapeFrom.Record, from };
}
