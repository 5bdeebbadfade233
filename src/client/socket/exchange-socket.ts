// A client of the WebSocket interface (docs/api/websocket.md) for browsers and Node: it connects, says hello, subscribes,
// keeps the pictures (market.ts, own-orders.ts) and connects again by itself whenever the connection is lost.
// A request is answered, refused, or its outcome is unknown; none is ever sent twice. With a token the connection is a
// session that is resumed (session.ts): then what a lost connection took along is known after the next logon.

import { SeriatimError } from "../../base/index.ts";
import {
  CloseCode,
  ErrorCode,
  JSON_SCHEMA_VERSION,
  type OpenOrderEntry,
  type SideName,
  type StatusMessage,
  type TapeReport,
} from "../../protocol/index.ts";
import { connectionLost, patienceOver } from "../errors.ts";
import type { Connection, ExchangeListener, ExchangeSocketOptions, NewSocketOrder } from "./connection.ts";
import { channelOf, type Market, type MarketChannel } from "./market.ts";
import { Markets } from "./markets.ts";
import {
  type ErrorMessage,
  isMarketMessage,
  type MarketMessage,
  type ServerMessage,
  statusOf,
  tapeOf,
  type Welcome,
} from "./messages.ts";
import { OwnOrders } from "./own-orders.ts";
import { PATIENCE_MS, Patience } from "./patience.ts";
import type { QueueLevel } from "./pictures.ts";
import { ReconnectingSocket } from "./reconnecting-socket.ts";
import { type MassCancelAnswer, notSent, type RequestAnswer, Requests } from "./requests.ts";
import { SocketSession } from "./session.ts";
import { queueRequest, requestsFor, Subscriptions } from "./subscriptions.ts";

/** The exchange answers a list a second: one that came too late is asked for again after that. */
const LIST_AGAIN_MS = 1_100;
/** A third of the dead man's time: one that is late or lost is no death. */
const BEATS = 3;

export class ExchangeSocket {
  readonly #markets = new Markets();
  /** By symbol, as the exchange lists them; empty until the first welcome. */
  readonly markets: ReadonlyMap<string, Market> = this.#markets.bySymbol;
  readonly orders = new OwnOrders((symbol) => this.markets.get(symbol)?.decimals ?? 0);
  connection: Connection = { state: "connecting" };
  status: StatusMessage | undefined;
  /** Of a node that has a tape, after `watchTape()`. */
  tape: TapeReport | undefined;
  /** Who the exchange says this is; undefined without an account. */
  account: { readonly name: string; readonly number: number } | undefined;
  /** Reports tell what happens to the account: it has logged on with a token, where orders are taken. */
  hasReports = false;
  /** The session only reads: requests on orders are refused. */
  isReadOnly = false;
  /** Gaps in what came, each mended by asking anew. */
  gaps = 0;
  /** Messages that the exchange left out because this client read slowly, each time with a newer picture in their place. */
  get conflated(): number {
    return this.#markets.conflated;
  }

  readonly #options: ExchangeSocketOptions;
  readonly #listener: ExchangeListener;
  readonly #subscriptions = new Subscriptions();
  readonly #requests = new Requests();
  /** With a token. */
  readonly #session: SocketSession | undefined;
  /** Of `opened()`. */
  readonly #waiting: (() => void)[] = [];
  readonly #socket: ReconnectingSocket;
  readonly #patience = new Patience((cause) => this.#giveUp(cause));
  #listing: ReturnType<typeof setTimeout> | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;
  /** Of `logout()`, while it waits: any close but LoggedOut ends a connection and no session. */
  #leaving: PromiseWithResolvers<void> | undefined;

  /** Begins to connect. Throws SeriatimError `INVALID_ARGUMENT` for an option that there isn't. */
  constructor(options: ExchangeSocketOptions) {
    this.#options = options;
    this.#listener = options.listener ?? {};
    const { account, token, deadMan_ms = 0 } = options;
    if (token !== undefined) this.#session = new SocketSession(options, Math.random());
    this.#subscriptions.add(["status"], []);
    if (account !== undefined || token !== undefined) this.#subscriptions.add(["orders"], []);
    this.#socket = new ReconnectingSocket(options, {
      connecting: () => this.#become({ state: "connecting" }),
      stands: () => this.#sayHello(),
      heard: (text) => this.#hear(text),
      closed: (code, reason) => this.#closed(code, reason),
      lost: (cause, reason, retryIn_ms) => {
        this.#disconnected(cause);
        this.#become({ state: "waiting", reason, retryIn_ms });
      },
    });
    this.#socket.connect();
    // Behind what throws at a URL that is none.
    if (deadMan_ms > 0)
      this.#beats = setInterval(() => this.#sendIfOpen({ type: "heartbeat" }), deadMan_ms / BEATS);
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

  /** Asks for the figures of the node's tape, once a second, now and after every reconnect; a node without one says none. */
  watchTape(): void {
    if (this.#subscriptions.add(["tape"], [])) this.#sendIfOpen({ type: "subscribe", channels: ["tape"] });
  }

  /** Asks for channels of symbols, now and after every reconnect. */
  subscribe(channels: readonly MarketChannel[], symbols: readonly string[]): void {
    if (!this.#subscriptions.add(channels, symbols)) return;
    const listed = symbols.filter((symbol) => this.markets.has(symbol));
    for (const request of requestsFor("subscribe", channels, listed)) this.#sendIfOpen(request);
  }

  unsubscribe(channels: readonly MarketChannel[], symbols: readonly string[]): void {
    this.#subscriptions.remove(channels, symbols);
    for (const symbol of symbols) for (const channel of channels) this.markets.get(symbol)?.leave(channel);
    const listed = symbols.filter((symbol) => this.markets.has(symbol));
    for (const request of requestsFor("unsubscribe", channels, listed)) this.#sendIfOpen(request);
  }

  /**
   * Looks at the queue at a price (in `markets`, of that symbol), in place of the one looked at before; now and after every
   * reconnect, until it is called with undefined.
   */
  watchQueue(level: QueueLevel | undefined): void {
    const before = this.#subscriptions.queue;
    this.#subscriptions.queue = level;
    if (before !== undefined) this.markets.get(before.symbol)?.forgetQueue();
    if (level === undefined) this.#sendIfOpen({ type: "unsubscribe", channels: ["queue"] });
    else if (this.markets.has(level.symbol)) this.#sendIfOpen(queueRequest(level));
  }

  /**
   * Rejects with `NOT_CONNECTED`, `NETWORK_FULL` (nothing was sent), `NOT_EXECUTED` (with a token: it never got there),
   * `OUTCOME_UNKNOWN` or what the server says.
   */
  submit(order: NewSocketOrder): Promise<RequestAnswer> {
    return this.#request(`order ${order.id}`, { type: "submit", ...order });
  }

  modify(symbol: string, id: string, price: string, quantity: number): Promise<RequestAnswer> {
    return this.#request(`modify of order ${id}`, { type: "modify", symbol, id, price, quantity });
  }

  cancel(symbol: string, id: string): Promise<RequestAnswer> {
    return this.#request(`cancel of order ${id}`, { type: "cancel", symbol, id });
  }

  /** Cancels all orders of the account, or those of a symbol, of a side; with a token. */
  massCancel(which: { readonly symbol?: string; readonly side?: SideName } = {}): Promise<MassCancelAnswer> {
    return this.#request("mass cancel", { type: "massCancel", ...which });
  }

  /** The order as it rests; null when it does not. With a token. */
  orderStatus(symbol: string, id: string): Promise<OpenOrderEntry | null> {
    return this.#request(`question about order ${id}`, { type: "orderStatus", symbol, id });
  }

  /** Asks for the list of open orders anew: when the one before was truncated, others have room in it now. */
  listOrders(): void {
    if (this.#session?.id === undefined) this.#sendIfOpen({ type: "subscribe", channels: ["orders"] });
    else this.#sendIfOpen({ type: "openOrders" });
  }

  /** Tries to connect now instead of after the wait. */
  retryNow(): void {
    if (this.connection.state === "waiting") this.#socket.connect();
  }

  /**
   * Ends the session in order, over the next connection when this one is lost. Rejects with `REPLACED` when there is none any more, with
   * `PATIENCE_OVER` when no connection comes within a minute.
   */
  async logout(): Promise<void> {
    const { state, reason = "it did not come about" } = this.connection;
    if (state !== "open" && (this.#session === undefined || state === "closed" || state === "refused"))
      return this.close();
    this.#leaving ??= Promise.withResolvers<void>();
    if (state !== "open") this.#patience.begin(connectionLost(this.#socket.url, reason));
    this.#sendIfOpen({ type: "logout" });
    return this.#leaving.promise;
  }

  /** Cuts the connection; the outcome of what waits is unknown. */
  close(): void {
    this.#end(connectionLost(this.#socket.url, "closed here"));
    this.#leaving?.resolve();
    this.#become({ state: "closed" });
  }

  #sayHello(): void {
    const { account } = this.#options;
    const logon = this.#session?.hello();
    this.#socket.send(JSON.stringify({ type: "hello", schema: JSON_SCHEMA_VERSION, account, ...logon }));
  }

  #hear(text: string): void {
    let message: ServerMessage;
    try {
      message = JSON.parse(text) as ServerMessage;
      this.#keep(message);
    } catch (error) {
      // Whatever it is, it comes of what the peer said: a field that is missing is a TypeError.
      return this.#socket.lose(`it doesn't speak as an exchange does: ${(error as Error).message}`);
    }
    // Outside: what a listener throws is its own, and no fault of the exchange's.
    this.#tell(message);
    this.#listener.changed?.();
  }

  #closed(code: number, reason: string): boolean {
    const isEnd = code === CloseCode.LoggedOut || this.#session === undefined;
    if (this.#leaving !== undefined && isEnd) this.close();
    else if (code === CloseCode.Replaced) this.#refuse(new SeriatimError("REPLACED", reason));
    else return false;
    return true;
  }

  /** Not tried again. */
  #refuse(why: SeriatimError): void {
    this.#end(why);
    this.#leaving?.reject(why);
    this.#become({ state: "refused", reason: why.message, code: why.code });
  }

  #end(cause: SeriatimError): void {
    clearInterval(this.#beats);
    this.#socket.close();
    this.#disconnected(cause);
    this.#requests.lost(cause);
    this.#patience.end();
  }

  #disconnected(cause: SeriatimError): void {
    clearTimeout(this.#listing);
    this.#markets.disconnect();
    this.orders.disconnect();
    this.#session?.disconnected();
    // Another connection of the session may tell of the rest.
    this.#requests.lost(cause, () => true);
    if (this.#requests.count > 0 || this.#leaving !== undefined) this.#patience.begin(cause);
  }

  #giveUp(cause: SeriatimError): void {
    this.#requests.lost(cause, (session) => session === this.#session?.id);
    if (this.#leaving === undefined || this.connection.state === "open") return;
    this.#leaving.reject(patienceOver(this.#socket.url, PATIENCE_MS, cause));
    this.close();
  }

  /** Once everything is known that a session did over earlier connections. */
  #catchUp(): void {
    const session = this.#session;
    if (session?.id === undefined || !session.hasCaughtUp()) return;
    this.#patience.end();
    this.#requests.decided(session.id, session.hasGap);
    if (session.hasGap) this.orders.missed();
    if (!this.orders.resumed()) this.listOrders();
  }

  /** A list that more reports have overtaken than are known here, or that was refused, is asked for again. */
  #listed(): void {
    const { isCurrent, needsList } = this.orders;
    if (isCurrent || !needsList || this.#session?.id === undefined) return;
    clearTimeout(this.#listing);
    this.#listing = setTimeout(() => this.listOrders(), LIST_AGAIN_MS);
  }

  #become(connection: Connection): void {
    this.connection = connection;
    const isDecided = connection.state !== "connecting" && connection.state !== "waiting";
    if (isDecided) for (const decide of this.#waiting.splice(0)) decide();
    this.#listener.connection?.(connection);
  }

  /** Takes a message into the pictures; throws when it can't be what an exchange says. */
  #keep(message: ServerMessage): void {
    if (isMarketMessage(message)) return this.#takeMarket(message);
    switch (message.type) {
      case "welcome":
        return this.#takeWelcome(message);
      case "orders":
        return this.orders.takeList(message);
      case "order":
        return this.orders.takeOrder(message);
      case "fill":
        return this.orders.takeFill(message);
      case "report":
        this.#session?.reported(message);
        return this.orders.takeReport(message);
      case "status":
        this.status = statusOf(message);
        return;
      case "tape":
        this.tape = tapeOf(message);
    }
  }

  /** Tells who waits for a message or listens. */
  #tell(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        return this.#opened();
      case "ack":
      case "reject":
        if (!this.#requests.answered(message)) this.#listed();
        return;
      case "orderStatus":
        return this.#requests.told(message);
      case "orders":
        return this.#listed();
      case "report":
        this.#requests.reported(message);
        this.#catchUp();
        return this.#listener.report?.(message);
      case "error":
        return this.#tellError(message);
      case "order":
        return this.#listener.order?.(message);
      case "fill":
        return this.#listener.fill?.(message);
      case "status":
        return this.#listener.status?.(this.status as StatusMessage);
      case "tape":
        return this.#listener.tape?.(this.tape as TapeReport);
    }
  }

  #takeMarket(message: MarketMessage): void {
    const channel = channelOf(message);
    if (!this.#subscriptions.wants(message, this.markets)) return this.#markets.glance(message);
    if (this.#markets.apply(message)) return;
    this.gaps++;
    if (channel === "queue") return this.watchQueue(this.#subscriptions.queue);
    this.#sendIfOpen({ type: "subscribe", channels: [channel], symbols: [message.symbol] });
  }

  #takeWelcome(welcome: Welcome): void {
    const { account, accountNumber, instruments, limits } = welcome;
    if (this.#session?.welcomed(welcome) === false)
      this.#requests.lost(connectionLost(this.#socket.url, "it comes back with another history"));
    this.hasReports = welcome.session !== undefined;
    this.isReadOnly = welcome.readOnly === true;
    this.account = accountNumber === undefined ? undefined : { name: account ?? "", number: accountNumber };
    this.#markets.list(instruments, limits);
  }

  #opened(): void {
    if (this.#session !== undefined && !this.hasReports && this.#socket.hasOthers)
      return this.#socket.lose("this node takes no orders, another one may");
    this.#socket.isGood();
    // What listeners subscribe to meanwhile they ask for themselves.
    const wanted = this.#subscriptions.requests(
      (symbol) => this.markets.has(symbol),
      this.account !== undefined && this.#session?.id === undefined,
    );
    try {
      this.#become({ state: "open" });
    } finally {
      for (const request of wanted) this.#sendIfOpen(request);
      this.#catchUp();
      if (this.#leaving !== undefined) this.#sendIfOpen({ type: "logout" });
    }
  }

  #tellError(message: ErrorMessage): void {
    if (this.#requests.failed(message)) return;
    if (this.connection.state !== "open") {
      // No fault of this hello: the node is full, starts or stops, and that passes.
      if (message.code === ErrorCode.Unavailable) return this.#socket.lose(message.text);
      return this.#refuse(new SeriatimError(message.code, message.text));
    }
    this.#listener.error?.(new SeriatimError(message.code, message.text));
  }

  #request<Answer>(what: string, fields: object): Promise<Answer> {
    const request = this.#requests.next();
    const text = JSON.stringify({ ...fields, request });
    if (this.connection.state !== "open") return notSent("NOT_CONNECTED", `not connected; ${what}`);
    const { isFull, bufferedAmount } = this.#socket;
    if (isFull) return notSent("NETWORK_FULL", `${bufferedAmount} bytes wait for the network; ${what}`);
    return this.#requests.wait(request, what, this.#session?.id, () => this.#socket.send(text));
  }

  #sendIfOpen(message: object): void {
    if (this.connection.state === "open") this.#socket.send(JSON.stringify(message));
  }
}
