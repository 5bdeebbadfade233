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
import { REQUEST_CONTENT, type RequestWindow, RequestWord } from "./request-memory.ts";

/**
 * Applies the command at `words[at]`, whose flags are not zero.
 * @throws SeriatimError LOG_UNKNOWN for a flag that no gateway of this version writes.
 */
export function applyOnce(state: ExchangeState, words: Int32Array, at: number, out: RecordBuffer): void {
  const flags = words[at + CommandWord.flags];
  if (flags !== CommandFlag.Once)
    throw new SeriatimError("LOG_UNKNOWN", `command flags ${flags >>> 0}: the log is not this version's`);
  const { events } = state;
  events.begin(out, words, at);
  const window = state.requests.window(words[at + CommandWord.account] >>> 0);
  if (window === undefined) return events.reject(Reason.StorageExhausted);
  const low = words[at + CommandWord.requestLow];
  const high = words[at + CommandWord.requestHigh];
  const place = window.place(low, high);
  if (window.holds(place, low, high)) {
    if (!window.isSame(place, words, at)) return events.reject(Reason.RequestReused);
    const known = window.at(place);
    const { sequenceLow, sequenceHigh, reason } = RequestWord;
    return events.repeat(
      window.words[known + sequenceLow],
      window.words[known + sequenceHigh],
      window.words[known + reason],
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
  const kind = words[at + CommandWord.kindSideTypeTif] & 255;
  if (kind === CommandKind.NewOrder) newOrder(state, words, at, out);
  else if (kind === CommandKind.Cancel) cancelOrder(state, words, at, out);
  else if (kind === CommandKind.Modify) modifyOrder(state, words, at, out);
  else massCancel(state, words, at, out);

  const isAccepted = events.sequenceLow !== beforeLow || events.sequenceHigh !== beforeHigh;
  const firstLow = (beforeLow + 1) | 0;
  const to = window.insert(place);
  const known = window.words;
  known[to + RequestWord.requestLow] = words[at + CommandWord.requestLow];
  known[to + RequestWord.requestHigh] = words[at + CommandWord.requestHigh];
  for (let i = 0; i < REQUEST_CONTENT.length; i++)
    known[to + RequestWord.content + i] = words[at + REQUEST_CONTENT[i]];
  known[to + RequestWord.sequenceLow] = isAccepted ? firstLow : 0;
  known[to + RequestWord.sequenceHigh] = isAccepted ? beforeHigh + (firstLow === 0 ? 1 : 0) : 0;
  known[to + RequestWord.reason] = isAccepted ? 0 : events.lastReason;
}
