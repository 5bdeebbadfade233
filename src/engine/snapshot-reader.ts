// Bounds-checked reading of a snapshot's bytes, section by section. Every refusal is a SeriatimError SNAPSHOT_INVALID that
// names the offset.

import { getU64, SAFE_MAX, SeriatimError } from "../base/index.ts";
import { COMMAND_WORDS, getWho } from "../protocol/index.ts";
import { SnapshotSection, SnapshotSectionHeader } from "./snapshot-layout.ts";

/** Records between two rests: some 0.3 ms of work. A power of two. */
const RECORDS_PER_REST = 1_024;

const SECTION_KINDS: readonly number[] = Object.values(SnapshotSection);

export class SnapshotReader {
  at = 0;
  #taken = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #rest: () => void;

  /** `rest` is called every so many records. */
  constructor(bytes: Uint8Array, rest: () => void = () => {}) {
    this.#bytes = bytes;
    this.#rest = rest;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Begins the section `kind`, which must come next; returns how many records follow. All of them are there. */
  section(kind: SnapshotSection, recordBytes: number): number {
    const at = this.take(SnapshotSectionHeader.bytes, "section header");
    const found = this.u32(at + SnapshotSectionHeader.kind);
    this.#checkKnown(at, found);
    if (found !== kind) this.refuse(at, `section ${found} where section ${kind} should stand`);
    const foundBytes = this.u32(at + SnapshotSectionHeader.recordBytes);
    if (foundBytes !== recordBytes)
      this.refuse(
        at,
        `section ${kind} has records of ${foundBytes} bytes, this version's have ${recordBytes}`,
      );
    const records = this.u64(at + SnapshotSectionHeader.records);
    if (records * recordBytes > this.#bytes.length - this.at)
      this.refuse(at, `ends inside section ${kind} of ${records} records`);
    return records;
  }

  /** Begins the section `kind` of one record, and takes that. */
  single(kind: SnapshotSection, recordBytes: number): number {
    const { at } = this;
    const records = this.section(kind, recordBytes);
    if (records !== 1) this.refuse(at, `section ${kind} has ${records} records instead of one`);
    return this.take(recordBytes, "record");
  }

  /** Whether a section of that kind comes next: of the one that need not be there. */
  hasSection(kind: SnapshotSection): boolean {
    const hasHeader = this.at + SnapshotSectionHeader.bytes <= this.#bytes.length;
    return hasHeader && this.u32(this.at + SnapshotSectionHeader.kind) === kind;
  }

  /** Refuses whatever comes after the last section. */
  end(): void {
    if (this.at === this.#bytes.length) return;
    if (this.at + SnapshotSectionHeader.bytes <= this.#bytes.length)
      this.#checkKnown(this.at, this.u32(this.at + SnapshotSectionHeader.kind));
    this.refuse(this.at, "bytes after the last section");
  }

  #checkKnown(at: number, kind: number): void {
    if (!SECTION_KINDS.includes(kind)) this.refuse(at, `section ${kind} is not known to this version`);
  }

  /** Takes the next `length` bytes; returns where they begin. */
  take(length: number, what: string): number {
    if (this.at + length > this.#bytes.length) this.refuse(this.at, `ends inside the ${what}`);
    const at = this.at;
    this.at += length;
    this.#taken++;
    if (this.#taken % RECORDS_PER_REST === 0) this.#rest();
    return at;
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  u64(at: number): number {
    return getU64(this.#view, at);
  }

  /** A name of 16 bytes, "" where there is none. */
  who(at: number, what: string): string {
    return getWho(this.#view, at) ?? this.refuse(at, `${what} that is no name`);
  }

  /** A counter: a u64 that is a safe integer. */
  count(at: number, what: string): number {
    const value = this.u64(at);
    if (value > SAFE_MAX) this.refuse(at, `a ${what} above 2^53-1`);
    return value;
  }

  /** Fields that have no meaning yet are zero: a snapshot where they are not is a later version's. */
  refuseUnknown(from: number, to: number, what: string): void {
    for (let at = from; at < to; at++) {
      if (this.#bytes[at] !== 0) this.refuse(from, `${what} with something that this version does not know`);
    }
  }

  /** A command record as aligned words: a copy, whatever kind of view the bytes are. */
  words(at: number): Int32Array {
    const words = new Int32Array(COMMAND_WORDS);
    for (let i = 0; i < COMMAND_WORDS; i++) words[i] = this.#view.getInt32(at + 4 * i, true);
    return words;
  }

  refuse(at: number, why: string): never {
    throw new SeriatimError("SNAPSHOT_INVALID", `snapshot, offset ${at}: ${why}`);
  }
}
