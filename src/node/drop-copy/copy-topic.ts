// One topic of the exchange, as its publisher: opening its session fences every earlier one, so what the topic holds then is all that they will ever
// have put there, and its last record says where to go on.

import { SeriatimError } from "../../base/index.ts";
import { readDropCopyKey } from "../../protocol/index.ts";
import { type TapePeerOptions, TapePublisher, TapeSubscriber } from "../../tape-runtime/index.ts";
import type { CopyBatch } from "./batcher.ts";
import { type DropCopyStream, dropCopyTopic, RECORDS_GONE, type TopicEnd } from "./topic-source.ts";

/** The exchange's own, in each of its topics. */
const PUBLISHER = 1;
/** Fences, and keeps the order of its batches over reconnects. */
const ORDER = 2;
/** What is acknowledged is on the disk. */
const ACK = 2;
/** Of batches that are not acknowledged: beyond it the log is read no further. */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024;
/** The broker is in this process: one that is away for longer has ended. */
const RECONNECT_MS = 5_000;

export class CopyTopic {
  readonly stream: DropCopyStream;
  /** How the topic ended when its session was opened. */
  readonly last: TopicEnd;
  readonly #publisher: TapePublisher;
  #failure: SeriatimError | undefined;

  /** Rejects with what the tape says, or DROP_COPY_FOREIGN for a topic that holds what is none of this exchange's records. */
  static async open(stream: DropCopyStream, peer: TapePeerOptions): Promise<CopyTopic> {
    const topic = dropCopyTopic(stream);
    const publisher = await TapePublisher.connect({
      ...{ ...peer, topic, publisher: PUBLISHER, order: ORDER, ack: ACK },
      ...{ inFlightBytes: IN_FLIGHT_BYTES, reconnectFor_ms: RECONNECT_MS },
    });
    try {
      const { nextRecord, oldestRecord } = publisher.accepted;
      const isEmpty = nextRecord === oldestRecord;
      const last = isEmpty ? emptyEnd(nextRecord) : await lastRecord(topic, nextRecord, peer);
      return new CopyTopic(stream, publisher, last);
    } catch (error) {
      publisher.destroy();
      throw error;
    }
  }

  private constructor(stream: DropCopyStream, publisher: TapePublisher, last: TopicEnd) {
    this.stream = stream;
    this.last = last;
    this.#publisher = publisher;
    publisher.closed.then((failure) => {
      this.#failure ??= failure;
    });
  }

  /** Resolves when the batch is on its way; rejects with why no more can be. */
  async publish({ records }: CopyBatch): Promise<void> {
    await this.#publisher.room();
    this.#publisher.publishBatch(records).catch((error: SeriatimError) => {
      this.#failure ??= error;
    });
    this.check();
  }

  /** Throws why it is over, if it is. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when all that was published is acknowledged and the session closed; rejects with why not. */
  close(): Promise<void> {
    return this.#publisher.close();
  }

  /** Ends it at once. */
  destroy(): void {
    this.#publisher.destroy();
  }
}

/** Of a topic that holds nothing: whether it ever did. */
function emptyEnd(nextRecord: number): TopicEnd {
  return nextRecord === 1 ? undefined : RECORDS_GONE;
}

async function lastRecord(topic: string, nextRecord: number, peer: TapePeerOptions): Promise<TopicEnd> {
  const from = { record: nextRecord - 1 };
  const subscriber = await TapeSubscriber.connect({ ...peer, topic, from, follow: false });
  for await (const { record, key, value, time_us } of subscriber) {
    const place = readDropCopyKey(key);
    if (place !== undefined && time_us !== undefined)
      return { ...place, time_us, value: new Uint8Array(value) };
    const what = `record ${record} of topic ${topic} is none of an exchange's`;
    const help =
      "delete the topic while --tape-publish is not given, or give this exchange a tape of its own";
    throw new SeriatimError("DROP_COPY_FOREIGN", `${what}: ${help}`);
  }
  // Retired in this moment.
  return RECORDS_GONE;
}
