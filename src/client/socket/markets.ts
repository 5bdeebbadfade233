// The pictures of all instruments that an exchange lists, kept over reconnects where the listing is the same.

import type { OrderLimits, WelcomeInstrument } from "../../protocol/index.ts";
import { Market } from "./market.ts";
import type { MarketMessage } from "./messages.ts";

export class Markets {
  /** By symbol, as the exchange lists them. */
  readonly bySymbol = new Map<string, Market>();

  /** A market that is listed as before keeps its picture: views hold on to it. */
  list(instruments: readonly WelcomeInstrument[], limits: OrderLimits): void {
    const before = new Map(this.bySymbol);
    this.bySymbol.clear();
    for (const instrument of instruments) {
      const known = before.get(instrument.symbol);
      const market = new Market(instrument, limits);
      this.bySymbol.set(market.symbol, known?.isListedAs(market) ? known : market);
    }
  }

  /** False: it does not follow the last one of its channel, which is to be asked for anew. */
  apply(message: MarketMessage): boolean {
    return this.bySymbol.get(message.symbol)?.apply(message) ?? true;
  }

  /** As Market's. */
  glance(message: MarketMessage): void {
    this.bySymbol.get(message.symbol)?.glance(message);
  }

  /** Messages that the exchange left out, because this client read slowly. */
  get conflated(): number {
    let conflated = 0;
    for (const market of this.bySymbol.values()) conflated += market.conflated;
    return conflated;
  }

  disconnect(): void {
    for (const market of this.bySymbol.values()) market.disconnect();
  }
}
