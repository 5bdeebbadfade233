// Writing and reading command records. The hot writers take numbers and fill the whole record, so a slot that held
// an older command never shows through; the cold ones (genesis, instruments) take plain objects.

import {
  assert,
  decodeUtf8,
  encodeUtf8,
  fromLanes,
  getU64,
  highLane,
  lowLane,
  SAFE_MAX,
  setU64,
  U32_MAX,
} from "../../base/index.ts";
import {
  COMMAND_WORDS,
  CommandKind,
  CommandWord,
  GenesisLayout,
  INSTRUMENT_NAME_BYTES_MAX,
  InstrumentLayout,
} from "./layout.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const KIND_NEW_ORDER = CommandKind.NewOrder;
const KIND_CANCEL = CommandKind.Cancel;
const KIND_MODIFY = CommandKind.Modify;
const KIND_MASS_CANCEL = CommandKind.MassCancel;
const KIND_SIDE_TYPE_TIF = CommandWord.kindSideTypeTif;
const FLAGS = CommandWord.flags;
const ACCOUNT = CommandWord.account;
const SYMBOL = CommandWord.symbol;
const ORDER_ID_LOW = CommandWord.orderIdLow;
const ORDER_ID_HIGH = CommandWord.orderIdHigh;
const PRICE_LOW = CommandWord.priceLow;
const PRICE_HIGH = CommandWord.priceHigh;
const QUANTITY = CommandWord.quantity;
const ANSWER_LIMIT_FILLS = CommandWord.answerLimit_fills;
const TIMESTAMP_LOW = CommandWord.timestampLow;
const TIMESTAMP_HIGH = CommandWord.timestampHigh;
const REQUEST_LOW = CommandWord.requestLow;
const REQUEST_HIGH = CommandWord.requestHigh;
const SESSION_LOW = CommandWord.sessionLow;
const SESSION_HIGH = CommandWord.sessionHigh;
const TRIGGER_PRICE_LOW = CommandWord.triggerPriceLow;
const TRIGGER_PRICE_HIGH = CommandWord.triggerPriceHigh;
const EXPIRES_S = CommandWord.expires_s;
const DISPLAY_QUANTITY = CommandWord.displayQuantity;

/** Four bytes of the first word: kind, side, order type, time in force. */
export function packHead(kind: number, side: number, orderType: number, timeInForce: number): number {
  return kind | (side << 8) | (orderType << 16) | (timeInForce << 24);
}

/** Zeroes the record at word offset `at`. */
function clearCommand(words: Int32Array, at: number): void {
  words.fill(0, at, at + COMMAND_WORDS);
}

/** Writes a NewOrder. The price is given as i64 lanes, as it came over the wire; a market order's is ignored. */
export function writeNewOrder(
  words: Int32Array,
  at: number,
  account: number,
  symbol: number,
  idLow: number,
  idHigh: number,
  side: number,
  orderType: number,
  timeInForce: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
): void {
  const head = packHead(KIND_NEW_ORDER, side, orderType, timeInForce);
  writeOrderCommand(words, at, head, account, symbol, idLow, idHigh, priceLow, priceHigh, quantity);
}

/** Writes a Cancel. */
export function writeCancel(
  words: Int32Array,
  at: number,
  account: number,
  symbol: number,
  idLow: number,
  idHigh: number,
): void {
  writeOrderCommand(words, at, KIND_CANCEL, account, symbol, idLow, idHigh, 0, 0, 0);
}

/** Writes a Modify: the new price (i64 lanes) and the new open quantity; quantity 0 takes the order out. */
export function writeModify(
  words: Int32Array,
  at: number,
  account: number,
  symbol: number,
  idLow: number,
  idHigh: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
): void {
  writeOrderCommand(words, at, KIND_MODIFY, account, symbol, idLow, idHigh, priceLow, priceHigh, quantity);
}

/** Writes a MassCancel: of a symbol or ALL_SYMBOLS, of a side or BOTH_SIDES. */
export function writeMassCancel(
  words: Int32Array,
  at: number,
  account: number,
  symbol: number,
  side: number,
): void {
  writeOrderCommand(words, at, KIND_MASS_CANCEL | (side << 8), account, symbol, 0, 0, 0, 0, 0);
}

/** Every word of the record is stored once: nothing of an older command stays, and nothing is cleared first. */
function writeOrderCommand(
  words: Int32Array,
  at: number,
  head: number,
  account: number,
  symbol: number,
  idLow: number,
  idHigh: number,
  priceLow: number,
  priceHigh: number,
  quantity: number,
): void {
  words[at + KIND_SIDE_TYPE_TIF] = head;
  words[at + FLAGS] = 0;
  words[at + ACCOUNT] = account;
  words[at + SYMBOL] = symbol;
  words[at + ORDER_ID_LOW] = idLow;
  words[at + ORDER_ID_HIGH] = idHigh;
  words[at + PRICE_LOW] = priceLow;
  words[at + PRICE_HIGH] = priceHigh;
  words[at + QUANTITY] = quantity;
  words[at + ANSWER_LIMIT_FILLS] = 0;
  words[at + TIMESTAMP_LOW] = 0;
  words[at + TIMESTAMP_HIGH] = 0;
  words[at + REQUEST_LOW] = 0;
  words[at + REQUEST_HIGH] = 0;
  words[at + SESSION_LOW] = 0;
  words[at + SESSION_HIGH] = 0;
  words[at + TRIGGER_PRICE_LOW] = 0;
  words[at + TRIGGER_PRICE_HIGH] = 0;
  words[at + EXPIRES_S] = 0;
  words[at + DISPLAY_QUANTITY] = 0;
}

/** Writes a Tick: time alone passes. */
export function writeTick(words: Int32Array, at: number): void {
  clearCommand(words, at);
  words[at + KIND_SIDE_TYPE_TIF] = CommandKind.Tick;
}

/** Stamps the sequencer's time (microseconds since 1970) on any command: every layout keeps it at one place. */
export function writeTimestamp(words: Int32Array, at: number, timestamp_us: number): void {
  words[at + TIMESTAMP_LOW] = lowLane(timestamp_us);
  words[at + TIMESTAMP_HIGH] = highLane(timestamp_us);
}

/** The sequencer's time of any command, in microseconds since 1970. */
export function readTimestamp(words: Int32Array, at: number): number {
  return fromLanes(words[at + TIMESTAMP_LOW], words[at + TIMESTAMP_HIGH]);
}

/** What the whole log is decided by, fixed by its first entry. */
export interface Genesis {
  /** Largest quantity of one order, in lots (u32). */
  readonly maxQuantity: number;
  /** Largest quantity x price of one order, in tick-lots (safe integer). */
  readonly maxNotional: number;
  /** Most orders resting at once, over all symbols. */
  readonly ordersMax: number;
  readonly symbolsMax: number;
  /** Accounts are numbered 0 .. accountsMax - 1. */
  readonly accountsMax: number;
  /** Most orders of one account resting at once, if it has a stream of reports (u32); 0, or none given: no other bound than ordersMax. */
  readonly accountOrdersMax?: number;
  /** Seeds the order index, so that nobody outside can choose ids that collide. Never shown to clients. */
  readonly indexSeed: readonly [low: number, high: number];
}

/** One instrument; its symbol number is its place in the order of registration. */
export interface Instrument {
  /** 1-16 bytes of UTF-8. */
  readonly name: string;
  /** Digits after the point when a price is shown: price = ticks / 10^priceDecimals. 0-18. */
  readonly priceDecimals: number;
  /** Ticks per unit step (safe integer >= 1). */
  readonly tick: number;
  /** Displayed units per lot (safe integer >= 1). */
  readonly lot: number;
}

export const GENESIS_VERSION = 1;

function view(words: Int32Array, at: number): DataView {
  return new DataView(words.buffer, words.byteOffset + at * 4, COMMAND_WORDS * 4);
}

/** Writes a Genesis followed, at the caller's hand, by `instruments` RegisterInstrument records. */
export function writeGenesis(words: Int32Array, at: number, genesis: Genesis, instruments: number): void {
  assert(genesis.maxQuantity <= U32_MAX && genesis.maxNotional <= SAFE_MAX, "genesis limits out of range");
  clearCommand(words, at);
  const v = view(words, at);
  v.setUint8(GenesisLayout.kind, CommandKind.Genesis);
  v.setUint8(GenesisLayout.version, GENESIS_VERSION);
  v.setUint32(GenesisLayout.instruments, instruments, true);
  v.setUint32(GenesisLayout.maxQuantity, genesis.maxQuantity, true);
  v.setUint32(GenesisLayout.ordersMax, genesis.ordersMax, true);
  v.setUint32(GenesisLayout.symbolsMax, genesis.symbolsMax, true);
  v.setUint32(GenesisLayout.accountsMax, genesis.accountsMax, true);
  setU64(v, GenesisLayout.maxNotional, genesis.maxNotional);
  v.setUint32(GenesisLayout.indexSeed, genesis.indexSeed[0], true);
  v.setUint32(GenesisLayout.indexSeed + 4, genesis.indexSeed[1], true);
  v.setUint32(GenesisLayout.accountOrdersMax, genesis.accountOrdersMax ?? 0, true);
}

/** Reads the Genesis at word offset `at`. */
export function readGenesis(words: Int32Array, at: number): Genesis & { readonly instruments: number } {
  const v = view(words, at);
  const accountOrdersMax = v.getUint32(GenesisLayout.accountOrdersMax, true);
  return {
    ...(accountOrdersMax > 0 && { accountOrdersMax }),
    instruments: v.getUint32(GenesisLayout.instruments, true),
    maxQuantity: v.getUint32(GenesisLayout.maxQuantity, true),
    maxNotional: getU64(v, GenesisLayout.maxNotional),
    ordersMax: v.getUint32(GenesisLayout.ordersMax, true),
    symbolsMax: v.getUint32(GenesisLayout.symbolsMax, true),
    accountsMax: v.getUint32(GenesisLayout.accountsMax, true),
    indexSeed: [v.getUint32(GenesisLayout.indexSeed, true), v.getUint32(GenesisLayout.indexSeed + 4, true)],
  };
}

/** Writes a RegisterInstrument. Its caller has checked the name's length. */
export function writeInstrument(words: Int32Array, at: number, instrument: Instrument): void {
  const name = encodeUtf8(instrument.name);
  assert(name.length >= 1 && name.length <= INSTRUMENT_NAME_BYTES_MAX, "instrument name is 1-16 bytes");
  clearCommand(words, at);
  const v = view(words, at);
  v.setUint8(InstrumentLayout.kind, CommandKind.RegisterInstrument);
  v.setUint8(InstrumentLayout.priceDecimals, instrument.priceDecimals);
  v.setUint8(InstrumentLayout.nameLength, name.length);
  for (let i = 0; i < name.length; i++) v.setUint8(InstrumentLayout.name + i, name[i]);
  setU64(v, InstrumentLayout.tick, instrument.tick);
  setU64(v, InstrumentLayout.lot, instrument.lot);
}

/** Reads the RegisterInstrument at word offset `at`. */
export function readInstrument(words: Int32Array, at: number): Instrument {
  const v = view(words, at);
  const length = Math.min(v.getUint8(InstrumentLayout.nameLength), INSTRUMENT_NAME_BYTES_MAX);
  const name = new Uint8Array(length);
  for (let i = 0; i < length; i++) name[i] = v.getUint8(InstrumentLayout.name + i);
  return {
    name: decodeUtf8(name),
    priceDecimals: v.getUint8(InstrumentLayout.priceDecimals),
    tick: getU64(v, InstrumentLayout.tick),
    lot: getU64(v, InstrumentLayout.lot),
  };
}
