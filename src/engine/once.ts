// A trader's command whose request number is used once: executed when its number is new, answered as it was when it is
// known, refused when it can't be told (order-entry.md, "Requests that are used once").
//
//   number                       content     answer
//   known                        the same    Repeat: the first answer again
//   known                        another     RequestReused
//   below all, memory is full    -           RequestForgotten
//   new                          -           executed, and its first event remembered, a refusal too
//
// Decided before anything else of the command, also while the exchange is halted: what was answered stays answered.

import { type RecordBuffer, SeriatimError } from "../base/index.ts";
import { CommandFlag, CommandKind, CommandWord, Reason } from "../protocol/index.ts";
import { massCancel } from "./bulk-cancel.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { cancelOrder, modifyOrder, newOrder } from "./order-commands.ts";
import { type RequestWindow, RequestWord } from "./request-memory.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const HEAD = CommandWord.kindSideTypeTif;
const FLAGS = CommandWord.flags;
const ACCOUNT = CommandWord.account;
const REQUEST_LOW = CommandWord.requestLow;
const REQUEST_HIGH = CommandWord.requestHigh;
const SEQUENCE_LOW = RequestWord.sequenceLow;
const SEQUENCE_HIGH = RequestWord.sequenceHigh;
const REASON = RequestWord.reason;
const ONCE = CommandFlag.Once;
const NEW_ORDER = CommandKind.NewOrder;
const CANCEL = CommandKind.Cancel;
const MODIFY = CommandKind.Modify;

/**
 * Applies the command at `words[at]`, whose flags are not zero.
 * @throws SeriatimError LOG_UNKNOWN for a flag that no gateway of this version writes.
 */
export function applyOnce(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const flags = words[at + FLAGS];
  if (flags !== ONCE)
    throw new SeriatimError("LOG_UNKNOWN", `command flags ${flags >>> 0}: the log is not this version's`);
  const { events } = state;
  events.begin(out, words, at);
  const window = state.requests.window(words[at + ACCOUNT] >>> 0);
  if (window === undefined) return events.reject(Reason.StorageExhausted);
  const low = words[at + REQUEST_LOW];
  const high = words[at + REQUEST_HIGH];
  const place = window.place(low, high);
  if (window.holds(place, low, high)) {
    if (!window.isSame(place, words, at)) return events.reject(Reason.RequestReused);
    const known = window.at(place);
    const answers = window.words;
    return events.repeat(
      answers[known + SEQUENCE_LOW],
      answers[known + SEQUENCE_HIGH],
      answers[known + REASON],
    );
  }
  if (place === 0 && window.isFull) return events.reject(Reason.RequestForgotten);
  execute(state, words, at, out, window, place);
}

/** Executes the command and remembers its first event: every command of a trader has one. */
function execute(
  state: ExchangeState,
  words: Int32Array,
  at: number,
  out: RecordBuffer,
  window: RequestWindow,
  place: number,
): void {
  const { events } = state;
  const beforeLow = events.sequenceLow;
  const beforeHigh = events.sequenceHigh;
  const kind = words[at + HEAD] & 255;
  if (kind === NEW_ORDER) newOrder(state, words, at, out);
  else if (kind === CANCEL) cancelOrder(state, words, at, out);
  else if (kind === MODIFY) modifyOrder(state, words, at, out);
  else massCancel(state, words, at, out);

  const isAccepted = events.sequenceLow !== beforeLow || events.sequenceHigh !== beforeHigh;
  const firstLow = (beforeLow + 1) | 0;
  const to = window.insert(place);
  window.write(to, words, at);
  const known = window.words;
  known[to + SEQUENCE_LOW] = isAccepted ? firstLow : 0;
  known[to + SEQUENCE_HIGH] = isAccepted ? beforeHigh + (firstLow === 0 ? 1 : 0) : 0;
  known[to + REASON] = isAccepted ? 0 : events.lastReason;
}
