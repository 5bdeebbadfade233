// Random flows, and clients that read at any pace: whatever stalls, drains, subscriptions and resets there are between the
// commands, each ends with the engine's book, every trade once, its candles, the queue it looks at and its own orders.

import { expect, test } from "vitest";
import { Prng, u64ToString } from "../../../src/base/index.ts";
import { MARKET_CHANNELS } from "../../../src/feed/index.ts";
import { type FlowProfileName, generateFlow } from "../../../src/lab/index.ts";
import {
  CANDLE_INTERVALS_S,
  type CandleEntry,
  flowGenesis,
  formatPrice,
  parsePrice,
  Side,
  sideName,
  writeFlowCommand,
  writeInstrument,
} from "../../../src/protocol/index.ts";
import { ClientModel } from "./client-model.ts";
import { MarketDesk, Peer } from "./support.ts";

const DECIMALS = 3;
const ACCOUNTS = 3;

/** A connection and what its client knows. */
class Client {
  readonly peer: Peer;
  readonly model = new ClientModel();
  readonly account: number;
  queue: { readonly symbol: number; readonly side: Side; readonly price: number } | undefined;
  readonly #desk: MarketDesk;
  /** The chance that it stalls between two batches, and that it reads again. */
  readonly #stalls: number;
  readonly #drains: number;

  constructor(desk: MarketDesk, account: number, stalls: number, drains: number) {
    this.account = account;
    this.#desk = desk;
    this.#stalls = stalls;
    this.#drains = drains;
    this.peer = new Peer(desk, { account });
    this.peer.subscriber.subscribeOrders();
  }

  /** Something happens to the connection. */
  live(random: Prng, symbols: number): void {
    const { peer } = this;
    if (random.chance(this.#stalls)) peer.room = random.between(1, 40);
    if (random.chance(this.#drains)) {
      peer.room = random.between(1, 40);
      peer.subscriber.drained();
    }
    if (symbols > 0 && random.chance(0.05)) {
      const [channel, symbol] = [random.pick(MARKET_CHANNELS), random.between(0, symbols - 1)];
      if (random.chance(0.5)) peer.subscriber.unsubscribe(channel, symbol);
      peer.subscriber.subscribe(channel, symbol);
    }
    if (random.chance(0.02)) peer.subscriber.listOrders(1);
    if (symbols > 0 && random.chance(0.02)) this.#lookAtQueue(random, random.between(0, symbols - 1));
    this.read();
  }

  /** At one of the best prices, or at one where nothing rests. */
  #lookAtQueue(random: Prng, symbol: number): void {
    const side = random.pick([Side.Buy, Side.Sell]);
    const { bids, asks } = this.#desk.engine.book(symbol);
    const { price } = (side === Side.Buy ? bids : asks)[random.between(0, 2)] ?? { price: 1 };
    this.queue = { symbol, side, price };
    this.peer.subscriber.subscribeQueue(symbol, side, price);
  }

  read(): void {
    for (const text of this.peer.texts.splice(0)) this.model.take(text);
  }

  /** Reads all there is. */
  catchUp(): void {
    this.peer.room = Number.POSITIVE_INFINITY;
    this.peer.subscriber.drained();
    this.read();
  }
}

function run(profile: FlowProfileName, seed: number) {
  const random = new Prng(seed);
  const flow = generateFlow(profile, seed, 1_500);
  const desk = new MarketDesk([], random.pick([1, 3, 64]), flowGenesis(flow));
  const paces = [
    [0, 1],
    [0.3, 0.3],
    [0.8, 0.1],
    [1, 0.02],
  ];
  const clients = paces.map(([stalls, drains], i) => new Client(desk, i % ACCOUNTS, stalls, drains));
  for (const { command } of flow.steps) {
    if (command.kind === "reg") register(desk, command.name, clients);
    else desk.apply((words) => writeFlowCommand(words, 0, command));
    if (random.chance(0.8)) continue;
    desk.publisher.flush();
    if (random.chance(0.3)) desk.publisher.flushSlow();
    if (random.chance(0.3)) desk.wait(random.between(0, 3_000) / 1000);
    if (random.chance(0.01)) desk.publisher.onReset();
    for (const client of clients) client.live(random, desk.engine.instruments.length);
  }
  desk.flush();
  for (const client of clients) client.catchUp();
  return { desk, clients };
}

function register(desk: MarketDesk, name: string, clients: readonly Client[]): void {
  const symbol = desk.engine.instruments.length;
  desk.apply((words) => writeInstrument(words, 0, { name, priceDecimals: DECIMALS, tick: 1, lot: 1 }));
  // A name may be registered again, which changes nothing.
  if (desk.engine.instruments.length === symbol) return;
  for (const { peer } of clients)
    for (const channel of MARKET_CHANNELS) peer.subscriber.subscribe(channel, symbol);
}

/** The best 20 levels of a side as entries. */
function levelsOf(desk: MarketDesk, symbol: number, side: "bids" | "asks") {
  const levels = desk.engine.book(symbol)[side].slice(0, 20);
  return levels.map(({ price, total, orders }) => [formatPrice(price, DECIMALS), total, orders]);
}

/** Candles made from all trades, the slow way. */
function candlesOf(desk: MarketDesk, symbol: number, interval: number): CandleEntry[] {
  const groups = new Map<number, { price: number; quantity: number }[]>();
  for (const trade of desk.trades) {
    if (trade.symbol !== symbol) continue;
    const start = Math.floor(trade.timestamp_us / 1_000_000 / interval) * interval;
    groups.set(start, [...(groups.get(start) ?? []), trade]);
  }
  const candles = [...groups].map(([start, trades]): CandleEntry => {
    const prices = trades.map(({ price }) => price);
    const [open, high, low, close] = [prices[0], Math.max(...prices), Math.min(...prices), prices.at(-1)!];
    const lots = trades.reduce((sum, { quantity }) => sum + quantity, 0);
    const text = (price: number) => formatPrice(price, DECIMALS);
    return [start, text(open), text(high), text(low), text(close), lots];
  });
  return candles.slice(-300);
}

function expectMarket(desk: MarketDesk, { model }: Client, symbol: number): void {
  const { name } = desk.engine.instruments[symbol];
  const byPrice = (sign: number) => (a: readonly unknown[], b: readonly unknown[]) =>
    sign * (parsePrice(String(a[0]), DECIMALS)! - parsePrice(String(b[0]), DECIMALS)!);
  const [bids, asks] = [levelsOf(desk, symbol, "bids"), levelsOf(desk, symbol, "asks")];
  const book = model.books.get(name)!;
  expect([...book.bids.values()].sort(byPrice(-1))).toEqual(bids);
  expect([...book.asks.values()].sort(byPrice(1))).toEqual(asks);
  expect(model.quotes.get(name)).toEqual({ bid: bids[0] ?? null, ask: asks[0] ?? null });
  const ids = desk.trades.filter((trade) => trade.symbol === symbol).map(({ sequence }) => String(sequence));
  const seen = model.trades.get(name)!;
  expect(seen).toEqual(seen.length === 0 ? ids : ids.slice(-seen.length));
  expect(seen.length).toBeGreaterThanOrEqual(Math.min(ids.length, 100));
  for (const interval of CANDLE_INTERVALS_S)
    expect([...model.candles.get(`${name} ${interval}`)!.values()]).toEqual(
      candlesOf(desk, symbol, interval),
    );
}

function expectQueue({ engine }: MarketDesk, { model, queue, account }: Client): void {
  const { symbol, side, price } = queue!;
  const expected: unknown[] = [];
  engine.forEachOrderAt(symbol, side, price, (owner, idLow, idHigh, quantity) => {
    const place = expected.length + 1;
    expected.push(owner === account ? [place, quantity, u64ToString(idLow, idHigh)] : [place, quantity]);
    return true;
  });
  const { priceDecimals, name } = engine.instruments[symbol];
  const of = { symbol: name, side: sideName(side), price: formatPrice(price, priceDecimals) };
  expect(model.queue).toMatchObject({ ...of, orders: expected.length, queue: expected });
}

function expectOrders(desk: MarketDesk, { model, account }: Client): void {
  const expected = new Map<string, unknown>();
  desk.engine.forEachOrderOf(new Set([account]), (symbol, { idLow, idHigh, side, price, quantity }) => {
    const { name } = desk.engine.instruments[symbol];
    const id = u64ToString(idLow, idHigh);
    const order = {
      symbol: name,
      id,
      side: sideName(side as Side),
      price: formatPrice(price, DECIMALS),
      open: quantity,
    };
    expected.set(`${name} ${id}`, order);
  });
  expect(model.orders).toEqual(expected);
}

test.each(
  (["mixed", "shallow", "deep", "modify-heavy", "extreme-values"] as const).flatMap((profile) =>
    [1, 2, 3].map((seed) => [profile, seed] as const),
  ),
)("clients of any pace know the exchange in the end: %s flow, seed %i", (profile, seed) => {
  const { desk, clients } = run(profile, seed);
  expect(desk.trades.length).toBeGreaterThan(50);
  for (const client of clients) {
    expect(client.peer.hasOverflowed).toBe(false);
    expect(client.peer.subscriber.held).toEqual({ messages: 0, bytes: 0, streams: 0 });
    for (let symbol = 0; symbol < desk.engine.instruments.length; symbol++)
      expectMarket(desk, client, symbol);
    expectOrders(desk, client);
    expectQueue(desk, client);
  }
  // The first never stalled and the last nearly always: both ways of going on were taken.
  expect(clients[0].model.changes).toBeGreaterThan(500);
  expect(clients[3].model.snapshots).toBeGreaterThan(30);
});
