// nodejs-order-book on our command records: one book per symbol, the same orders, prices and sizes. It is a
// development dependency; without it (in an installed package) its rows are left out and the report says so.

import { CommandKind, CommandWord, OrderType, Side, TimeInForce } from "../../src/protocol/index.ts";

/** Applies the command record at word offset `at`. */
type PeerRun = (words: Int32Array, at: number) => void;
/** Makes fresh books for so many symbols. */
export type Peer = (symbols: number) => PeerRun;

interface PeerBook {
  limit(order: object): unknown;
  market(order: object): unknown;
  modify(id: string, change: object): unknown;
  cancel(id: string): unknown;
}

/** The peer, or undefined when it is not installed. */
export async function loadPeer(): Promise<Peer | undefined> {
  try {
    const { OrderBook } = (await import("nodejs-order-book")) as unknown as { OrderBook: new () => PeerBook };
    return (symbols) => runOn(Array.from({ length: symbols }, () => new OrderBook()));
  } catch {
    return undefined;
  }
}

function runOn(books: readonly PeerBook[]): PeerRun {
  return (words, at) => {
    const head = words[at + CommandWord.kindSideTypeTif];
    const book = books[words[at + CommandWord.symbol]];
    const id = String(words[at + CommandWord.orderIdLow]);
    const size = words[at + CommandWord.quantity];
    const price = words[at + CommandWord.priceLow];
    switch (head & 255) {
      case CommandKind.Cancel:
        book.cancel(id);
        return;
      case CommandKind.Modify:
        book.modify(id, { price, size });
        return;
      case CommandKind.NewOrder: {
        const side = ((head >>> 8) & 255) === Side.Buy ? "buy" : "sell";
        if (((head >>> 16) & 255) === OrderType.Market) book.market({ side, size });
        else
          book.limit({
            id,
            side,
            size,
            price,
            timeInForce: head >>> 24 === TimeInForce.ImmediateOrCancel ? "IOC" : "GTC",
          });
      }
    }
  };
}
