// What a feed handler may be told, what holds when it isn't, and whether it can be.

import { type Clock, checkOptions, type SeriatimError } from "../../base/index.ts";
import {
  type ChannelSubscription,
  CONNECTION_LIMITS,
  type ConnectionLimits,
  type FeedState,
  RECEIVER_LIMITS,
  type ReceiverLimits,
} from "../../feed/index.ts";
import { SystemClock } from "../../platform/index.ts";
import { CHANNEL_KIND_MAX, MD_SUBSCRIBE_SYMBOLS_MAX, SYMBOLS_MAX } from "../../protocol/index.ts";
import { checkInteger, checkText, invalid, PORT_MAX } from "../arguments.ts";

/** The service over TCP (`--md-port`). */
export interface FeedAddress {
  readonly host: string;
  readonly port: number;
  /** TLS, whose certificate `ca` (PEM) or the system vouches for; plain TCP when left out. */
  readonly tls?: { readonly ca?: string } | undefined;
}

/** Where one line's datagrams come to: a multicast group, or an address of this machine. */
export interface LineAddress {
  readonly host: string;
  /** Of channel top; levels, orders and snapshots come to the next three. */
  readonly port: number;
}

/** Datagrams on one or two lines, and where to ask for what neither brought. */
export interface FeedLines {
  readonly a: LineAddress;
  /** The same content on another way. */
  readonly b?: LineAddress | undefined;
  /** This machine's address by which groups are joined; the system's choice when left out. */
  readonly interface?: string | undefined;
  /** Who retransmits what is missing and sends snapshots; without it snapshots come from the line alone. */
  readonly recovery?: FeedAddress | undefined;
}

/** What a `FeedHandler` is told: `stream` or `lines`, and a listener for each channel. */
export interface FeedHandlerOptions {
  /** Everything over one TCP connection. This, or `lines`. */
  readonly stream?: FeedAddress | undefined;
  /** Datagrams, and TCP for what is missing. */
  readonly lines?: FeedLines | undefined;
  /** Each channel once. Symbols and conflation are for a stream. */
  readonly channels: readonly ChannelSubscription[];
  /** The state has changed; `why`: what became of the connection. */
  readonly onState?: ((state: FeedState, why: SeriatimError | undefined) => void) | undefined;
  readonly limits?: Partial<ReceiverLimits> | undefined;
  readonly connection?: Partial<ConnectionLimits> | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 up to but not including 1: spreads the waits between attempts. `Math.random` by default. */
  readonly chance?: (() => number) | undefined;
}

const KNOWN_OPTIONS: Record<keyof FeedHandlerOptions, true> = {
  ...{ stream: true, lines: true, channels: true, onState: true, limits: true, connection: true },
  ...{ clock: true, chance: true },
};

const KNOWN_OF_CHANNEL: Record<keyof ChannelSubscription, true> = {
  ...{ channel: true, listener: true, symbols: true, conflate: true },
};

/** The options with all defaults; throws `INVALID_ARGUMENT`. */
export function checkedFeedOptions(options: FeedHandlerOptions) {
  checkOptions("FeedHandler", options, KNOWN_OPTIONS);
  const { stream, lines, channels } = options;
  if ((stream === undefined) === (lines === undefined)) throw invalid("a feed has either a stream or lines");
  if (!Array.isArray(channels) || channels.length === 0) throw invalid("a feed has at least one channel");
  for (const wish of channels) checkWish(wish, lines !== undefined);
  if (new Set(channels.map(({ channel }) => channel)).size < channels.length)
    throw invalid("a channel is named twice");
  for (const service of [stream, lines?.recovery]) checkAddress(service, PORT_MAX);
  // A line's ports are four in a row.
  for (const line of [lines?.a, lines?.b]) checkAddress(line, PORT_MAX - CHANNEL_KIND_MAX);
  const { limits = {}, connection = {} } = options;
  checkLimits("limits", limits, RECEIVER_LIMITS);
  checkLimits("connection", connection, CONNECTION_LIMITS);
  return {
    stream,
    lines,
    channels,
    onState: options.onState ?? (() => {}),
    limits: { ...RECEIVER_LIMITS, ...limits },
    connection: { ...CONNECTION_LIMITS, ...connection },
    clock: options.clock ?? new SystemClock(),
    chance: options.chance ?? Math.random,
  } as const;
}

function checkWish(wish: ChannelSubscription, isOfLines: boolean): void {
  checkOptions("a channel of FeedHandler", wish, KNOWN_OF_CHANNEL);
  const { channel, listener, symbols = [], conflate = false } = wish;
  if (!(Number.isInteger(channel) && channel >= 1 && channel <= CHANNEL_KIND_MAX))
    throw invalid(`channel ${String(channel)} is none of 1 to ${CHANNEL_KIND_MAX}`);
  if (typeof listener !== "object" || listener === null) throw invalid(`channel ${channel} has no listener`);
  if (symbols.length > MD_SUBSCRIBE_SYMBOLS_MAX)
    throw invalid(`${symbols.length} symbols are more than ${MD_SUBSCRIBE_SYMBOLS_MAX}`);
  for (const symbol of symbols) checkInteger("symbol", symbol, 0, SYMBOLS_MAX - 1);
  if (isOfLines && (symbols.length > 0 || conflate))
    throw invalid("lines bring every symbol and every message: name no symbols, don't conflate");
}

/** Times in microseconds and numbers of things: none is negative, or a text. */
function checkLimits<Limits extends object>(what: string, given: Partial<Limits>, defaults: Limits): void {
  const known = Object.fromEntries(Object.keys(defaults).map((name) => [name, true] as const));
  checkOptions(`${what} of FeedHandler`, given, known);
  for (const [name, value] of Object.entries(given))
    checkInteger(`${what}.${name}`, value as number, 0, Number.MAX_SAFE_INTEGER);
}

function checkAddress(address: LineAddress | undefined, most: number): void {
  if (address === undefined) return;
  checkText("host", address.host);
  checkInteger("port", address.port, 1, most);
}
