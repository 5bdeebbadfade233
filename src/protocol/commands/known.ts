// Whether a record is a command of this version, in every field that decides results. Asked of what comes from a file or
// another node: a later version may give a meaning to fields that are zero here, reserved or not used by the record's kind, and
// to apply such a record as if they were zero would write another history.

import { checkAdminCommand } from "./administration.ts";
import { checkInstrument } from "./deciding.ts";
import {
  BOTH_SIDES,
  COMMAND_WORDS,
  CommandFlag,
  CommandKind,
  CommandWord,
  OrderType,
  Side,
  TimeInForce,
} from "./layout.ts";
import { checkSessionCommand } from "./sessions.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const HEAD = CommandWord.kindSideTypeTif;
const FLAGS = CommandWord.flags;
const ORDER_ID_LOW = CommandWord.orderIdLow;
const ORDER_ID_HIGH = CommandWord.orderIdHigh;
const PRICE_LOW = CommandWord.priceLow;
const PRICE_HIGH = CommandWord.priceHigh;
const QUANTITY = CommandWord.quantity;
const TIMESTAMP_LOW = CommandWord.timestampLow;
const TIMESTAMP_HIGH = CommandWord.timestampHigh;
const RESERVED_FLAGS = ~CommandFlag.Once;
const TRIGGER_LOW = CommandWord.triggerPriceLow;
const TRIGGER_HIGH = CommandWord.triggerPriceHigh;
const EXPIRES = CommandWord.expires_s;
const DISPLAY = CommandWord.displayQuantity;
const NEW_ORDER = CommandKind.NewOrder;
const CANCEL = CommandKind.Cancel;
const MODIFY = CommandKind.Modify;
const MASS_CANCEL = CommandKind.MassCancel;
const TICK = CommandKind.Tick;
const REGISTER_INSTRUMENT = CommandKind.RegisterInstrument;
const SIDE_MAX = Side.Sell;
const TYPE_MAX = OrderType.Market;
const TIME_IN_FORCE_MAX = TimeInForce.ImmediateOrCancel;

/** The index of the first of `count` records from word offset `at` on that this version can't apply, or -1. */
export function firstUnknownCommand(words: Int32Array, at: number, count: number): number {
  for (let i = 0, word = at; i < count; i++, word += COMMAND_WORDS) {
    if (!isKnownCommand(words, word)) return i;
  }
  return -1;
}

/** Whether the record may follow a genesis entry, with nothing in it that this version doesn't know. */
function isKnownCommand(words: Int32Array, at: number): boolean {
  const head = words[at + HEAD];
  const kind = head & 0xff;
  if (kind === TICK) return isTick(words, at);
  if (kind === REGISTER_INSTRUMENT) return checkInstrument(words, at) !== undefined;
  if (kind < NEW_ORDER) return (checkAdminCommand(words, at) ?? checkSessionCommand(words, at)) !== undefined;
  const reserved =
    (words[at + FLAGS] & RESERVED_FLAGS) |
    words[at + TRIGGER_LOW] |
    words[at + TRIGGER_HIGH] |
    words[at + EXPIRES] |
    words[at + DISPLAY];
  if (reserved !== 0) return false;
  if (kind === MODIFY) return head >>> 8 === 0;
  if (kind === CANCEL) return head >>> 8 === 0 && hasNoTerms(words, at);
  if (kind === MASS_CANCEL) {
    const id = words[at + ORDER_ID_LOW] | words[at + ORDER_ID_HIGH];
    return head >>> 8 <= BOTH_SIDES && id === 0 && hasNoTerms(words, at);
  }
  const side = (head >>> 8) & 0xff;
  const type = (head >>> 16) & 0xff;
  return kind === NEW_ORDER && side <= SIDE_MAX && type <= TYPE_MAX && head >>> 24 <= TIME_IN_FORCE_MAX;
}

function hasNoTerms(words: Int32Array, at: number): boolean {
  return (words[at + PRICE_LOW] | words[at + PRICE_HIGH] | words[at + QUANTITY]) === 0;
}

/** A kind and a time, and nothing else. */
function isTick(words: Int32Array, at: number): boolean {
  if (words[at + HEAD] !== TICK) return false;
  for (let word = HEAD + 1; word < COMMAND_WORDS; word++) {
    if (words[at + word] !== 0 && word !== TIMESTAMP_LOW && word !== TIMESTAMP_HIGH) return false;
  }
  return true;
}
