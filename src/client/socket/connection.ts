// The words of the WebSocket client: what it is given, what it tells, and what it uses of a WebSocket.

import { checkOptions, SeriatimError } from "../../base/index.ts";
import type {
  FillMessage,
  OrderMessage,
  ReportMessage,
  SideName,
  StatusMessage,
  TapeReport,
} from "../../protocol/index.ts";

/** What this client uses of a WebSocket; browsers and Node have one of their own. */
export interface SocketLike {
  /** What the network has not taken yet: bytes. */
  readonly bufferedAmount: number;
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
}

/** What an `ExchangeSocket` is told. */
export interface ExchangeSocketOptions {
  /**
   * For example `ws://127.0.0.1:8080/ws`; several are the nodes of one cluster, tried in turn. With a token that goes on until
   * one takes orders.
   */
  readonly url: string | readonly string[];
  /** A name the exchange knows, or an account's number in digits; without one there is market data only. */
  readonly account?: string | undefined;
  /** The secret of a key of the exchange: needed where not anybody may say who they are, and for reports. */
  readonly token?: string | undefined;
  /** With a token, and kept over all connections: */
  /** tells the programs of an account apart; by chance by default. A newer connection of the same one takes its place. */
  readonly instance?: number;
  /** Cancels all orders of the account when the connection ends in any way but `logout()`. */
  readonly cancelOnDisconnect?: boolean;
  /** Cancels them when this program was not heard of for so long, connected or not. */
  readonly deadMan_ms?: number;
  /** Only hears reports. */
  readonly readOnly?: boolean;
  readonly listener?: ExchangeListener;
  readonly openSocket?: (url: string) => SocketLike;
}

const SCHEME = /^wss?:\/\//i;

const KNOWN_OPTIONS: Record<keyof ExchangeSocketOptions, true> = {
  ...{ url: true, account: true, token: true, instance: true, cancelOnDisconnect: true, deadMan_ms: true },
  ...{ readOnly: true, listener: true, openSocket: true },
};

/** The addresses of the nodes; throws SeriatimError `INVALID_ARGUMENT` for an option that there isn't, and for what is no address. */
export function checkedUrls(options: ExchangeSocketOptions): readonly string[] {
  checkOptions("ExchangeSocket", options, KNOWN_OPTIONS);
  const { url } = options;
  const urls: readonly unknown[] = Array.isArray(url) ? url : [url];
  // All of them now: of one that is tried only when another is lost nobody could be told then.
  const strange = urls.findIndex((one) => typeof one !== "string" || !SCHEME.test(one) || !URL.canParse(one));
  if (strange < 0 && urls.length > 0) return urls as readonly string[];
  const given = urls.length === 0 ? "of an empty list" : JSON.stringify(urls[strange]);
  throw new SeriatimError("INVALID_ARGUMENT", `url ${given} is not like ws://127.0.0.1:8080/ws`);
}

/** Called as things happen; all of it is optional, for the pictures can be looked at any time. */
export interface ExchangeListener {
  /** After every message: something of the pictures may have changed. */
  changed?(): void;
  connection?(connection: Connection): void;
  status?(status: StatusMessage): void;
  /** After `watchTape()`: once a second, where the node has a tape. */
  tape?(tape: TapeReport): void;
  order?(order: OrderMessage): void;
  fill?(fill: FillMessage): void;
  /** With a token, in place of `order` and `fill`: what happened to the account's orders and requests, each once. */
  report?(report: ReportMessage): void;
  /** An error that answers no request of this client. */
  error?(error: SeriatimError): void;
}

/**
 * `connecting`: not yet, or not yet again. `open`: hello was answered. `waiting`: lost, tries again in `retryIn_ms`.
 * `refused`: the exchange doesn't take this hello (its account, its token, its schema), or a newer connection has this
 * session; not tried again; one that has no room for the account just now is waited for. `closed`: by `close()` or `logout()`.
 */
export interface Connection {
  readonly state: "connecting" | "open" | "waiting" | "refused" | "closed";
  /** Why it waits or was refused. */
  readonly reason?: string;
  /** Why it was refused: the code of docs/api/websocket.md. */
  readonly code?: string;
  readonly retryIn_ms?: number;
}

export interface NewSocketOrder {
  readonly symbol: string;
  /** Decimal digits of a 64-bit number, unique among the account's resting orders of the symbol. */
  readonly id: string;
  readonly side: SideName;
  readonly orderType?: "limit" | "market";
  readonly timeInForce?: "gtc" | "ioc";
  /** In the instrument's units; not for a market order. */
  readonly price?: string;
  /** Lots. */
  readonly quantity: number;
}

export function openGlobalSocket(url: string): SocketLike {
  return new WebSocket(url) as SocketLike;
}

/** The codes that docs/api/websocket.md names, and what browsers say when a peer vanishes. */
export function closeWords(code: number, reason: string): string {
  if (reason !== "") return reason;
  if (code === 1001) return "the node stops";
  if (code === 4008) return "this connection was too slow";
  if (code === 4029) return "too many messages in a second";
  return code === 1006 ? "nobody answers there" : `closed with code ${code}`;
}
