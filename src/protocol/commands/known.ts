// Whether a record is a command of this version, in every field that decides results. Asked of what comes from a file or
// another node: a later version may give a meaning to bits that are reserved here, and to apply such a record as if they were
// zero would write another history.

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
  if (kind === TICK) return true;
  if (kind === REGISTER_INSTRUMENT) return checkInstrument(words, at) !== undefined;
  if (kind < NEW_ORDER) return (checkAdminCommand(words, at) ?? checkSessionCommand(words, at)) !== undefined;
  const reserved =
    (words[at + FLAGS] & RESERVED_FLAGS) |
    words[at + TRIGGER_LOW] |
    words[at + TRIGGER_HIGH] |
    words[at + EXPIRES] |
    words[at + DISPLAY];
  if (reserved !== 0) return false;
  if (kind === CANCEL || kind === MODIFY) return head >>> 8 === 0;
  if (kind === MASS_CANCEL) return head >>> 8 <= BOTH_SIDES;
  const side = (head >>> 8) & 0xff;
  const type = (head >>> 16) & 0xff;
  return kind === NEW_ORDER && side <= SIDE_MAX && type <= TYPE_MAX && head >>> 24 <= TIME_IN_FORCE_MAX;
}
