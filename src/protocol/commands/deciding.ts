// The records that decide a log: its genesis and its instruments. They are taken only when they are byte for byte what
// this version's writer makes of values in range: whatever else they say comes from another version or is damage, and
// going on would be another history.

import { encodeUtf8, SAFE_MAX } from "../../base/index.ts";
import {
  type Genesis,
  type Instrument,
  readGenesis,
  readInstrument,
  readTimestamp,
  writeGenesis,
  writeInstrument,
  writeTimestamp,
} from "./codec.ts";
import { COMMAND_WORDS, INSTRUMENT_NAME_BYTES_MAX, PRICE_DECIMALS_MAX } from "./layout.ts";

/**
 * Most orders that may rest at once. An order takes up to 133 bytes: 64 of its own, 45 when it has a level to itself, 24
 * in the index while that grows. 2.2 GB then, touched only when used.
 */
export const ORDERS_MAX = 1 << 24;

/** Most instruments. A book takes about 1.3 kB before its first order: 90 MB then. */
export const SYMBOLS_MAX = 1 << 16;

/** Whether an engine can be sized by `genesis`. */
export function isGenesisInRange({ ordersMax, symbolsMax, accountsMax, maxNotional }: Genesis): boolean {
  const isSized = ordersMax >= 1 && ordersMax <= ORDERS_MAX && symbolsMax >= 1 && symbolsMax <= SYMBOLS_MAX;
  return isSized && accountsMax >= 1 && maxNotional <= SAFE_MAX;
}

/** The Genesis at word offset `at`, or undefined when it is none of this version. */
export function checkGenesis(words: Int32Array, at: number): ReturnType<typeof readGenesis> | undefined {
  const genesis = readGenesis(words, at);
  if (!isGenesisInRange(genesis)) return undefined;
  const again = new Int32Array(COMMAND_WORDS);
  writeGenesis(again, 0, genesis, genesis.instruments);
  return isSameRecord(words, at, again) ? genesis : undefined;
}

/** The RegisterInstrument at word offset `at`, or undefined when it is none of this version. */
export function checkInstrument(words: Int32Array, at: number): Instrument | undefined {
  const instrument = readInstrument(words, at);
  const { name, priceDecimals, tick, lot } = instrument;
  // A name that is no UTF-8 decodes to something else, which may be longer.
  const name_bytes = encodeUtf8(name).length;
  if (name_bytes === 0 || name_bytes > INSTRUMENT_NAME_BYTES_MAX) return undefined;
  if (priceDecimals > PRICE_DECIMALS_MAX || !isUnit(tick) || !isUnit(lot)) return undefined;
  const again = new Int32Array(COMMAND_WORDS);
  writeInstrument(again, 0, instrument);
  return isSameRecord(words, at, again) ? instrument : undefined;
}

function isUnit(value: number): boolean {
  return value >= 1 && value <= SAFE_MAX;
}

/** Whether two records are the same but for their time. */
function isSameRecord(words: Int32Array, at: number, again: Int32Array): boolean {
  writeTimestamp(again, 0, readTimestamp(words, at));
  return again.every((word, i) => word === words[at + i]);
}
