// The two market-data messages of order entry's version 1, one per datagram, for receivers that know nothing else: every trade and
// every change of the best prices, as channel top says them. They have a sequence of their own, from 1 since the start, and
// nothing behind it: what is lost is lost.

import { highLane, lowLane } from "../../base/index.ts";
import type { ChannelSink } from "../../feed/index.ts";
import {
  ASK_PRESENT,
  BID_PRESENT,
  ChannelKind,
  encodeMdTopOfBook,
  encodeMdTrade,
  MarketDataReader,
  MdType,
} from "../../protocol/index.ts";
import type { DatagramSender } from "./datagram-sender.ts";

/** More than either message takes. */
const DATAGRAM_BYTES = 64;

export class V1Datagrams implements ChannelSink {
  readonly #sender: DatagramSender;
  readonly #reader = new MarketDataReader();
  readonly #bytes = new Uint8Array(DATAGRAM_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #sequence = 0;

  constructor(sender: DatagramSender) {
    this.#sender = sender;
  }

  onPacket({ kind }: { readonly kind: number }, bytes: Uint8Array, from: number, to: number): void {
    if (kind !== ChannelKind.Top) return;
    const reader = this.#reader;
    reader.bind(bytes, from, to);
    while (reader.next()) {
      if (reader.type === MdType.Trade) this.#sayTrade(reader);
      else if (reader.type === MdType.TopOfBook) this.#sayTop(reader);
    }
  }

  #sayTrade({ symbol, priceLow, priceHigh, quantity }: MarketDataReader): void {
    const sequence = ++this.#sequence;
    const to = encodeMdTrade(
      this.#view,
      0,
      lowLane(sequence),
      highLane(sequence),
      symbol,
      priceLow,
      priceHigh,
      quantity,
    );
    this.#sender.send(this.#bytes, 0, to);
  }

  #sayTop({ symbol, present, bid, ask }: MarketDataReader): void {
    const sequence = ++this.#sequence;
    const to = encodeMdTopOfBook(
      this.#view,
      0,
      lowLane(sequence),
      highLane(sequence),
      symbol,
      (present & BID_PRESENT) !== 0,
      lowLane(bid),
      highLane(bid),
      (present & ASK_PRESENT) !== 0,
      lowLane(ask),
      highLane(ask),
    );
    this.#sender.send(this.#bytes, 0, to);
  }
}
