// Reading for subscribers, on the thread that owns the files: which topics are open, and where in them reading is likely to go on.
// Bounded: TOPICS_OPEN readers, the one idle longest closed for another; CURSORS places remembered of each.
// What a disk or a damaged file gives is the answer of the read; nothing here is thrown for it. `onDamage` hears file and offset, or
// what the system says, which the answer has no place for.

import { getU64, SeriatimError } from "../../base/index.ts";
import { TapeBatch, type TapeMemory, TapeReason } from "../../protocol/index.ts";
import type { RecordsGone, TopicCursor, TopicReader } from "../log/index.ts";
import type { ReadEnd, ReadWork } from "./read-ring.ts";
import type { ReadBatches, ReadFailure } from "./storage-reads.ts";

/** Each has a file open, or a few. */
const TOPICS_OPEN = 64;
/** Places in one topic where subscribers go on: beyond that the index is asked. */
const CURSORS = 64;

interface OpenTopic {
  readonly reader: TopicReader;
  /** By the record that is next there; in the order they were made. */
  readonly cursors: Map<number, TopicCursor>;
}

export class TopicReads implements ReadWork {
  readonly #open: (topic: number) => TopicReader;
  readonly #buffers: readonly TapeMemory[];
  readonly #onDamage: (topic: number, error: SeriatimError) => void;
  /** In the order they were used. */
  readonly #topics = new Map<number, OpenTopic>();

  /** `buffers`: the delivery buffers. `open`: makes a topic's reader, which may be one of a topic without a file yet. */
  constructor(
    buffers: readonly TapeMemory[],
    open: (topic: number) => TopicReader,
    onDamage: (topic: number, error: SeriatimError) => void,
  ) {
    this.#buffers = buffers;
    this.#open = open;
    this.#onDamage = onDamage;
  }

  read(buffer: number, topic: number, record: number, end: ReadEnd): ReadBatches | ReadFailure {
    const work = () => {
      const { reader, cursors } = this.#used(topic);
      const cursor = cursors.get(record) ?? reader.locate({ kind: "record", value: record }, end);
      if ("oldestRecord" in cursor) return gone(cursor);
      const into = this.#buffers[buffer];
      const found = reader.read(cursor, end.nextPosition, into, into.bytes.length);
      if ("oldestRecord" in found) return gone(found);
      // The broker said that it is there: who says otherwise has lost it.
      if (found.bytes === 0) return { reason: TapeReason.LogCorrupt, detail: 0 };
      remember(cursors, found.cursor);
      const firstRecord = getU64(into.view, TapeBatch.firstRecord);
      return { bytes: found.bytes, firstRecord, nextRecord: found.cursor.record };
    };
    return this.#guarded(topic, work, () => this.#used(topic).reader.readableBehind(record, end));
  }

  locate(topic: number, time_us: number, end: ReadEnd): number | ReadFailure {
    const work = () => {
      const { reader, cursors } = this.#used(topic);
      const found = reader.locate({ kind: "time", value: time_us }, end);
      if ("oldestRecord" in found) return gone(found);
      remember(cursors, found);
      return found.record;
    };
    return this.#guarded(topic, work, () => undefined);
  }

  /** The topic is gone: its files are nobody's any more. */
  drop(topic: number): void {
    this.#topics.get(topic)?.reader.close();
    this.#topics.delete(topic);
  }

  close(): void {
    for (const topic of [...this.#topics.keys()]) this.drop(topic);
  }

  #used(topic: number): OpenTopic {
    const open = this.#topics.get(topic) ?? { reader: this.#open(topic), cursors: new Map() };
    this.#topics.delete(topic);
    this.#topics.set(topic, open);
    const [idlest] = this.#topics.keys();
    if (this.#topics.size > TOPICS_OPEN) this.drop(idlest);
    return open;
  }

  /** `behind`: where it can be read again, if it is damaged. */
  #guarded<T>(topic: number, work: () => T | ReadFailure, behind: () => number | undefined): T | ReadFailure {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      // What it knows of the files may be the reason: the next read begins anew.
      this.drop(topic);
      // A topic that was deleted meanwhile has no files.
      if (error.code !== "ENOENT") this.#onDamage(topic, error);
      if (error.code !== "LOG_CORRUPT") return { reason: TapeReason.LogFailed, detail: 0 };
      return { reason: TapeReason.LogCorrupt, detail: unlessDamaged(behind) ?? 0 };
    }
  }
}

function unlessDamaged<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof SeriatimError) return undefined;
    throw error;
  }
}

function gone({ oldestRecord }: RecordsGone): ReadFailure {
  return { reason: TapeReason.RecordGone, detail: oldestRecord };
}

function remember(cursors: Map<number, TopicCursor>, cursor: TopicCursor): void {
  cursors.delete(cursor.record);
  cursors.set(cursor.record, cursor);
  const [oldest] = cursors.keys();
  if (cursors.size > CURSORS) cursors.delete(oldest);
}
