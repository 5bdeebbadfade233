// Small journals of commands that name themselves.

import type { Storage } from "../../src/base/index.ts";
import type { JournalOptions } from "../../src/journal/index.ts";
import { EXCHANGE_RECORDS, encodeGenesisEntry, type GenesisEntry } from "../../src/node/exchange-records.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import { COMMAND_BYTES, COMMAND_WORDS, writeNewOrder, writeTimestamp } from "../../src/protocol/index.ts";
import { SECTOR_BYTES } from "../../src/segment/index.ts";

export const ENTRY: GenesisEntry = {
  genesis: {
    maxQuantity: 1_000_000,
    maxNotional: 9_000_000_000,
    ordersMax: 1000,
    symbolsMax: 8,
    accountsMax: 4,
    indexSeed: [7, 9],
  },
  instruments: [
    { name: "ALPHA", priceDecimals: 2, tick: 1, lot: 1 },
    { name: "BÉTA", priceDecimals: 0, tick: 5, lot: 100 },
  ],
};

export function journalOptions(storage: Storage, directory = "data/journal"): JournalOptions {
  return {
    storage,
    checksums: new NativeChecksums(),
    directory,
    rules: EXCHANGE_RECORDS,
    segmentBytes: SECTOR_BYTES + 16384,
    frameBytesMax: 4096,
    genesis: encodeGenesisEntry(ENTRY),
  };
}

/** Writes the order that stands at `position` into the record at word offset `at`. */
export function writeOrderOf(words: Int32Array, at: number, position: number): void {
  writeNewOrder(
    words,
    at,
    position % 4,
    position % 2,
    position,
    ~position,
    position % 2,
    0,
    0,
    position * 3,
    0,
    position,
  );
  writeTimestamp(words, at, 1_700_000_000_000_000 + position);
}

/** The records of positions [first, first + count), as bytes. */
export function ordersFrom(first: number, count: number): Uint8Array {
  const words = new Int32Array(count * COMMAND_WORDS);
  for (let i = 0; i < count; i++) writeOrderOf(words, i * COMMAND_WORDS, first + i);
  return new Uint8Array(words.buffer);
}

/** The genesis entry takes the first positions. */
export const GENESIS_RECORDS = 1 + ENTRY.instruments.length;

/** A visitor that throws at the first record which is not the one that belongs at its position. */
export class RecordChecker {
  lastPosition = 0;
  readonly #expected = new Int32Array(COMMAND_WORDS);

  readonly visit = (words: Int32Array, at: number, count: number, firstPosition: number): void => {
    if (firstPosition !== this.lastPosition + 1) throw new Error(`position ${firstPosition} out of order`);
    for (let i = 0; i < count; i++) {
      const position = firstPosition + i;
      if (position <= GENESIS_RECORDS) continue;
      writeOrderOf(this.#expected, 0, position);
      const from = at + i * COMMAND_WORDS;
      for (let word = 0; word < COMMAND_WORDS; word++) {
        if (words[from + word] !== this.#expected[word])
          throw new Error(`position ${position} reads back wrong`);
      }
    }
    this.lastPosition = firstPosition + count - 1;
  };
}

export const RECORD_BYTES = COMMAND_BYTES;
