// What the view of a feed shows, as plain data: the symbols of a cache as they are, beside what they were a moment ago. Pure: the
// cache is looked at when it is told to, time is passed in.

import type { CacheReader } from "../../../feed/index.ts";
import type { WatchedFeed } from "./watched-feed.ts";

/** How long a price's direction stays marked. */
const DIRECTION_HELD_MS = 1_000;
/** A rate is averaged over about so long, so that rows sorted by it don't jump with every look. */
const RATE_OVER_MS = 3_000;
const MS_PER_S = 1_000;

/** Where the last price went: up, down, or it did not move of late. */
type Direction = 1 | -1 | 0;

export interface Row {
  readonly id: number;
  readonly name: string;
  readonly decimals: number;
  /** Of a side without orders, or before the first trade: undefined. Prices are as the feed gives them. */
  readonly bid: number | undefined;
  readonly bidQuantity: number;
  readonly ask: number | undefined;
  readonly askQuantity: number;
  readonly last: number | undefined;
  readonly volume: number;
  /** Of the last price against the day's opening one, as a fraction. */
  readonly change: number | undefined;
  readonly updates: number;
  /** Updates a second. */
  readonly rate: number;
  readonly direction: Direction;
  /** The feed has a gap, or its connection is gone: what the row says may be old. */
  readonly isStale: boolean;
  /** Since this symbol was heard of last. */
  readonly age_ms: number;
}

/** What is remembered of a symbol between two looks. */
interface Seen {
  updates: number;
  /** Updates that are not counted any more. */
  before: number;
  last: number | undefined;
  /** Most that a price of it needed. */
  decimals: number;
  /** NaN until there are two looks to compare. */
  rate: number;
  direction: Direction;
  moved_ms: number;
  heard_ms: number;
}

export class MarketTable {
  /** Of the last look, in the order of the cache. */
  rows: readonly Row[] = [];
  /** Updates a second of all symbols. */
  rate = 0;
  readonly #cache: CacheReader;
  readonly #decimalsOf: WatchedFeed["decimalsOf"];
  readonly #seen: Seen[] = [];
  #looked_ms: number | undefined;

  constructor({ cache, decimalsOf }: Pick<WatchedFeed, "cache" | "decimalsOf">) {
    this.#cache = cache;
    this.#decimalsOf = decimalsOf;
  }

  /** Looks again. A symbol that is written all the while keeps its last row. */
  look(now_ms: number): void {
    const passed_ms = this.#looked_ms === undefined ? 0 : now_ms - this.#looked_ms;
    this.#looked_ms = now_ms;
    const { count } = this.#cache;
    const rows: Row[] = [];
    for (let slot = 0; slot < count; slot++) {
      if (this.#cache.read(slot)) rows.push(this.#row(slot, now_ms, passed_ms));
      else if (this.rows[slot] !== undefined) rows.push(this.rows[slot]);
    }
    this.rows = rows;
    this.rate = rows.reduce((sum, { rate }) => sum + rate, 0);
  }

  /** Updates are counted from now on. */
  reset(): void {
    for (const seen of this.#seen) if (seen !== undefined) seen.before = seen.updates;
  }

  #row(slot: number, now_ms: number, passed_ms: number): Row {
    const cache = this.#cache;
    const last = cache.lastQuantity > 0 ? cache.last : undefined;
    const { updates } = cache;
    const seen = this.#seen[slot] ?? {
      ...{
        // The first is how it stood, and no change: a snapshot tells of thousands of symbols at once.
        updates: Math.min(1, updates),
        before: 0,
        last,
        decimals: 0,
        rate: Number.NaN,
        direction: 0,
        moved_ms: now_ms,
        heard_ms: now_ms,
      },
    };
    this.#seen[slot] = seen;
    compare(seen, updates, last, now_ms, passed_ms);
    const bid = cache.bidQuantity > 0 ? cache.bid : undefined;
    const ask = cache.askQuantity > 0 ? cache.ask : undefined;
    seen.decimals = Math.max(seen.decimals, cache.decimals, this.#needed(bid, ask, last));
    return {
      id: cache.id,
      name: cache.name,
      decimals: seen.decimals,
      bid,
      bidQuantity: cache.bidQuantity,
      ask,
      askQuantity: cache.askQuantity,
      last,
      volume: cache.volume,
      change: last === undefined || !cache.isOpen ? undefined : last / cache.open - 1,
      updates: updates - seen.before,
      rate: Number.isNaN(seen.rate) ? 0 : seen.rate,
      direction: seen.direction,
      isStale: cache.isStale,
      age_ms: now_ms - seen.heard_ms,
    };
  }

  #needed(...prices: readonly (number | undefined)[]): number {
    const decimalsOf = this.#decimalsOf;
    if (decimalsOf === undefined) return 0;
    return prices.reduce<number>(
      (most, price) => (price === undefined ? most : Math.max(most, decimalsOf(price))),
      0,
    );
  }
}

function compare(
  seen: Seen,
  updates: number,
  last: number | undefined,
  now_ms: number,
  passed_ms: number,
): void {
  const fresh = updates - seen.updates;
  if (passed_ms > 0) {
    const now = (fresh * MS_PER_S) / passed_ms;
    seen.rate = Number.isNaN(seen.rate)
      ? now
      : seen.rate + (now - seen.rate) * (1 - Math.exp(-passed_ms / RATE_OVER_MS));
  }
  if (fresh > 0) seen.heard_ms = now_ms;
  if (last !== undefined && seen.last !== undefined && last !== seen.last) {
    seen.direction = last > seen.last ? 1 : -1;
    seen.moved_ms = now_ms;
  } else if (now_ms - seen.moved_ms >= DIRECTION_HELD_MS) seen.direction = 0;
  seen.updates = updates;
  seen.last = last;
}
