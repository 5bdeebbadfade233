// The two streams of a symbol's book: depth and quotes. Each compares what clients know with the source once per batch,
// so a level that changed a thousand times in between is said once. A quote that waits for the end of the batch is said
// before a trade (symbol-feed.ts), from what stand() has read: while a command is applied, nobody may read the book.

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

  /** Says what of the levels that were read clients don't know. */
  protected abstract tell(): void;

  flush(): void {
    this.read();
    this.tell();
  }

  protected capture(): void {
    this.bids.capture(this.source, this.symbol.number);
    this.asks.capture(this.source, this.symbol.number);
  }

  protected read(): void {
    this.bids.read(this.source, this.symbol.number);
    this.asks.read(this.source, this.symbol.number);
  }
}

export class DepthStream extends BookStream {
  constructor(symbol: SymbolState, source: MarketSource) {
    super(symbol, source, DEPTH_LEVELS_MAX);
  }

  protected tell(): void {
    const [bids, asks] = [this.bids.take(), this.asks.take()];
    if (bids.length + asks.length > 0) this.publish(depthText(this.next(), bids, asks));
  }

  protected format(head: MarketHead): string {
    return depthText(head, this.bids.entries(), this.asks.entries());
  }
}

export class QuoteStream extends BookStream {
  /** Whether read() was after the last thing that was said. */
  #stands = false;

  constructor(symbol: SymbolState, source: MarketSource) {
    super(symbol, source, 1);
  }

  /** Between two commands: what stands now may have to be said before the next one's trades. */
  stand(): void {
    this.read();
    this.#stands = true;
  }

  /** Whether what stood before the command that is being applied is still to be said. */
  get waits(): boolean {
    return this.#stands && (this.bids.differs() || this.asks.differs());
  }

  /** Says it. */
  flushStanding(): void {
    this.tell();
  }

  /** It is not said: how many listeners lack it. */
  leaveOut(): number {
    this.#stands = false;
    return this.listeners;
  }

  override begin(): void {
    this.#stands = false;
    super.begin();
  }

  protected tell(): void {
    this.#stands = false;
    if (this.bids.take().length + this.asks.take().length > 0) this.publish(this.format(this.next()));
  }

  protected format(head: MarketHead): string {
    return quoteText(head, this.bids.entries()[0] ?? null, this.asks.entries()[0] ?? null);
  }
}
