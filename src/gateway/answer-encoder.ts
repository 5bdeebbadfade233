// Event records become answers: Ack, Reject and Fill for the connection whose command it was, RestingFill for every
// connection that speaks for the maker's account. Events of one command may come in several pieces; each record says
// all its answer needs, so nothing is kept between two.

import type { RecordBuffer } from "../base/index.ts";
import {
  EventKind,
  EventWord,
  encodeAck,
  encodeFill,
  encodeReject,
  frameBytes,
  MessageType,
} from "../protocol/index.ts";
import type { AccountIndex } from "./account-index.ts";
import type { Connection } from "./connection.ts";

const ACK_BYTES = frameBytes(MessageType.Ack);
const FILL_BYTES = frameBytes(MessageType.Fill);
const REJECT_BYTES = frameBytes(MessageType.Reject);

/** Appends the answers of `events`; `commander` is gone or unknown when undefined. */
export function encodeAnswers(
  events: RecordBuffer,
  commander: Connection | undefined,
  accounts: AccountIndex,
  connections: readonly (Connection | undefined)[],
): void {
  const { words, recordWords, count } = events;
  for (let i = 0, at = 0; i < count; i++, at += recordWords) {
    const head = words[at + EventWord.kindReasonCommandFlags];
    const kind = head & 0xff;
    if (kind === EventKind.Trade) {
      if (commander !== undefined) encodeTrade(words, at, commander, MessageType.Fill);
      const makerAccount = words[at + EventWord.makerAccount];
      for (let slot = accounts.first(makerAccount); slot >= 0; ) {
        // Looked up first: a connection that is given up leaves the list.
        const next = accounts.next(slot);
        const owner = connections[slot];
        if (owner !== undefined) encodeTrade(words, at, owner, MessageType.RestingFill);
        slot = next;
      }
    } else if (commander !== undefined) {
      if (kind === EventKind.Reject) encodeRejection(words, at, commander, (head >>> 8) & 0xff);
      else encodeAcceptance(words, at, commander);
    }
  }
}

function encodeAcceptance(words: Int32Array, event: number, to: Connection): void {
  const at = to.claim(ACK_BYTES);
  if (at < 0) return;
  encodeAck(
    to.output.gated.view,
    at,
    words[event + EventWord.orderIdLow],
    words[event + EventWord.orderIdHigh],
    words[event + EventWord.sequenceLow],
    words[event + EventWord.sequenceHigh],
  );
}

function encodeRejection(words: Int32Array, event: number, to: Connection, reason: number): void {
  const at = to.claim(REJECT_BYTES);
  if (at < 0) return;
  const { orderIdLow, orderIdHigh } = EventWord;
  encodeReject(to.output.gated.view, at, words[event + orderIdLow], words[event + orderIdHigh], reason);
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
    words[event + EventWord.orderIdLow],
    words[event + EventWord.orderIdHigh],
    words[event + EventWord.makerIdLow],
    words[event + EventWord.makerIdHigh],
    words[event + EventWord.priceLow],
    words[event + EventWord.priceHigh],
    words[event + EventWord.quantity],
    words[event + EventWord.sequenceLow],
    words[event + EventWord.sequenceHigh],
  );
}
