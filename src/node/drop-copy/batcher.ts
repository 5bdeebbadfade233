// Collects the records of one topic into batches. A batch ends where a command does, and is whole in the topic or not there at
// all, so what a topic holds ends with a command too; only of a command that alone fills more than a batch may it hold a part, and
// the key of its last record says how much.

import {
  DropCopyFlag,
  DropCopyKey,
  DropCopyKind,
  type DropCopyPlace,
  dropCopyGap,
  writeDropCopyKey,
} from "../../protocol/index.ts";

/** How much a batch takes at most: keys and values with what a record has beside them. */
export interface BatchLimits {
  readonly bytes: number;
  readonly records: number;
}

/** Half of what the tape takes, so that whoever reads gets it in small pieces too. */
export const BATCH_LIMITS: BatchLimits = { bytes: 1_048_576, records: 4_096 };
/** From so many on a batch ends with the command at work: half of it is room for a large command. */
const FULL_SHARE = 0.5;
/** A record's length fields and padding, at most. */
const RECORD_OVERHEAD_BYTES = 32;

/** A record of a topic: the key says where in the log it belongs (../../protocol/drop-copy). */
export interface CopyRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The command's time. */
  readonly time_us: number;
}

export interface CopyBatch {
  readonly topic: string;
  readonly records: readonly CopyRecord[];
  /** Of keys and values, with what a record has beside them. */
  readonly bytes: number;
}

/** The command at work, for whoever writes records of it. */
export interface Moment {
  position: number;
  timestamp_us: number;
}

export class Batcher {
  readonly topic: string;
  readonly #moment: Readonly<Moment>;
  readonly #limits: BatchLimits;
  readonly #onBatch: (batch: CopyBatch) => void;
  #records: CopyRecord[] = [];
  #bytes = 0;
  // Where the last record belongs.
  #position = -1;
  #index = 0;

  constructor(
    topic: string,
    moment: Readonly<Moment>,
    limits: BatchLimits,
    onBatch: (batch: CopyBatch) => void,
  ) {
    this.topic = topic;
    this.#moment = moment;
    this.#limits = limits;
    this.#onBatch = onBatch;
  }

  /** Whether the batch should end with the command at work. */
  get isFull(): boolean {
    const { bytes, records } = this.#limits;
    return this.#bytes >= bytes * FULL_SHARE || this.#records.length >= records * FULL_SHARE;
  }

  /** Copies `bytes[from, to)` as the next record of the command at work; flags: DropCopyFlag. */
  add(kind: DropCopyKind, flags: number, bytes: Uint8Array, from: number, to: number): void {
    this.skip();
    this.#put({ position: this.#position, index: this.#index, kind, flags }, bytes, from, to);
  }

  /** Passes over the next record of the command at work: the topic has it. */
  skip(): void {
    const { position } = this.#moment;
    this.#index = position === this.#position ? this.#index + 1 : 0;
    this.#position = position;
  }

  /** A batch that says that the positions from `first` to `last`, the one at work, are missing. */
  addGap(first: number, last: number): void {
    const gap = dropCopyGap(first, last);
    this.add(DropCopyKind.Gap, DropCopyFlag.Last, gap, 0, gap.length);
    this.end(true);
  }

  /** Ends the batch, if there is one. `isWhole`: all that the log says up to the command at work is in it. */
  end(isWhole: boolean): void {
    const records = this.#records;
    if (records.length === 0) return;
    if (isWhole) {
      const { key } = records[records.length - 1];
      key[DropCopyKey.flags] |= DropCopyFlag.Last;
    }
    const batch = { topic: this.topic, records, bytes: this.#bytes };
    this.#records = [];
    this.#bytes = 0;
    this.#onBatch(batch);
  }

  #put(place: DropCopyPlace, bytes: Uint8Array, from: number, to: number): void {
    const size = DropCopyKey.bytes + to - from;
    const { bytes: bytesMax, records: recordsMax } = this.#limits;
    const fits = this.#bytes + size + RECORD_OVERHEAD_BYTES <= bytesMax && this.#records.length < recordsMax;
    if (!fits) this.end(false);
    const memory = new Uint8Array(size);
    writeDropCopyKey(new DataView(memory.buffer), 0, place);
    const value = memory.subarray(DropCopyKey.bytes);
    value.set(bytes.subarray(from, to));
    const { timestamp_us: time_us } = this.#moment;
    this.#records.push({ key: memory.subarray(0, DropCopyKey.bytes), value, time_us });
    this.#bytes += size + RECORD_OVERHEAD_BYTES;
  }
}
