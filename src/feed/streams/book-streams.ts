// The two streams of a symbol's book: depth and quotes. Each compares what clients know with the source once per batch,
// so a level that changed a thousand times in between is said once.

import { DEPTH_LEVELS_MAX, depthText, type MarketHead, quoteText, Side } from "../../protocol/index.ts";
import { SideLevels } from "./levels.ts";
import type { MarketSource } from "./market-source.ts";
import { MarketStream, type SymbolState } from "./stream.ts";

abstract class BookStream extends MarketStream {
  protected readonly source: MarketSource;
  protected readonly bids: SideLevels;
  protected readonly asks: SideLevels;

  constructor(symbol: SymbolState, source: MarketSource, levels: number) {
    super(symbol, "conflated");
    this.source = source;
    this.bids = new SideLevels(Side.Buy, levels, symbol.decimals);
    this.asks = new SideLevels(Side.Sell, levels, symbol.decimals);
  }

  protected capture(): void {
    this.bids.capture(this.source, this.symbol.number);
    this.asks.capture(this.source, this.symbol.number);
  }
}

export class DepthStream extends BookStream {
  constructor(symbol: SymbolState, source: MarketSource) {
    super(symbol, source, DEPTH_LEVELS_MAX);
  }

  flush(): void {
    const bids = this.bids.changes(this.source, this.symbol.number);
    const asks = this.asks.changes(this.source, this.symbol.number);
    if (bids.length + asks.length > 0) this.publish(depthText(this.next(), bids, asks));
  }

  protected format(head: MarketHead): string {
    return depthText(head, this.bids.entries(), this.asks.entries());
  }
}

export class QuoteStream extends BookStream {
  constructor(symbol: SymbolState, source: MarketSource) {
    super(symbol, source, 1);
  }

  flush(): void {
    const bids = this.bids.changes(this.source, this.symbol.number);
    const asks = this.asks.changes(this.source, this.symbol.number);
    if (bids.length + asks.length > 0) this.publish(this.format(this.next()));
  }

  protected format(head: MarketHead): string {
    return quoteText(head, this.bids.entries()[0] ?? null, this.asks.entries()[0] ?? null);
  }
}
