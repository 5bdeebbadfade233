// A client of the WebSocket interface (docs/api/websocket.md) for browsers and Node: it connects, says hello, subscribes,
// keeps the pictures (market.ts, own-orders.ts) and connects again by itself whenever the connection is lost.
// A request is answered, refused, or its outcome is unknown; none is ever sent twice.

import { SeriatimError } from "../../base/index.ts";
import {
  ErrorCode,
  JSON_SCHEMA_VERSION,
  type StatusMessage,
  type WelcomeInstrument,
} from "../../protocol/index.ts";
import { connectionLost } from "../errors.ts";
import { retryDelay_ms } from "../retry.ts";
import {
  type Connection,
  closeWords,
  type ExchangeListener,
  type ExchangeSocketOptions,
  type NewSocketOrder,
  openGlobalSocket,
  type SocketLike,
} from "./connection.ts";
import { channelOf, Market, type MarketChannel } from "./market.ts";
import {
  type ErrorMessage,
  type MarketMessage,
  type ServerMessage,
  statusOf,
  type Welcome,
} from "./messages.ts";
import { OwnOrders } from "./own-orders.ts";
import { type RequestAnswer, Requests } from "./requests.ts";
import { Subscriptions } from "./subscriptions.ts";

/** Half of the longest silence: a node says its status once a second, and a connection that hears nothing is dead. */
const SILENCE_CHECK_MS = 3_000;
/** What may wait for the network before a request is refused: some hundred orders, sent long after they were meant. */
const BUFFERED_BYTES_MAX = 65_536;

type SocketTimer = ReturnType<typeof setTimeout>;

export class ExchangeSocket {
  /** By symbol, as the exchange lists them; empty until the first welcome. */
  readonly markets = new Map<string, Market>();
  readonly orders = new OwnOrders((symbol) => this.markets.get(symbol)?.decimals ?? 0);
  connection: Connection = { state: "connecting" };
  status: StatusMessage | undefined;
  /** Who the exchange says this is; undefined without an account. */
  account: { readonly name: string; readonly number: number } | undefined;
  /** Gaps in what came, each mended by asking anew. */
  gaps = 0;

  readonly #options: ExchangeSocketOptions;
  readonly #listener: ExchangeListener;
  readonly #subscriptions = new Subscriptions();
  readonly #requests = new Requests();
  /** Of `opened()`. */
  readonly #waiting: (() => void)[] = [];
  #socket: SocketLike | undefined;
  #retry: SocketTimer | undefined;
  #silence: ReturnType<typeof setInterval> | undefined;
  #heard = true;
  #failures = 0;

  constructor(options: ExchangeSocketOptions) {
    this.#options = options;
    this.#listener = options.listener ?? {};
    this.#subscriptions.add(["status"], []);
    if (options.account !== undefined) this.#subscriptions.add(["orders"], []);
    this.#connect();
  }

  /** Resolves once hello was answered; rejects with `REFUSED` or `CLOSED` when it never will be. */
  opened(): Promise<void> {
    const { state, reason } = this.connection;
    if (state === "open") return Promise.resolve();
    if (state === "refused") return Promise.reject(new SeriatimError("REFUSED", reason ?? "refused"));
    if (state === "closed") return Promise.reject(new SeriatimError("CLOSED", "closed here"));
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => this.opened().then(resolve, reject));
    });
  }

  /** Asks for channels of symbols, now and after every reconnect. */
  subscribe(channels: readonly MarketChannel[], symbols: readonly string[]): void {
    if (!this.#subscriptions.add(channels, symbols)) return;
    const listed = symbols.filter((symbol) => this.markets.has(symbol));
    if (listed.length > 0) this.#sendIfOpen({ type: "subscribe", channels, symbols: listed });
  }

  unsubscribe(channels: readonly MarketChannel[], symbols: readonly string[]): void {
    this.#subscriptions.remove(channels, symbols);
    const listed = symbols.filter((symbol) => this.markets.has(symbol));
    if (listed.length > 0) this.#sendIfOpen({ type: "unsubscribe", channels, symbols: listed });
  }

  /** Rejects with `NOT_CONNECTED` (nothing was sent), `OUTCOME_UNKNOWN` or what the server says. */
  submit(order: NewSocketOrder): Promise<RequestAnswer> {
    return this.#request(`order ${order.id}`, { type: "submit", ...order });
  }

  modify(symbol: string, id: string, price: string, quantity: number): Promise<RequestAnswer> {
    return this.#request(`modify of order ${id}`, { type: "modify", symbol, id, price, quantity });
  }

  cancel(symbol: string, id: string): Promise<RequestAnswer> {
    return this.#request(`cancel of order ${id}`, { type: "cancel", symbol, id });
  }

  /** Asks for the list of open orders anew: when the one before was truncated, others have room in it now. */
  listOrders(): void {
    this.#sendIfOpen({ type: "subscribe", channels: ["orders"] });
  }

  /** Tries to connect now instead of after the wait. */
  retryNow(): void {
    if (this.connection.state !== "waiting") return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#abandon(connectionLost(this.#options.url, "closed here"));
    this.#become({ state: "closed" });
  }

  #connect(): void {
    const socket = (this.#options.openSocket ?? openGlobalSocket)(this.#options.url);
    this.#socket = socket;
    this.#heard = true;
    this.#silence = setInterval(() => this.#checkSilence(), SILENCE_CHECK_MS);
    const { account } = this.#options;
    socket.onopen = () => {
      const named = account === undefined ? {} : { account };
      socket.send(JSON.stringify({ type: "hello", schema: JSON_SCHEMA_VERSION, ...named }));
    };
    socket.onmessage = ({ data }) => {
      this.#heard = true;
      this.#hear(data as string);
    };
    socket.onclose = ({ code, reason }) => this.#lost(closeWords(code, reason));
    // Last: a listener that hears it may close, and then there is a socket to let go of.
    this.#become({ state: "connecting" });
  }

  #hear(text: string): void {
    let message: ServerMessage;
    try {
      message = JSON.parse(text) as ServerMessage;
      this.#keep(message);
    } catch (error) {
      // Whatever it is, it comes of what the peer said: a field that is missing is a TypeError.
      return this.#lost(`it doesn't speak as an exchange does: ${(error as Error).message}`);
    }
    // Outside: what a listener throws is its own, and no fault of the exchange's.
    this.#tell(message);
    this.#listener.changed?.();
  }

  #checkSilence(): void {
    if (!this.#heard) this.#lost(`nothing came for ${(2 * SILENCE_CHECK_MS) / 1000} s`);
    this.#heard = false;
  }

  #lost(why: string): void {
    this.#abandon(connectionLost(this.#options.url, why));
    this.#failures++;
    const retryIn_ms = retryDelay_ms(this.#failures, Math.random());
    this.#retry = setTimeout(() => this.#connect(), retryIn_ms);
    this.#become({ state: "waiting", reason: why, retryIn_ms });
  }

  /** Lets go of the connection, whatever state it is in. */
  #abandon(cause: SeriatimError): void {
    clearInterval(this.#silence);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    for (const market of this.markets.values()) market.disconnect();
    this.orders.disconnect();
    this.#requests.lost(cause);
  }

  #become(connection: Connection): void {
    this.connection = connection;
    const isDecided = connection.state !== "connecting" && connection.state !== "waiting";
    if (isDecided) for (const decide of this.#waiting.splice(0)) decide();
    this.#listener.connection?.(connection);
  }

  /** Takes a message into the pictures; throws when it can't be what an exchange says. */
  #keep(message: ServerMessage): void {
    switch (message.type) {
      case "depth":
      case "quote":
      case "trades":
      case "candles":
        return this.#takeMarket(message);
      case "welcome":
        return this.#takeWelcome(message);
      case "orders":
        return this.orders.takeList(message);
      case "order":
        return this.orders.takeOrder(message);
      case "fill":
        return this.orders.takeFill(message);
      case "status":
        this.status = statusOf(message);
    }
  }

  /** Tells who waits for a message or listens. */
  #tell(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        return this.#opened();
      case "ack":
      case "reject":
        return this.#requests.answered(message);
      case "error":
        return this.#tellError(message);
      case "order":
        return this.#listener.order?.(message);
      case "fill":
        return this.#listener.fill?.(message);
      case "status":
        return this.#listener.status?.(this.status as StatusMessage);
    }
  }

  #takeMarket(message: MarketMessage): void {
    const market = this.markets.get(message.symbol);
    if (market === undefined || market.apply(message)) return;
    this.gaps++;
    const channel = channelOf(message);
    if (!this.#subscriptions.wants(channel, message.symbol)) return;
    this.#sendIfOpen({ type: "subscribe", channels: [channel], symbols: [message.symbol] });
  }

  #takeWelcome({ account, accountNumber, instruments }: Welcome): void {
    this.#failures = 0;
    this.account = accountNumber === undefined ? undefined : { name: account ?? "", number: accountNumber };
    this.#list(instruments);
  }

  #opened(): void {
    // What listeners subscribe to meanwhile they ask for themselves.
    const wanted = this.#subscriptions.requests(
      (symbol) => this.markets.has(symbol),
      this.account !== undefined,
    );
    this.#become({ state: "open" });
    for (const request of wanted) this.#sendIfOpen(request);
  }

  /** A market that is listed as before keeps its picture: views hold on to it. */
  #list(instruments: readonly WelcomeInstrument[]): void {
    const before = new Map(this.markets);
    this.markets.clear();
    for (const instrument of instruments) {
      const known = before.get(instrument.symbol);
      const market = new Market(instrument);
      this.markets.set(market.symbol, known?.isListedAs(market) ? known : market);
    }
  }

  #tellError(message: ErrorMessage): void {
    if (this.#requests.failed(message)) return;
    if (this.connection.state !== "open") {
      // No fault of this hello: the node is full, starts or stops, and that passes.
      if (message.code === ErrorCode.Unavailable) return this.#lost(message.text);
      this.#abandon(new SeriatimError(message.code, message.text));
      return this.#become({ state: "refused", reason: message.text });
    }
    this.#listener.error?.(new SeriatimError(message.code, message.text));
  }

  #request(what: string, fields: object): Promise<RequestAnswer> {
    const request = this.#requests.next();
    const socket = this.#openSocket();
    if (socket === undefined) {
      return Promise.reject(new SeriatimError("NOT_CONNECTED", `not connected; ${what} was not sent`));
    }
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) return Promise.reject(networkFull(what, socket));
    return this.#requests.wait(request, what, () => socket.send(JSON.stringify({ ...fields, request })));
  }

  #sendIfOpen(message: object): void {
    this.#openSocket()?.send(JSON.stringify(message));
  }

  #openSocket(): SocketLike | undefined {
    return this.connection.state === "open" ? this.#socket : undefined;
  }
}

function networkFull(what: string, { bufferedAmount }: SocketLike): SeriatimError {
  return new SeriatimError(
    "NETWORK_FULL",
    `${bufferedAmount} bytes wait for the network; ${what} was not sent`,
  );
}
