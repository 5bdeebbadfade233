// Walks over the records of one frame's payload. Nothing is allocated or copied: a record is told by where it lies.

import { getU64 } from "../../base/index.ts";
import { RECORD_HEADER_BYTES, RecordKind, RecordLayout, recordBytes } from "./layout.ts";

const NO_BYTES = new Uint8Array();

export class RecordCursor {
  /** What the current record's body lies in. */
  bytes: Uint8Array = NO_BYTES;
  /** Of the body in `bytes`. */
  from = 0;
  to = 0;
  kind: RecordKind = RecordKind.Data;
  arrival_us = 0;
  #view: DataView = new DataView(NO_BYTES.buffer);
  #next = 0;
  #end = 0;

  /** Before the first record of the payload bytes[from, to). */
  bind(bytes: Uint8Array, from: number, to: number): void {
    if (bytes !== this.bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.bytes = bytes;
    this.#next = from;
    this.#end = to;
  }

  /** Moves to the next record; false behind the last one. A record that can't be is "what it says can't be", not an end. */
  next(): boolean {
    const at = this.#next;
    if (at >= this.#end) return false;
    const length = this.#view.getUint32(at + RecordLayout.bodyBytes, true);
    this.kind = this.#view.getUint8(at + RecordLayout.kind) as RecordKind;
    this.arrival_us = getU64(this.#view, at + RecordLayout.arrival_us);
    this.from = at + RECORD_HEADER_BYTES;
    this.to = this.from + length;
    this.#next = at + recordBytes(length);
    return true;
  }

  /** Whether what is to come are whole records of kinds that are known, `count` of them: asked once per frame. */
  holds(count: number): boolean {
    let found = 0;
    let at = this.#next;
    for (; at + RECORD_HEADER_BYTES <= this.#end; found++) {
      const kind = this.#view.getUint8(at + RecordLayout.kind);
      if (kind < RecordKind.Take || kind > RecordKind.End) return false;
      at += recordBytes(this.#view.getUint32(at + RecordLayout.bodyBytes, true));
    }
    return at === this.#end && found === count;
  }
}
