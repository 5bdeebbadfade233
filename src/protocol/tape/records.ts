// The records of a batch, back to back, each a multiple of 8 bytes: written straight into the batch's memory and read where they
// lie. Nothing is allocated per record; views and headers are made for whoever asks for them.

import { assert, decodeUtf8, encodeUtf8, fromLanes, highLane, lowLane, SAFE_MAX } from "../../base/index.ts";
import { copiedBytes } from "./head.ts";
import {
  padded,
  TAPE_BATCH_RECORDS_MAX,
  TAPE_HEADERS_BYTES_MAX,
  TAPE_KEY_BYTES_MAX,
  TapeRecord,
  TapeRecordFlag,
} from "./layout.ts";

/** Of a record without a time. */
export const TAPE_NO_TIME = -1;
const NOTHING: Uint8Array = new Uint8Array(0);
const TIME_BYTES = 8;

/** A record's own header: a name, and any bytes. */
export interface TapeRecordHeader {
  readonly name: string;
  readonly value: Uint8Array;
}

/** The bytes of a record, padding included. */
export function tapeRecordBytes(
  valueBytes: number,
  keyBytes = 0,
  headerBytes = 0,
  time_us = TAPE_NO_TIME,
): number {
  const time = time_us === TAPE_NO_TIME ? 0 : TIME_BYTES;
  return padded(TapeRecord.bytes + time + keyBytes + headerBytes + valueBytes);
}

/** Writes records into `bytes[from, to)`, one behind the other. */
export class RecordWriter {
  #bytes: Uint8Array = NOTHING;
  #from = 0;
  #to = 0;
  #at = 0;
  #records = 0;

  /** Begins anew, in other memory or in the same. `from` is a multiple of 8. */
  reset(bytes: Uint8Array, from: number, to: number): void {
    assert(from % 8 === 0 && to <= bytes.length, "records begin on a word, within their memory");
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    this.#at = from;
    this.#records = 0;
  }

  /** Records written. */
  get records(): number {
    return this.#records;
  }

  /** Bytes written: a multiple of 8. */
  get payloadBytes(): number {
    return this.#at - this.#from;
  }

  /**
   * Appends a record; false when it does not fit what is left, or is one above a batch's most records: nothing was written
   * then. `headers` are encoded (`encodeRecordHeaders`); a key and headers are each at most 65,535 bytes.
   */
  add(value: Uint8Array, key = NOTHING, headers = NOTHING, time_us = TAPE_NO_TIME): boolean {
    assert(key.length <= TAPE_KEY_BYTES_MAX, "a record's key is at most 65,535 bytes");
    assert(headers.length <= TAPE_HEADERS_BYTES_MAX, "a record's headers are at most 65,535 bytes");
    const whole = tapeRecordBytes(value.length, key.length, headers.length, time_us);
    const at = this.#at;
    if (whole > this.#to - at || this.#records === TAPE_BATCH_RECORDS_MAX) return false;
    const bytes = this.#bytes;
    putU32(bytes, at + TapeRecord.whole, whole);
    putU32(bytes, at + TapeRecord.valueBytes, value.length);
    putU32(bytes, at + TapeRecord.keyBytes, key.length | (headers.length << 16));
    putU32(bytes, at + TapeRecord.flags, time_us === TAPE_NO_TIME ? 0 : TapeRecordFlag.Time);
    let next = at + TapeRecord.bytes;
    if (time_us !== TAPE_NO_TIME) next = putTime(bytes, next, time_us);
    next = put(bytes, next, key);
    next = put(bytes, next, headers);
    next = put(bytes, next, value);
    const end = at + whole;
    while (next < end) bytes[next++] = 0;
    this.#at = end;
    this.#records++;
    return true;
  }
}

function put(bytes: Uint8Array, at: number, what: Uint8Array): number {
  if (what.length > 0) bytes.set(what, at);
  return at + what.length;
}

function putTime(bytes: Uint8Array, at: number, time_us: number): number {
  putU32(bytes, at, lowLane(time_us));
  putU32(bytes, at + 4, highLane(time_us));
  return at + TIME_BYTES;
}

function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** Goes through the records of a payload that was judged (`recordsProblem`). One cursor serves any number of batches. */
export class RecordCursor {
  bytes: Uint8Array = NOTHING;
  #next = 0;
  #to = 0;
  /** Where the record's parts lie in `bytes`, and how long they are. */
  keyAt = 0;
  keyBytes = 0;
  headersAt = 0;
  headerBytes = 0;
  valueAt = 0;
  valueBytes = 0;
  /** Microseconds since 1970 by the publisher; TAPE_NO_TIME without one. */
  time_us: number = TAPE_NO_TIME;

  /** Before the first of the records in `bytes[from, to)`. */
  reset(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.#next = from;
    this.#to = to;
  }

  /** Goes on to the next record; false behind the last one. */
  next(): boolean {
    const at = this.#next;
    if (at >= this.#to) return false;
    const bytes = this.bytes;
    const hasTime = (bytes[at + TapeRecord.flags] & TapeRecordFlag.Time) !== 0;
    const parts = at + TapeRecord.bytes;
    this.time_us = hasTime ? fromLanes(u32At(bytes, parts), u32At(bytes, parts + 4)) : TAPE_NO_TIME;
    this.keyAt = hasTime ? parts + TIME_BYTES : parts;
    this.keyBytes = bytes[at + TapeRecord.keyBytes] | (bytes[at + TapeRecord.keyBytes + 1] << 8);
    this.headersAt = this.keyAt + this.keyBytes;
    this.headerBytes = bytes[at + TapeRecord.headerBytes] | (bytes[at + TapeRecord.headerBytes + 1] << 8);
    this.valueAt = this.headersAt + this.headerBytes;
    this.valueBytes = u32At(bytes, at + TapeRecord.valueBytes);
    this.#next = at + u32At(bytes, at + TapeRecord.whole);
    return true;
  }

  /** Views of the record's parts, of the same memory. */
  value(): Uint8Array {
    return this.bytes.subarray(this.valueAt, this.valueAt + this.valueBytes);
  }
  key(): Uint8Array {
    return this.bytes.subarray(this.keyAt, this.keyAt + this.keyBytes);
  }
  headers(): TapeRecordHeader[] {
    return decodeRecordHeaders(this.bytes, this.headersAt, this.headersAt + this.headerBytes);
  }
}

/** What is wrong with the records in `bytes[from, to)`, which should be `count`; undefined when they add up. */
export function recordsProblem(
  bytes: Uint8Array,
  from: number,
  to: number,
  count: number,
): string | undefined {
  let at = from;
  for (let i = 0; i < count; i++) {
    if (to - at < TapeRecord.bytes) return `record ${i + 1} of ${count} is cut short`;
    const whole = u32At(bytes, at + TapeRecord.whole);
    if (whole > to - at) return `record ${i + 1} of ${count} is longer than what is left`;
    if (!addsUp(bytes, at, whole)) return `record ${i + 1} of ${count} has parts that don't add up to it`;
    at += whole;
  }
  return at === to ? undefined : `${to - at} bytes lie behind the last of ${count} records`;
}

function addsUp(bytes: Uint8Array, at: number, whole: number): boolean {
  const flags = u32At(bytes, at + TapeRecord.flags);
  if ((flags & ~TapeRecordFlag.Time) !== 0) return false;
  const lengths = u32At(bytes, at + TapeRecord.keyBytes);
  const headerBytes = lengths >>> 16;
  const parts = at + TapeRecord.bytes;
  const keyAt = flags === 0 ? parts : parts + TIME_BYTES;
  const headersAt = keyAt + (lengths & 0xffff);
  const end = headersAt + headerBytes + u32At(bytes, at + TapeRecord.valueBytes);
  // Not padded(): a length near 2^32 must not wrap.
  if (end > at + whole || at + whole - end > 7 || whole % 8 !== 0) return false;
  if (flags !== 0 && fromLanes(u32At(bytes, parts), u32At(bytes, parts + 4)) > SAFE_MAX) return false;
  return headerBytes === 0 || headersAddUp(bytes, headersAt, headersAt + headerBytes);
}

function headersAddUp(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to) {
    at += 1 + bytes[at];
    if (at + 2 > to) return false;
    at += 2 + (bytes[at] | (bytes[at + 1] << 8));
  }
  return at === to;
}

/** The bytes of a record's headers: each a name (1 to 255 bytes of UTF-8) behind its length, and a value behind its own of 2 bytes. */
export function encodeRecordHeaders(headers: readonly TapeRecordHeader[]): Uint8Array {
  const parts = headers.map(({ name, value }) => {
    const text = encodeUtf8(name);
    assert(text.length >= 1 && text.length <= 255, "a header's name has 1 to 255 bytes");
    assert(value.length <= 0xffff, "a header's value is at most 65,535 bytes");
    return [Uint8Array.of(text.length), text, Uint8Array.of(value.length, value.length >>> 8), value];
  });
  const bytes = new Uint8Array(parts.flat().reduce((sum, part) => sum + part.length, 0));
  assert(bytes.length <= TAPE_HEADERS_BYTES_MAX, "a record's headers are at most 65,535 bytes");
  let at = 0;
  for (const part of parts.flat()) at = put(bytes, at, part);
  return bytes;
}

/** The headers in `bytes[from, to)`, of a record that was judged. Cold: allocates. */
export function decodeRecordHeaders(bytes: Uint8Array, from: number, to: number): TapeRecordHeader[] {
  const headers: TapeRecordHeader[] = [];
  let at = from;
  while (at < to) {
    const nameAt = at + 1;
    const lengthAt = nameAt + bytes[at];
    const valueAt = lengthAt + 2;
    const end = valueAt + (bytes[lengthAt] | (bytes[lengthAt + 1] << 8));
    headers.push({
      name: decodeUtf8(copiedBytes(bytes, nameAt, lengthAt)),
      value: copiedBytes(bytes, valueAt, end),
    });
    at = end;
  }
  return headers;
}
