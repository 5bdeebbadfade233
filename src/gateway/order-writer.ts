// A request on an order becomes a command record: the wire's bytes into a claimed slot, and what the gateway knows of its
// session beside them. Nothing is allocated.

import { assert } from "../base/index.ts";
import {
  CancelOrderLayout,
  CommandWord,
  FRAME_HEADER_BYTES,
  frameSequenceHigh,
  frameSequenceLow,
  MessageType,
  ModifyLayout,
  NewOrderLayout,
  readCancelOrder,
  readMassCancel,
  readModify,
  readNewOrder,
} from "../protocol/index.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const NEW_ORDER = MessageType.NewOrder;
const CANCEL_ORDER = MessageType.CancelOrder;
const MODIFY = MessageType.Modify;
const MASS_CANCEL = MessageType.MassCancel;
const WORD_ANSWER_LIMIT_FILLS = CommandWord.answerLimit_fills;
const WORD_FLAGS = CommandWord.flags;
const WORD_REQUEST_HIGH = CommandWord.requestHigh;
const WORD_REQUEST_LOW = CommandWord.requestLow;
const WORD_SESSION_HIGH = CommandWord.sessionHigh;
const WORD_SESSION_LOW = CommandWord.sessionLow;

assert(
  NewOrderLayout.orderId === CancelOrderLayout.orderId && NewOrderLayout.orderId === ModifyLayout.orderId,
  "the order id stands at one place in every request on an order",
);
/** Where the order id stands in the frame of every request on an order. */
export const REQUEST_ORDER_ID = FRAME_HEADER_BYTES + NewOrderLayout.orderId;

/** Whose request it is. */
interface Commander {
  readonly account: number;
  readonly sessionLow: number;
  readonly sessionHigh: number;
}

/** Writes the request at `at` of `view` into the record at word `slot`. A mass cancel's answer has no limit. */
export function writeOrder(
  view: DataView,
  at: number,
  type: MessageType,
  words: Int32Array,
  slot: number,
  from: Commander,
  flags: number,
  answerLimit_fills: number,
): void {
  if (type === NEW_ORDER) readNewOrder(view, at, words, slot, from.account);
  else if (type === CANCEL_ORDER) readCancelOrder(view, at, words, slot, from.account);
  else if (type === MODIFY) readModify(view, at, words, slot, from.account);
  else readMassCancel(view, at, words, slot, from.account);
  words[slot + WORD_ANSWER_LIMIT_FILLS] = type === MASS_CANCEL ? 0 : answerLimit_fills;
  words[slot + WORD_FLAGS] = flags;
  words[slot + WORD_REQUEST_LOW] = frameSequenceLow(view, at);
  words[slot + WORD_REQUEST_HIGH] = frameSequenceHigh(view, at);
  words[slot + WORD_SESSION_LOW] = from.sessionLow;
  words[slot + WORD_SESSION_HIGH] = from.sessionHigh;
}
