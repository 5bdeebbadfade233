// A publisher: records go into batches, batches over a connection that is made again when it is lost, and what is not acknowledged is sent
// again: exactly that, from the batch behind the last one that the broker says it has.
//
// Bounds: the window's bytes (publish-window.ts); beyond them `append` answers false and `publish` is refused. A batch that is
// begun waits `linger_ms` for more. Away for longer than `reconnectFor_ms` it fails.

import { SeriatimError } from "../../base/index.ts";
import { NativeChecksums } from "../../platform/index.ts";
import {
  readTapeAck,
  type TapeAcceptedFields,
  type TapeMemory,
  TapeRole,
  TapeType,
} from "../../protocol/index.ts";
import { invalidArgument } from "./errors.ts";
import { lastGoodOf, Resume, resumeOf } from "./publish-course.ts";
import { type BatchPlace, type InFlightBatch, PublishWindow } from "./publish-window.ts";
import {
  checkedPublisher,
  type TapePublisherOptions,
  type TapeRecordInput,
  type TapeRecordOptions,
} from "./publisher-options.ts";
import { AfterLoss, ReconnectingLink } from "./reconnecting.ts";
import { RecordIntake } from "./record-intake.ts";

/** Where a record is that was acknowledged. */
export interface Published {
  /** Its batch's number in the session. */
  readonly batch: number;
  /** Its number in the topic; undefined where the broker's answer did not tell it: at level 0, of a batch sent twice, or one answer for several batches. */
  readonly record: number | undefined;
}

export interface PublisherFigures {
  /** Of batches that were acknowledged: at level 0, given to the kernel. */
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  /** Batches that were sent again. */
  readonly resent: number;
  readonly inFlightBytes: number;
  /** Connections that were accepted, the first one too. */
  readonly connections: number;
}

/**
 * Publishes records to one topic, made by `TapePublisher.connect`. `append` answers false when it has no room (await `room()`); `publish`
 * resolves when the record's batch is acknowledged. Once it has failed, everything rejects with the SeriatimError that `closed` has too.
 */
export class TapePublisher {
  /** Resolves when it is closed, with why when nobody asked for it; never rejects. */
  readonly closed: Promise<SeriatimError | undefined>;
  readonly #options: ReturnType<typeof checkedPublisher>;
  readonly #window: PublishWindow;
  readonly #intake: RecordIntake;
  readonly #link: ReconnectingLink;
  readonly #closed = Promise.withResolvers<SeriatimError | undefined>();
  #accepted: TapeAcceptedFields | undefined;
  #epoch: number;
  #acknowledged = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #failure: SeriatimError | undefined;
  #isClosing = false;
  #counts = { batches: 0, records: 0, bytes: 0, resent: 0 };

  /**
   * Connects, and opens the session. Rejects with SeriatimError: `INVALID_ARGUMENT`, `CONNECT_FAILED`, or why the broker refused
   * (`ORDER_LEVEL`, `NOT_ALLOWED`, `SESSION_FENCED`, ...). Later it connects again by itself.
   */
  static async connect(options: TapePublisherOptions): Promise<TapePublisher> {
    const publisher = new TapePublisher(options);
    await publisher.#link.first;
    return publisher;
  }

  private constructor(options: TapePublisherOptions) {
    const checked = checkedPublisher(options);
    this.#options = checked;
    this.#epoch = checked.epoch;
    this.closed = this.#closed.promise;
    const { inFlightBytes, batchBytes, compress } = checked;
    this.#window = new PublishWindow(inFlightBytes, batchBytes, new NativeChecksums(), compress);
    this.#intake = new RecordIntake(this.#window, batchBytes, checked.linger_ms, () => this.#seal());
    this.#link = new ReconnectingLink(checked.peer, checked.reconnectFor_us, {
      hello: () => this.#hello(),
      accepted: (accepted) => this.#resume(accepted),
      message: (type, memory) => this.#take(type, memory),
      lost: (failure) => this.#lost(failure),
      again: (failure) => checked.onState("reconnecting", failure),
      over: (failure) => this.#over(failure),
    });
  }

  /** Its session's epoch. */
  get epoch(): number {
    return this.#epoch;
  }

  /** What the newest connection was accepted with: the topic, and how far its log and the session were then. */
  get accepted(): TapeAcceptedFields {
    if (this.#accepted === undefined) throw invalidArgument("the publisher was not accepted yet");
    return this.#accepted;
  }

  get figures(): PublisherFigures {
    const { connections } = this.#link;
    return { ...this.#counts, inFlightBytes: this.#window.bytes, connections };
  }

  /**
   * Adds a record to the batch that is being filled. False: the window is full, and nothing was added; see `room`. Throws
   * `INVALID_ARGUMENT` for what fits no batch, and the failure of a publisher that is over.
   */
  append(value: Uint8Array | string, options?: TapeRecordOptions): boolean {
    this.#checkOpen();
    return this.#intake.add(value, options);
  }

  /** Resolves when a record of any size may be added; rejects when the publisher is over. */
  room(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#window.hasRoom) return Promise.resolve();
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /**
   * Publishes one record; resolves when its batch is acknowledged. Promises settle in the order of their records. Rejects with `WINDOW_FULL`
   * when there is no room for it now (see `room`), and with why the publisher is over.
   */
  async publish(value: Uint8Array | string, options?: TapeRecordOptions): Promise<Published> {
    if (!this.append(value, options)) throw windowFull();
    return this.#placeOf(this.#window.openRecords - 1);
  }

  /** Publishes records as one batch of their own: all of them, or none. Resolves with the first one's place. Rejects like `publish`. */
  async publishBatch(records: readonly TapeRecordInput[]): Promise<Published> {
    this.#checkOpen();
    if (records.length === 0) throw invalidArgument("a batch has at least one record");
    this.#intake.seal();
    if (!this.#window.hasRoom) throw windowFull();
    this.#intake.addTogether(records);
    const place = this.#placeOf(0);
    this.#intake.seal();
    return place;
  }

  /** Sends what was added; resolves when all of it is acknowledged. Rejects with why the publisher is over. */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#intake.seal();
    await this.#window.lastPlace();
  }

  /** Flushes, and ends the session's connection in order. Resolves when it is closed; rejects with why it did not come to that. */
  async close(): Promise<void> {
    if (!this.#isClosing && this.#failure === undefined) {
      this.#intake.seal();
      this.#isClosing = true;
      if (this.#link.connection === undefined && this.#window.unacknowledged === 0)
        this.#link.stop(undefined);
      else this.#link.accepted?.finish(true);
    }
    const failure = await this.closed;
    if (failure !== undefined) throw failure;
  }

  /** Ends it at once: what is not acknowledged may be lost or not. */
  destroy(): void {
    this.#link.stop(new SeriatimError("CLOSED", "the publisher was destroyed"));
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosing) throw new SeriatimError("CLOSED", "the publisher is closing");
  }

  #placeOf(index: number): Promise<Published> {
    return this.#window.openPlace().then(({ batch, firstRecord }: BatchPlace) => ({
      batch,
      record: firstRecord === undefined ? undefined : firstRecord + index,
    }));
  }

  #seal(): void {
    const sealed = this.#window.seal(this.#options.publisher, this.#epoch);
    if (sealed !== undefined) this.#send(sealed);
  }

  /** Without a connection nothing is sent: it is missing for the next one. */
  #send(sealed: InFlightBatch): void {
    const connection = this.#link.accepted;
    if (connection === undefined) return;
    if (sealed.wasSent) this.#counts.resent++;
    sealed.wasSent = true;
    sealed.isReleased = false;
    const { at, length } = sealed;
    connection.send(this.#window.memory.bytes.subarray(at, at + length), () => {
      if (this.#link.connection === connection) this.#released(sealed);
    });
  }

  #released(sealed: InFlightBatch): void {
    sealed.isReleased = true;
    if (this.#options.ack === 0) this.#acknowledge(sealed.batch, 0);
    else this.#window.free();
    this.#wakeRoom();
  }

  #hello() {
    const { topic, order, ack, publisher } = this.#options;
    const none = { group: "", replicas: 1, fromKind: 0, from: 0, credit: 0 } as const;
    return { ...none, role: TapeRole.Publisher, topic, order, ack, publisher, epoch: this.#epoch } as const;
  }

  #resume(accepted: TapeAcceptedFields): void {
    const isFirst = this.#accepted === undefined;
    const standing = {
      epoch: isFirst ? -1 : this.#epoch,
      acknowledged: this.#acknowledged,
      nextBatch: this.#window.nextBatch,
      ack: this.#options.ack,
    };
    const resume = resumeOf(standing, accepted);
    if (resume === Resume.Lost || resume === Resume.Taken) {
      this.#link.stop(sessionError(resume, accepted.lastBatch, this.#acknowledged));
      return;
    }
    this.#accepted = accepted;
    this.#epoch = accepted.epoch;
    if (resume === Resume.Renumber) {
      this.#acknowledged = accepted.lastBatch;
      this.#window.renumber(accepted.lastBatch + 1, accepted.epoch);
    } else this.#acknowledge(accepted.lastBatch, 0);
    this.#options.onState("connected", undefined);
    for (const sealed of this.#window.missing()) this.#send(sealed);
    if (this.#isClosing) this.#link.accepted?.finish(true);
  }

  #take(type: TapeType, { view }: TapeMemory): string | undefined {
    if (type === TapeType.BrokerHeartbeat) return undefined;
    if (type !== TapeType.Ack) return `a message of type ${type} to a publisher`;
    const { batch, nextRecord } = readTapeAck(view, 0);
    if (batch >= this.#window.nextBatch) return `an acknowledgement of batch ${batch}, which was not sent`;
    this.#acknowledge(batch, nextRecord);
    return undefined;
  }

  #acknowledge(batch: number, nextRecord: number): void {
    if (batch <= this.#acknowledged) return;
    if (this.#options.ack > 0) this.#link.gotOn();
    for (const sealed of this.#window.missing()) {
      if (sealed.batch > batch) break;
      this.#counts.batches++;
      this.#counts.records += sealed.records;
      this.#counts.bytes += sealed.length;
    }
    this.#acknowledged = batch;
    this.#window.acknowledge(batch, nextRecord);
    this.#wakeRoom();
  }

  #wakeRoom(): void {
    if (this.#room === undefined || !this.#window.hasRoom) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  #lost(failure: SeriatimError | undefined): AfterLoss {
    this.#window.releaseAll();
    this.#wakeRoom();
    const lastGood = lastGoodOf(failure);
    if (lastGood !== undefined) this.#acknowledge(Math.min(lastGood, this.#window.nextBatch - 1), 0);
    if (this.#isDone()) return AfterLoss.Done;
    if (lastGood === undefined || !this.#options.reopen) return AfterLoss.Usual;
    this.#epoch = 0;
    return AfterLoss.Again;
  }

  #isDone(): boolean {
    return this.#isClosing && this.#window.unacknowledged === 0;
  }

  #over(failure: SeriatimError | undefined): void {
    this.#intake.stop();
    const why = this.#isDone()
      ? undefined
      : (failure ?? new SeriatimError("CLOSED", "the publisher was closed"));
    this.#failure = why ?? new SeriatimError("CLOSED", "the publisher is closed");
    this.#window.fail(this.#failure);
    this.#room?.reject(this.#failure);
    // Who never connected is told by `connect`.
    if (this.#accepted !== undefined) this.#options.onState("closed", why);
    this.#closed.resolve(why);
  }
}

function windowFull(): SeriatimError {
  return new SeriatimError("WINDOW_FULL", "the publisher's window is full: wait for room()");
}

function sessionError(resume: Resume, lastBatch: number, acknowledged: number): SeriatimError {
  return resume === Resume.Taken
    ? new SeriatimError("SESSION_TAKEN", `the session has batch ${lastBatch}, which is another publisher's`)
    : new SeriatimError(
        "ACKNOWLEDGED_LOST",
        `the tape has lost batches ${lastBatch + 1} to ${acknowledged}, which it had acknowledged without making them durable`,
      );
}
