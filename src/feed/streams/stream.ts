// A stream: one channel of one symbol (of candles, of one interval too), or the orders of one account. Each of its messages
// is made once and goes to all listeners. What nobody listens to makes none.

import type { MarketHead } from "../../protocol/index.ts";

/**
 * What of a stream waits for a slow listener. `conflated`: nothing, it gets the newest state as a snapshot later. The others
 * are never left out, so messages wait, and there is a most of each kind.
 */
export type Holding = "conflated" | "trades" | "orders";

/** One subscriber's place in a stream. It must not change who listens while it is called, but for leaving. */
export interface StreamListener {
  onMessage(message: string): void;
  /** The state was replaced: what the listener gets next is a snapshot. */
  onRenewed(): void;
}

export abstract class Stream {
  readonly holding: Holding;
  /** In the order of their coming. */
  readonly #listeners = new Set<StreamListener>();

  constructor(holding: Holding) {
    this.holding = holding;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  protected get listeners(): number {
    return this.#listeners.size;
  }

  /** A new listener takes a snapshot first. */
  attach(listener: StreamListener): void {
    if (this.#listeners.size === 0) this.begin();
    this.#listeners.add(listener);
  }

  detach(listener: StreamListener): void {
    this.#listeners.delete(listener);
  }

  /** Tells all listeners that the state was replaced; begin() has taken the new one. */
  renew(): void {
    for (const listener of this.#listeners) listener.onRenewed();
  }

  /** Takes the state of now as the one that changes start from. */
  abstract begin(): void;

  /** The whole state, in one message or more; the next message of the stream joins it. */
  abstract snapshot(): readonly string[];

  protected publish(message: string): void {
    for (const listener of this.#listeners) listener.onMessage(message);
  }
}

/** What the streams of a symbol share. */
export interface SymbolState {
  readonly number: number;
  readonly name: string;
  /** Digits of a price after the point. */
  readonly decimals: number;
  /** Of the symbol's last message, over all channels. */
  sequence: number;
}

/** A stream of a symbol: its messages are numbered, and each names the one before it. */
export abstract class MarketStream extends Stream {
  protected readonly symbol: SymbolState;
  /** Of the last message, or of the state that begin() took. */
  #sequence = 0;
  /** The snapshot as of `#sequence`, for all who need it. */
  #snapshot: readonly [string] | undefined;

  constructor(symbol: SymbolState, holding: Holding) {
    super(holding);
    this.symbol = symbol;
  }

  begin(): void {
    this.#sequence = ++this.symbol.sequence;
    this.#snapshot = undefined;
    this.capture();
  }

  /** Publishes what changed since the last message, if anything did. The symbol's book may have. */
  abstract flush(): void;

  snapshot(): readonly string[] {
    const { name: symbol } = this.symbol;
    this.#snapshot ??= [this.format({ symbol, sequence: this.#sequence, previous: undefined })];
    return this.#snapshot;
  }

  /** The head of the next message, which must then be published. */
  protected next(): MarketHead {
    const previous = this.#sequence;
    this.#sequence = ++this.symbol.sequence;
    this.#snapshot = undefined;
    return { symbol: this.symbol.name, sequence: this.#sequence, previous };
  }

  /** Remembers the state of now, which is the one that clients will know. */
  protected abstract capture(): void;

  /** A snapshot's text. */
  protected abstract format(head: MarketHead): string;
}
