// The batches of a publisher that are not acknowledged, and the one that is being filled, in one ring of memory: records are written where
// they will be sent from, and sent again from there. Pure: knows no socket and no time.
//
// Memory: batches back to back from the oldest one's place on, wrapping where a whole batch would not fit the end. A batch is
// begun only where one of the largest size has room. A place is free once its batch is acknowledged and the socket has let go of it.

import { assert, type Checksums } from "../../base/index.ts";
import {
  padded,
  RecordWriter,
  readBatchHeader,
  TapeBatch,
  type TapeMemory,
  tapeMemory,
  writeBatchHeader,
} from "../../protocol/index.ts";

/** What is known of a batch that was acknowledged. */
export interface BatchPlace {
  readonly batch: number;
  /** The number of its first record in the topic; undefined when the broker's answer did not tell: it had the batch already, or answered for several at once. */
  readonly firstRecord: number | undefined;
}

export interface InFlightBatch {
  /** Where its header is, and the bytes of the whole message. */
  readonly at: number;
  readonly length: number;
  readonly records: number;
  batch: number;
  /** The socket reads its memory no more. */
  isReleased: boolean;
  /** It was given to a socket before. */
  wasSent: boolean;
  place: PromiseWithResolvers<BatchPlace> | undefined;
}

export const Added = {
  Yes: 0,
  /** The open batch has no room: seal it. */
  BatchFull: 1,
  /** There is no open batch, and no room for one until more is acknowledged. */
  WindowFull: 2,
} as const;
export type Added = (typeof Added)[keyof typeof Added];

/** The ends of the list are cut off in blocks of at least this many, so that one costs O(1) on average. */
const CUT_MIN = 256;

export class PublishWindow {
  readonly memory: TapeMemory;
  /** The number that the next batch gets when it is sealed. */
  nextBatch = 1;
  readonly #size: number;
  readonly #batchBytes: number;
  readonly #checksums: Checksums;
  readonly #compress: ((records: Uint8Array) => Uint8Array) | undefined;
  readonly #writer = new RecordWriter();
  #openAt = -1;
  #openPlace: PromiseWithResolvers<BatchPlace> | undefined;
  /** Sealed, oldest first: those before `#first` are free, those before `#unacknowledged` wait for the socket alone. */
  #batches: InFlightBatch[] = [];
  #first = 0;
  #unacknowledged = 0;
  #bytes = 0;

  /** `batchBytes`: of the records of one batch, a multiple of 8; `bytes` has room for two such batches at least. */
  constructor(
    bytes: number,
    batchBytes: number,
    checksums: Checksums,
    compress?: (records: Uint8Array) => Uint8Array,
  ) {
    assert(batchBytes % 8 === 0 && bytes >= 2 * (batchBytes + TapeBatch.bytes), "a window holds two batches");
    this.memory = tapeMemory(new ArrayBuffer(bytes));
    this.#size = bytes;
    this.#batchBytes = batchBytes;
    this.#checksums = checksums;
    this.#compress = compress;
  }

  /** Bytes of sealed batches whose places are not free. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sealed batches that are not acknowledged. */
  get unacknowledged(): number {
    return this.#batches.length - this.#unacknowledged;
  }

  /** Records in the open batch, and bytes of them. */
  get openRecords(): number {
    return this.#openAt < 0 ? 0 : this.#writer.records;
  }
  get openBytes(): number {
    return this.#openAt < 0 ? 0 : this.#writer.payloadBytes;
  }

  /** Whether a record of any size can be added now: to the open batch, or to a new one behind it. */
  get hasRoom(): boolean {
    const isUnused = this.#openAt >= 0 && this.#writer.records === 0;
    return isUnused || this.#roomAt() >= 0;
  }

  /** Adds a record to the open batch, or to a new one; `headers` are encoded. */
  add(value: Uint8Array, key?: Uint8Array, headers?: Uint8Array, time_us?: number): Added {
    if (this.#openAt < 0 && !this.#begin()) return Added.WindowFull;
    return this.#writer.add(value, key, headers, time_us) ? Added.Yes : Added.BatchFull;
  }

  /** Forgets the open batch and what is in it. */
  discard(): void {
    this.#openAt = -1;
    this.#openPlace = undefined;
  }

  /** Closes the open batch under the next number; undefined when there is none, or nothing in it. */
  seal(publisher: number, epoch: number): InFlightBatch | undefined {
    const at = this.#openAt;
    const records = this.openRecords;
    if (records === 0) return undefined;
    const plainBytes = this.#writer.payloadBytes;
    const { payloadBytes, isCompressed } = this.#squeeze(at + TapeBatch.bytes, plainBytes);
    const paddedEnd = at + TapeBatch.bytes + padded(payloadBytes);
    const { bytes } = this.memory;
    bytes.fill(0, at + TapeBatch.bytes + payloadBytes, paddedEnd);
    const payloadCrc = this.#checksums.crc32c(bytes.subarray(at + TapeBatch.bytes, paddedEnd));
    const batch = this.nextBatch++;
    const header = { isCompressed, records, publisher, epoch, batch, payloadBytes, plainBytes, payloadCrc };
    const length = writeBatchHeader(this.memory, at, header);
    const sealed: InFlightBatch = {
      at,
      length,
      records,
      batch,
      isReleased: true,
      wasSent: false,
      place: this.#openPlace,
    };
    this.discard();
    this.#batches.push(sealed);
    this.#bytes += length;
    return sealed;
  }

  /** Settles what is acknowledged: everything up to `batch`. `nextRecord` is the number behind that batch, 0 when it is not known. */
  acknowledge(batch: number, nextRecord: number): void {
    while (this.#unacknowledged < this.#batches.length) {
      const oldest = this.#batches[this.#unacknowledged];
      if (oldest.batch > batch) break;
      this.#unacknowledged++;
      const isTold = oldest.batch === batch && nextRecord > 0;
      oldest.place?.resolve({
        batch: oldest.batch,
        firstRecord: isTold ? nextRecord - oldest.records : undefined,
      });
    }
    this.free();
  }

  /** Gives back the places that are acknowledged and released. */
  free(): void {
    const batches = this.#batches;
    while (this.#first < this.#unacknowledged && batches[this.#first].isReleased) {
      this.#bytes -= batches[this.#first].length;
      this.#first++;
    }
    if (this.#first < CUT_MIN || this.#first * 2 < batches.length) return;
    this.#batches = batches.slice(this.#first);
    this.#unacknowledged -= this.#first;
    this.#first = 0;
  }

  /** The connection is gone: no socket holds any memory. */
  releaseAll(): void {
    for (let i = this.#first; i < this.#batches.length; i++) this.#batches[i].isReleased = true;
    this.free();
  }

  /** Everything that is to be sent (again), in order. */
  *missing(): IterableIterator<InFlightBatch> {
    for (let i = this.#unacknowledged; i < this.#batches.length; i++) yield this.#batches[i];
  }

  /** Gives what is not acknowledged new numbers from `first` on, of session epoch `epoch`; the next batches follow. */
  renumber(first: number, epoch: number): void {
    this.nextBatch = first;
    for (const sealed of this.missing()) {
      sealed.batch = this.nextBatch++;
      const header = readBatchHeader(this.memory.view, sealed.at);
      writeBatchHeader(this.memory, sealed.at, { ...header, epoch, batch: sealed.batch });
    }
  }

  /** Where the open batch will be, once it is sealed and acknowledged. */
  openPlace(): Promise<BatchPlace> {
    this.#openPlace ??= Promise.withResolvers<BatchPlace>();
    return this.#openPlace.promise;
  }

  /** Where the newest sealed batch is; undefined when all are acknowledged. */
  lastPlace(): Promise<BatchPlace> | undefined {
    if (this.unacknowledged === 0) return undefined;
    const last = this.#batches[this.#batches.length - 1];
    last.place ??= Promise.withResolvers<BatchPlace>();
    return last.place.promise;
  }

  /** Nothing more will be acknowledged: tells everybody who waits, in order. */
  fail(failure: Error): void {
    for (const { place } of this.missing()) place?.reject(failure);
    this.#openPlace?.reject(failure);
    this.#batches = [];
    this.#first = 0;
    this.#unacknowledged = 0;
    this.#bytes = 0;
    this.discard();
  }

  #begin(): boolean {
    const at = this.#roomAt();
    if (at < 0) return false;
    this.#openAt = at;
    const from = at + TapeBatch.bytes;
    this.#writer.reset(this.memory.bytes, from, from + this.#batchBytes);
    return true;
  }

  /** Where a batch of the largest size has room, behind the open one if there is one; -1: nowhere now. */
  #roomAt(): number {
    const isEmpty = this.#first === this.#batches.length;
    if (isEmpty && this.#openAt < 0) return 0;
    const need = TapeBatch.bytes + this.#batchBytes;
    const newest = this.#batches[this.#batches.length - 1];
    const head =
      this.#openAt < 0
        ? newest.at + newest.length
        : this.#openAt + TapeBatch.bytes + padded(this.#writer.payloadBytes);
    const tail = isEmpty ? this.#openAt : this.#batches[this.#first].at;
    if (head <= tail) return tail - head >= need ? head : -1;
    if (this.#size - head >= need) return head;
    return tail >= need ? 0 : -1;
  }

  /** Compresses the records at `from` in place, when that makes them fewer bytes. */
  #squeeze(from: number, plainBytes: number): { payloadBytes: number; isCompressed: boolean } {
    const plain = { payloadBytes: plainBytes, isCompressed: false };
    if (this.#compress === undefined) return plain;
    const squeezed = this.#compress(this.memory.bytes.subarray(from, from + plainBytes));
    if (squeezed.length >= plainBytes) return plain;
    this.memory.bytes.set(squeezed, from);
    return { payloadBytes: squeezed.length, isCompressed: true };
  }
}
