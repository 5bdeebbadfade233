// An exchange in one piece for tests of WebSocket sessions: the engine and its publisher, without log, threads and sockets.
// A command is applied at once, and what follows from it is published before its answer comes.

import { EventEmitter } from "node:events";
import { type Clock, RecordBuffer, type SeriatimError, u64FromString } from "../../../src/base/index.ts";
import type { OrderAnswer } from "../../../src/client/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import { Publisher } from "../../../src/feed/index.ts";
import { AccountNames } from "../../../src/node/index.ts";
import type { TokenSession } from "../../../src/node/web/session/admission.ts";
import type { OrderLink } from "../../../src/node/web/session/order-desk.ts";
import type { TradingLink, TradingListener } from "../../../src/node/web/session/trading-link.ts";
import { WebExchange } from "../../../src/node/web/session/web-exchange.ts";
import { WEB_LIMITS } from "../../../src/node/web/web-limits.ts";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  type EventFields,
  EventKind,
  OrderType,
  readEvent,
  reasonName,
  Side,
  TimeInForce,
  writeCancel,
  writeGenesis,
  writeInstrument,
  writeModify,
  writeNewOrder,
  writeTimestamp,
} from "../../../src/protocol/index.ts";
import type { Grant } from "../../../src/runtime/index.ts";

const GENESIS = {
  maxQuantity: 1_000_000,
  maxNotional: 1_000_000_000_000,
  ordersMax: 65_536,
  symbolsMax: 1_024,
  accountsMax: 10,
  indexSeed: [1, 2],
} as const;

/** An account that a key names. */
const CLAIMED = 3;
const GRANTS: Readonly<Record<string, Grant>> = {
  "alice's": { name: "alice", role: "trader", accounts: new Set([1]), limits: {} },
  "fund's": { name: "fund", role: "trader", accounts: new Set([2, 3]), limits: {} },
  "auditor's": { name: "auditor", role: "reader", accounts: "all", limits: {} },
};

/** What every command of these tests happens at. */
export const TIME_US = 1_790_000_000_000_000;

export class TestExchange {
  readonly engine = new ExchangeEngine();
  readonly publisher: Publisher;
  readonly web: WebExchange;
  /** Connections that logged on, the latest last. */
  readonly links: ScriptedLink[] = [];
  /** Monotonic; a test moves it. */
  now_us = 0;
  /** Of the node, which the copy may not have yet; a test sets it. */
  lastEvent = 0;
  readonly #words = new Int32Array(COMMAND_WORDS);
  #answer: EventFields | undefined;
  readonly #events = new RecordBuffer(EVENT_WORDS, 512, (events) => {
    this.#answer ??= readEvent(events.words, 0);
    this.publisher.onEvents(events, TIME_US);
  });

  constructor(symbols: readonly string[] = ["BTC-USD", "ETH-USD"]) {
    this.publisher = new Publisher(this.engine);
    this.do((words) => writeGenesis(words, 0, GENESIS, symbols.length));
    for (const name of symbols)
      this.do((words) => writeInstrument(words, 0, { name, priceDecimals: 2, tick: 50, lot: 1 }));
    this.web = new WebExchange({
      publisher: this.publisher,
      source: this.engine,
      accounts: new AccountNames(["alice=1", "bob=2"], GENESIS.accountsMax),
      clock: this.clock,
      limits: WEB_LIMITS,
      access: {
        isOpen: true,
        isClaimed: (account) => account === CLAIMED,
        grantOfToken: (token) => GRANTS[token],
      },
      connectTrading: async (account, session, listener) => {
        const link = new ScriptedLink(account, session, listener);
        this.links.push(link);
        return link;
      },
      connectOrders: async (account) => ({ link: new EngineLink(this, account), sequence: this.lastEvent }),
    });
  }

  get clock(): Clock {
    return { wallMicros: () => TIME_US, monotonicMicros: () => this.now_us };
  }

  /** Makes `price` (in whole units) BTC-USD's best and only bid. */
  quote(price: number): void {
    const ticks = price * 100;
    if (this.engine.restingOrders > 0) this.do((words) => writeModify(words, 0, 9, 0, 1, 0, ticks, 0, 1));
    else this.do((words) => writeNewOrder(words, 0, 9, 0, 1, 0, Side.Buy, 0, 0, ticks, 0, 1));
  }

  /** Lets one lot of BTC-USD trade. */
  trade(): void {
    this.do((words) => writeNewOrder(words, 0, 8, 0, 1, 0, Side.Buy, 0, 0, 100, 0, 1));
    this.do((words) => writeNewOrder(words, 0, 9, 0, 1, 0, Side.Sell, 0, 0, 100, 0, 1));
  }

  /** Applies one command; its first event. */
  do(write: (words: Int32Array) => void): EventFields | undefined {
    this.#answer = undefined;
    write(this.#words);
    writeTimestamp(this.#words, 0, TIME_US);
    this.engine.apply(this.#words, 0, this.#events);
    this.#events.drain();
    this.publisher.endCommand(this.#words, 0);
    this.publisher.flush();
    return this.#answer;
  }
}

/** An order-entry connection of that exchange. */
class EngineLink extends EventEmitter<{ closed: [] }> implements OrderLink {
  readonly #exchange: TestExchange;
  readonly #account: number;

  constructor(exchange: TestExchange, account: number) {
    super();
    this.#exchange = exchange;
    this.#account = account;
  }

  async submit(order: Parameters<OrderLink["submit"]>[0]): Promise<OrderAnswer> {
    const { id, symbol, side, type, price = 0, timeInForce, quantity } = order;
    const isMarket = type === "market";
    return this.#do(id, (words, low, high) =>
      writeNewOrder(
        words,
        0,
        this.#account,
        symbol,
        low,
        high,
        side === "buy" ? Side.Buy : Side.Sell,
        isMarket ? OrderType.Market : OrderType.Limit,
        isMarket || timeInForce === "ioc" ? TimeInForce.ImmediateOrCancel : TimeInForce.GoodTillCancel,
        Number(price),
        0,
        quantity,
      ),
    );
  }

  async modify({ id, symbol, price, quantity }: Parameters<OrderLink["modify"]>[0]): Promise<OrderAnswer> {
    return this.#do(id, (words, low, high) =>
      writeModify(words, 0, this.#account, symbol, low, high, Number(price), 0, quantity),
    );
  }

  async cancel({ id, symbol }: Parameters<OrderLink["cancel"]>[0]): Promise<OrderAnswer> {
    return this.#do(id, (words, low, high) => writeCancel(words, 0, this.#account, symbol, low, high));
  }

  async close(): Promise<void> {
    this.emit("closed");
  }

  #do(text: unknown, write: (words: Int32Array, low: number, high: number) => void): OrderAnswer {
    const [low, high] = u64FromString(String(text)) ?? [0, 0];
    const event = this.#exchange.do((words) => write(words, low, high));
    const id = BigInt(String(text));
    if (event === undefined) throw new Error("a command on an order has an event");
    return event.kind === EventKind.Reject
      ? { accepted: false, id, code: event.reason, reason: reasonName(event.reason) }
      : { accepted: true, id, sequence: event.sequence };
  }
}

/** A connection that logged on: keeps what it is asked for, and the test says what comes. */
export class ScriptedLink implements TradingLink {
  readonly session = 9n;
  readonly first: number;
  readonly next = 18;
  readonly hasGap: boolean;
  readonly account: number;
  readonly logon: TokenSession;
  readonly listener: TradingListener;
  /** The calls, in order: their name and what they were given. */
  readonly asked: [what: string, ...given: unknown[]][] = [];
  /** It has answers to give before it logs out: a test loses it then. */
  isAnswering = false;
  isLoggedOut = false;
  readonly #closed = Promise.withResolvers<SeriatimError | undefined>();
  readonly closed = this.#closed.promise;

  constructor(account: number, logon: TokenSession, listener: TradingListener) {
    this.account = account;
    this.logon = logon;
    this.listener = listener;
    this.first = logon.next === 0 ? this.next : Math.max(logon.next, 10);
    this.hasGap = logon.next !== 0 && logon.next < 10;
  }

  readonly writable = true;
  submit = this.#note("submit");
  modify = this.#note("modify");
  cancel = this.#note("cancel");
  massCancel = this.#note("massCancel");
  orderStatus = this.#note("orderStatus");
  openOrders = this.#note("openOrders");
  heartbeat = this.#note("heartbeat");
  pause = this.#note("pause");
  resume = this.#note("resume");

  flush(): void {}

  logout(): Promise<SeriatimError | undefined> {
    this.asked.push(["logout"]);
    if (!this.isAnswering) this.endLogout();
    return this.closed;
  }

  destroy(): void {
    this.asked.push(["destroy"]);
    this.lose();
  }

  /** It has logged out. */
  endLogout(): void {
    this.isLoggedOut = true;
    this.lose();
  }

  lose(why?: SeriatimError): void {
    this.#closed.resolve(why);
  }

  #note(what: string) {
    return (...given: unknown[]): void => void this.asked.push([what, ...given]);
  }
}
