// Event records become answers: Ack, Reject and Fill for the connection whose command it was, RestingFill for every
// connection that speaks for the maker's account, Cancelled for all of an account whose orders a kill switch took out; a
// Repeat is the Ack or Reject that it repeats. Events of one command may come in several pieces; each record says
// all its answer needs, so nothing is kept between two.

import type { RecordBuffer } from "../../base/index.ts";
import {
  CancelCause,
  EventKind,
  EventWord,
  encodeAck,
  encodeCancelled,
  encodeFill,
  encodeReject,
  frameBytes,
  MessageType,
} from "../../protocol/index.ts";
import type { Connection } from "../connection.ts";
import type { AccountIndex } from "./account-index.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const EVENT_KIND_REASON_COMMAND_FLAGS = EventWord.kindReasonCommandFlags;
const EVENT_MAKER_ACCOUNT = EventWord.makerAccount;
const EVENT_MAKER_ID_HIGH = EventWord.makerIdHigh;
const EVENT_MAKER_ID_LOW = EventWord.makerIdLow;
const EVENT_ORDER_ID_HIGH = EventWord.orderIdHigh;
const EVENT_ORDER_ID_LOW = EventWord.orderIdLow;
const EVENT_PRICE_HIGH = EventWord.priceHigh;
const EVENT_PRICE_LOW = EventWord.priceLow;
const EVENT_QUANTITY = EventWord.quantity;
const EVENT_SEQUENCE_HIGH = EventWord.sequenceHigh;
const EVENT_SEQUENCE_LOW = EventWord.sequenceLow;
const KIND_CANCEL = EventKind.Cancel;
const KIND_REJECT = EventKind.Reject;
const KIND_REPEAT = EventKind.Repeat;
const KIND_TRADE = EventKind.Trade;

const ACK_BYTES = frameBytes(MessageType.Ack);
const CANCELLED_BYTES = frameBytes(MessageType.Cancelled);
const FILL_BYTES = frameBytes(MessageType.Fill);
const REJECT_BYTES = frameBytes(MessageType.Reject);

/** Appends the answers of `events`; `commander` is gone or unknown when undefined. */
export function encodeAnswers(
  events: RecordBuffer,
  commander: Connection | undefined,
  accounts: AccountIndex,
  connections: readonly (Connection | undefined)[],
): void {
  const { words, recordWords, used_words } = events;
  for (let at = 0; at < used_words; at += recordWords) {
    const head = words[at + EVENT_KIND_REASON_COMMAND_FLAGS];
    const kind = head & 0xff;
    if (kind === KIND_TRADE) {
      if (commander !== undefined) encodeTrade(words, at, commander, MessageType.Fill);
      const makerAccount = words[at + EVENT_MAKER_ACCOUNT];
      for (let slot = accounts.first(makerAccount); slot >= 0; ) {
        // Looked up first: a connection that is given up leaves the list.
        const next = accounts.next(slot);
        const owner = connections[slot];
        if (owner !== undefined) encodeTrade(words, at, owner, MessageType.RestingFill);
        slot = next;
      }
    } else if (commander !== undefined) {
      const reason = (head >>> 8) & 0xff;
      if (kind === KIND_REJECT || (kind === KIND_REPEAT && reason !== 0))
        encodeRejection(words, at, commander, reason);
      else encodeAcceptance(words, at, commander);
    } else if (kind === KIND_CANCEL && ((head >>> 8) & 0xff) !== CancelCause.Request) {
      const account = words[at + EventWord.account];
      for (let slot = accounts.first(account); slot >= 0; ) {
        const next = accounts.next(slot);
        const owner = connections[slot];
        if (owner !== undefined) encodeCancellation(words, at, owner);
        slot = next;
      }
    }
  }
}

function encodeAcceptance(words: Int32Array, event: number, to: Connection): void {
  const at = to.claim(ACK_BYTES);
  if (at < 0) return;
  encodeAck(
    to.output.gated.view,
    at,
    words[event + EVENT_ORDER_ID_LOW],
    words[event + EVENT_ORDER_ID_HIGH],
    words[event + EVENT_SEQUENCE_LOW],
    words[event + EVENT_SEQUENCE_HIGH],
  );
}

function encodeRejection(words: Int32Array, event: number, to: Connection, reason: number): void {
  const at = to.claim(REJECT_BYTES);
  if (at < 0) return;
  const { orderIdLow, orderIdHigh } = EventWord;
  encodeReject(to.output.gated.view, at, words[event + orderIdLow], words[event + orderIdHigh], reason);
}

function encodeCancellation(words: Int32Array, event: number, to: Connection): void {
  const at = to.claim(CANCELLED_BYTES);
  if (at < 0) return;
  encodeCancelled(
    to.output.gated.view,
    at,
    words[event + EVENT_ORDER_ID_LOW],
    words[event + EVENT_ORDER_ID_HIGH],
    words[event + EventWord.symbol],
    words[event + EVENT_QUANTITY],
    words[event + EVENT_SEQUENCE_LOW],
    words[event + EVENT_SEQUENCE_HIGH],
  );
}

function encodeTrade(
  words: Int32Array,
  event: number,
  to: Connection,
  type: typeof MessageType.Fill | typeof MessageType.RestingFill,
): void {
  const at = to.claim(FILL_BYTES);
  if (at < 0) return;
  encodeFill(
    to.output.gated.view,
    at,
    type,
    words[event + EVENT_ORDER_ID_LOW],
    words[event + EVENT_ORDER_ID_HIGH],
    words[event + EVENT_MAKER_ID_LOW],
    words[event + EVENT_MAKER_ID_HIGH],
    words[event + EVENT_PRICE_LOW],
    words[event + EVENT_PRICE_HIGH],
    words[event + EVENT_QUANTITY],
    words[event + EVENT_SEQUENCE_LOW],
    words[event + EVENT_SEQUENCE_HIGH],
  );
}
