// How records come into a publisher's window: checked, and encoded into the batch that is being filled, which is sealed when it is full or has
// lingered. What is wrong with a record is found before a byte of it is written.

import { isUint8Array } from "node:util/types";
import {
  encodeRecordHeaders,
  TAPE_BATCH_RECORDS_MAX,
  TAPE_HEADERS_BYTES_MAX,
  TAPE_KEY_BYTES_MAX,
  type TapeRecordHeader,
  tapeRecordBytes,
} from "../../protocol/index.ts";
import { invalidArgument } from "./errors.ts";
import { Added, type PublishWindow } from "./publish-window.ts";
import type { TapeRecordInput, TapeRecordOptions } from "./publisher-options.ts";

const text = new TextEncoder();
const HEADER_NAME_BYTES_MAX = 255;

export class RecordIntake {
  readonly #window: PublishWindow;
  readonly #batchBytes: number;
  readonly #linger_ms: number;
  readonly #seal: () => void;
  #linger: NodeJS.Timeout | undefined;

  /** `seal` closes the window's open batch and sends it. */
  constructor(window: PublishWindow, batchBytes: number, linger_ms: number, seal: () => void) {
    this.#window = window;
    this.#batchBytes = batchBytes;
    this.#linger_ms = linger_ms;
    this.#seal = seal;
  }

  /** Adds a record, in a new batch when the open one is full. False: the window is. Throws `INVALID_ARGUMENT` for what fits no batch. */
  add(value: Uint8Array | string, options: TapeRecordOptions | undefined): boolean {
    let added = this.#put(value, options);
    if (added === Added.BatchFull && this.#window.openRecords > 0) {
      this.seal();
      added = this.#put(value, options);
    }
    if (added === Added.WindowFull) return false;
    if (added === Added.BatchFull) this.#refuse(value, options);
    this.#linger ??= setTimeout(() => this.seal(), this.#linger_ms);
    return true;
  }

  /** Adds records to the open batch, which has none: all, or none and throws `INVALID_ARGUMENT`. */
  addTogether(records: readonly TapeRecordInput[]): void {
    try {
      for (const record of records) {
        if (this.#put(record.value, record) === Added.Yes) continue;
        const most = `${this.#batchBytes} bytes and ${TAPE_BATCH_RECORDS_MAX} records`;
        throw invalidArgument(`the records don't fit a batch of ${most}`);
      }
    } catch (error) {
      this.#window.discard();
      throw error;
    }
  }

  /** The open batch lingers no more. */
  seal(): void {
    this.stop();
    this.#seal();
  }

  /** Nothing is sealed by time any more. */
  stop(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
  }

  #put(value: Uint8Array | string, options: TapeRecordOptions | undefined): Added {
    const bytes = bytesOf("value", value);
    if (options === undefined) return this.#window.add(bytes);
    const { key, headers, time_us } = options;
    const keyBytes = key === undefined ? undefined : bytesOf("key", key);
    if (keyBytes !== undefined && keyBytes.length > TAPE_KEY_BYTES_MAX)
      throw invalidArgument(`a key of ${keyBytes.length} bytes: it has at most ${TAPE_KEY_BYTES_MAX}`);
    if (time_us !== undefined && (!Number.isSafeInteger(time_us) || time_us < 0))
      throw invalidArgument(`time_us ${String(time_us)} is no time in whole microseconds since 1970`);
    return this.#window.add(bytes, keyBytes, headers && headersOf(headers), time_us);
  }

  #refuse(value: Uint8Array | string, { key = "", headers = [], time_us }: TapeRecordOptions = {}): never {
    this.#window.discard();
    const [valueBytes, keyBytes] = [bytesOf("value", value).length, bytesOf("key", key).length];
    const bytes = tapeRecordBytes(valueBytes, keyBytes, headersOf(headers).length, time_us);
    throw invalidArgument(`a record of ${bytes} bytes does not fit a batch of ${this.#batchBytes}`);
  }
}

function bytesOf(what: "value" | "key", value: Uint8Array | string): Uint8Array {
  if (typeof value === "string") return text.encode(value);
  if (isUint8Array(value)) return value;
  throw invalidArgument(`a record's ${what} is neither text nor a Uint8Array`);
}

function headersOf(headers: readonly TapeRecordHeader[]): Uint8Array {
  let bytes = 0;
  for (const { name, value } of headers) {
    const nameBytes = typeof name === "string" ? text.encode(name).length : 0;
    if (nameBytes === 0 || nameBytes > HEADER_NAME_BYTES_MAX)
      throw invalidArgument(`a header's name has 1 to ${HEADER_NAME_BYTES_MAX} bytes of text`);
    if (!isUint8Array(value)) throw invalidArgument(`the value of header ${name} is no Uint8Array`);
    bytes += 3 + nameBytes + value.length;
  }
  if (bytes <= TAPE_HEADERS_BYTES_MAX) return encodeRecordHeaders(headers);
  throw invalidArgument(`headers of ${bytes} bytes: a record has at most ${TAPE_HEADERS_BYTES_MAX}`);
}
