// How records come into a publisher's window: encoded into the batch that is being filled, which is sealed when it is full or has lingered.

import { encodeRecordHeaders, TAPE_BATCH_RECORDS_MAX, tapeRecordBytes } from "../../protocol/index.ts";
import { invalidArgument } from "./errors.ts";
import { Added, type PublishWindow } from "./publish-window.ts";
import type { TapeRecordInput, TapeRecordOptions } from "./publisher-options.ts";

const text = new TextEncoder();

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
    for (const record of records) {
      if (this.#put(record.value, record) === Added.Yes) continue;
      this.#window.discard();
      const most = `${this.#batchBytes} bytes and ${TAPE_BATCH_RECORDS_MAX} records`;
      throw invalidArgument(`the records don't fit a batch of ${most}`);
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
    const bytes = bytesOf(value);
    if (options === undefined) return this.#window.add(bytes);
    const { key, headers, time_us } = options;
    const keyBytes = key === undefined ? undefined : bytesOf(key);
    return this.#window.add(bytes, keyBytes, headers && encodeRecordHeaders(headers), time_us);
  }

  #refuse(value: Uint8Array | string, { key = "", headers = [], time_us }: TapeRecordOptions = {}): never {
    this.#window.discard();
    const headerBytes = encodeRecordHeaders(headers).length;
    const bytes = tapeRecordBytes(bytesOf(value).length, bytesOf(key).length, headerBytes, time_us);
    throw invalidArgument(`a record of ${bytes} bytes does not fit a batch of ${this.#batchBytes}`);
  }
}

function bytesOf(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? text.encode(value) : value;
}
