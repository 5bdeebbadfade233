// What a view needs of a feed, whatever its wire: the symbols, in a cache; how the connection stands; and figures of its health.

import type { SeriatimError } from "../../../base/index.ts";
import type { CacheReader, LatencySummary } from "../../../feed/index.ts";
import type { PriceText } from "./columns.ts";

export interface WatchedFeed {
  /** `HOST:PORT`, and by which wire. */
  readonly title: string;
  readonly cache: CacheReader;
  readonly priceText: PriceText;
  /** Where the wire says nothing of decimals: how many this price needs. A symbol has as many as any of its prices did. */
  readonly decimalsOf?: (price: number) => number;
  /** How the connection stands, in a word, and why it is not there. */
  standing(): FeedStanding;
  /** Whether anything of this wire ever came. */
  hasHeard(): boolean;
  /** What else may be there, where a connection stands and nothing of this wire comes. */
  readonly hint: string;
  /** What came so far, since the beginning or the last reset. */
  figures(): FeedFigures;
  latency(): LatencySummary;
  /** Figures and latency begin at zero again. */
  reset(): void;
  /** Resolves when it has ended: undefined after stop(), else why. */
  readonly ended: Promise<SeriatimError | undefined>;
  stop(): Promise<unknown>;
}

export interface FeedStanding {
  readonly state: string;
  readonly isLive: boolean;
  /** Of the last connection that was lost or could not be made; or what to try where nothing of this wire comes. */
  readonly why: string | undefined;
}

export interface FeedFigures {
  readonly messages: number;
  /** Incidents, and messages that were lost in them. */
  readonly gaps: number;
  readonly lost: number;
  /** Anything else that is wrong, in words: "3 checksum incidents"; empty when nothing is. */
  readonly faults: readonly string[];
  readonly connects: number;
}
