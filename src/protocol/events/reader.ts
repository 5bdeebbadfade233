// An event record as a plain object, for cold paths: tools, tests, text. Specification: events.md.

import { fromLanes, fromSignedLanes } from "../../base/index.ts";
import { EVENT_WORDS, EventLayout } from "./layout.ts";

/** All fields of one event record; see EventLayout for what each means per kind. */
export interface EventFields {
  readonly kind: number;
  readonly reason: number;
  readonly command: number;
  readonly flags: number;
  readonly symbol: number;
  readonly sequence: number;
  /** u64. */
  readonly orderId: bigint;
  /** u64. */
  readonly makerId: bigint;
  readonly price: number;
  readonly quantity: number;
  readonly leaves: number;
  readonly account: number;
  readonly makerAccount: number;
  readonly makerLeaves: number;
  readonly side: number;
  readonly orderType: number;
  readonly timeInForce: number;
  readonly previousPrice: number;
  readonly previousQuantity: number;
}

/** Reads the event record at word offset `at`. Allocates. */
export function readEvent(words: Int32Array, at: number): EventFields {
  const view = new DataView(words.buffer, words.byteOffset + at * 4, EVENT_WORDS * 4);
  const u32 = (offset: number) => view.getUint32(offset, true);
  return {
    kind: view.getUint8(EventLayout.kind),
    reason: view.getUint8(EventLayout.reason),
    command: view.getUint8(EventLayout.command),
    flags: view.getUint8(EventLayout.flags),
    symbol: u32(EventLayout.symbol),
    sequence: fromLanes(u32(EventLayout.sequence), u32(EventLayout.sequence + 4)),
    orderId: view.getBigUint64(EventLayout.orderId, true),
    makerId: view.getBigUint64(EventLayout.makerId, true),
    price: fromSignedLanes(u32(EventLayout.price), u32(EventLayout.price + 4)),
    quantity: u32(EventLayout.quantity),
    leaves: u32(EventLayout.leaves),
    account: u32(EventLayout.account),
    makerAccount: u32(EventLayout.makerAccount),
    makerLeaves: u32(EventLayout.makerLeaves),
    side: view.getUint8(EventLayout.side),
    orderType: view.getUint8(EventLayout.orderType),
    timeInForce: view.getUint8(EventLayout.timeInForce),
    previousPrice: fromSignedLanes(u32(EventLayout.previousPrice), u32(EventLayout.previousPrice + 4)),
    previousQuantity: u32(EventLayout.previousQuantity),
  };
}
