// What the load sends and the broker, the pump and the twin take: batches of equal records, made once. Only the header differs
// from one to the next, so that a load costs little more than its socket.

import { NativeChecksums } from "../../src/platform/index.ts";
import { TapeBatch, TapeRecord, tapeMemory, writeBatchHeader } from "../../src/protocol/index.ts";

export interface BatchShape {
  /** A multiple of the record's. */
  readonly payloadBytes: number;
  /** Of a record whole, a multiple of 8. */
  readonly recordBytes: number;
}

/** The payload of a shape and its sum. */
export class Payload {
  readonly bytes: Uint8Array;
  readonly records: number;
  readonly #crc: number;

  constructor({ payloadBytes, recordBytes }: BatchShape) {
    const { bytes, view } = tapeMemory(new ArrayBuffer(payloadBytes));
    this.records = payloadBytes / recordBytes;
    for (let i = 0; i < payloadBytes; i++) bytes[i] = i * 7;
    for (let at = 0; at < payloadBytes; at += recordBytes) {
      bytes.fill(0, at, at + TapeRecord.bytes);
      view.setUint32(at + TapeRecord.whole, recordBytes, true);
      view.setUint32(at + TapeRecord.valueBytes, recordBytes - TapeRecord.bytes, true);
    }
    this.bytes = bytes;
    this.#crc = new NativeChecksums().crc32c(bytes);
  }

  /** A header of its own memory for batch `batch`. */
  header(publisher: number, epoch: number, batch: number): Uint8Array {
    const memory = tapeMemory(new ArrayBuffer(TapeBatch.bytes));
    const { length } = this.bytes;
    writeBatchHeader(memory, 0, {
      ...{ isCompressed: false, records: this.records, publisher, epoch, batch },
      ...{ payloadBytes: length, plainBytes: length, payloadCrc: this.#crc },
    });
    return memory.bytes;
  }
}
