// A trader's command whose request number is used once: executed when its number is new, answered as it was when it is
// known, refused when it can't be told (order-entry.md, "Requests that are used once").
//
//   number                       content     answer
//   known                        the same    Repeat: the first answer again
//   known                        another     RequestReused
//   below all, memory is full    -           RequestForgotten
//   new                          -           executed, and its first event remembered, a refusal too
//
// Decided before anything else of the command but its account, also while the exchange is halted: what was answered stays answered. The engine
// executes it between beginOnce and endOnce, where it executes every other: a second place would be a second copy of
// all that in its machine code, and there is room for one.

import { type RecordBuffer, SeriatimError } from "../base/index.ts";
import { CommandFlag, CommandWord, Reason } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { type RequestWindow, RequestWord } from "./request-memory.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const FLAGS = CommandWord.flags;
const ACCOUNT = CommandWord.account;
const REQUEST_LOW = CommandWord.requestLow;
const REQUEST_HIGH = CommandWord.requestHigh;
const SEQUENCE_LOW = RequestWord.sequenceLow;
const SEQUENCE_HIGH = RequestWord.sequenceHigh;
const REASON = RequestWord.reason;
const ONCE = CommandFlag.Once;

/** @throws SeriatimError LOG_UNKNOWN for a flag that no gateway of this version writes. */
export function checkFlags(words: Int32Array, at: number): void {
  const flags = words[at + FLAGS];
  if (flags !== 0 && flags !== ONCE)
    throw new SeriatimError("LOG_UNKNOWN", `command flags ${flags >>> 0}: the log is not this version's`);
}

/**
 * The command at `words[at]`, whose flags are not zero. True: it is new, to be executed now, and endOnce follows; false: it is answered.
 * @throws SeriatimError LOG_UNKNOWN for a flag that no gateway of this version writes.
 */
export function beginOnce(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): boolean {
  checkFlags(words, at);
  const { events, requests } = state;
  events.begin(out, words, at);
  const window = requests.window(words[at + ACCOUNT] >>> 0);
  if (window === undefined) {
    events.reject(Reason.StorageExhausted);
    return false;
  }
  const low = words[at + REQUEST_LOW];
  const high = words[at + REQUEST_HIGH];
  const place = window.place(low, high);
  if (window.holds(place, low, high)) {
    answerKnown(state, window, place, words, at);
    return false;
  }
  if (place === 0 && window.isFull) {
    events.reject(Reason.RequestForgotten);
    return false;
  }
  requests.place = place;
  requests.sequenceLow = events.sequenceLow;
  requests.sequenceHigh = events.sequenceHigh;
  return true;
}

/** Its number is known: the first answer again, if it is the same command. */
function answerKnown(
  { events }: ExchangeState,
  window: RequestWindow,
  place: number,
  words: Int32Array,
  at: number,
): void {
  if (!window.isSame(place, words, at)) return events.reject(Reason.RequestReused);
  const known = window.at(place);
  const answers = window.words;
  events.repeat(answers[known + SEQUENCE_LOW], answers[known + SEQUENCE_HIGH], answers[known + REASON]);
}

/** The command of the beginOnce before is executed: its first event is remembered, and every command of a trader has one. */
export function endOnce({ events, requests }: ExchangeState, words: Int32Array, at: number): void {
  const window = requests.window(words[at + ACCOUNT] >>> 0) as RequestWindow;
  const { place, sequenceLow, sequenceHigh } = requests;
  const isAccepted = events.sequenceLow !== sequenceLow || events.sequenceHigh !== sequenceHigh;
  const firstLow = (sequenceLow + 1) | 0;
  const to = window.insert(place);
  window.write(to, words, at);
  const known = window.words;
  known[to + SEQUENCE_LOW] = isAccepted ? firstLow : 0;
  known[to + SEQUENCE_HIGH] = isAccepted ? sequenceHigh + (firstLow === 0 ? 1 : 0) : 0;
  known[to + REASON] = isAccepted ? 0 : events.lastReason;
}
