// Collects the records of a snapshot into pieces of bounded size, section by section.

import { setU64 } from "../base/index.ts";
import { type SnapshotSection, SnapshotSectionHeader } from "./snapshot-layout.ts";

/** Bytes collected before a piece is handed on. */
const PIECE_BYTES = 65536;

export class PieceWriter {
  readonly view: DataView;
  /** The same memory, for records that are written as words; every record begins at a word. */
  readonly words: Int32Array;
  readonly #bytes = new Uint8Array(PIECE_BYTES);
  readonly #write: (piece: Uint8Array) => void;
  #used = 0;

  constructor(write: (piece: Uint8Array) => void) {
    this.view = new DataView(this.#bytes.buffer);
    this.words = new Int32Array(this.#bytes.buffer);
    this.#write = write;
  }

  /** The place of the next record, all zero. */
  readonly claim = (bytes: number): number => {
    if (this.#used + bytes > PIECE_BYTES) this.end();
    const at = this.#used;
    this.#used += bytes;
    this.#bytes.fill(0, at, this.#used);
    return at;
  };

  /** Begins a section of `records` records. */
  begin(kind: SnapshotSection, recordBytes: number, records: number): void {
    const at = this.claim(SnapshotSectionHeader.bytes);
    this.view.setUint32(at + SnapshotSectionHeader.kind, kind, true);
    this.view.setUint32(at + SnapshotSectionHeader.recordBytes, recordBytes, true);
    setU64(this.view, at + SnapshotSectionHeader.records, records);
  }

  /** Hands on what has been collected. */
  end(): void {
    this.#write(this.#bytes.subarray(0, this.#used));
    this.#used = 0;
  }
}
