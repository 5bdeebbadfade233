// One seeded run: a generated flow through engine, publisher and service, over lines or a stream that are faulty for as long as it lasts, to a
// handler. When the faults end, the handler's books are the engine's, level by level, order by order and by their sums, and each trade
// was told once: all of them where the handler has counted none as lost.

import { Prng } from "../../../src/base/index.ts";
import { type ChannelReceiver, PacketSource } from "../../../src/feed/index.ts";
import { FLOW_PROFILE_NAMES, generateFlow } from "../../../src/lab/index.ts";
import { BookChecksum, packetCount, Side } from "../../../src/protocol/index.ts";
import { type Faults, FaultyLine } from "./faulty-lines.ts";
import { type ClientPlan, SimulatedClient } from "./simulated-client.ts";
import { SimulatedExchange, type TradeTold } from "./simulated-exchange.ts";
import { SimulatedTime } from "./simulated-time.ts";

const COMMANDS = 200;
/** How long a client that comes before the trading has for joining; the faults may make it longer. */
const JOIN_US = 20_000_000;
const SIDES = [Side.Buy, Side.Sell] as const;
/** After the faults: asking again takes 8 s at most, and then everything is there. */
const PATIENCE_US = 60_000_000;

export const NO_FAULTS: Faults = { loss: 0, double: 0, late: 0, damage: 0, reset: 0 };

export interface Scenario extends ClientPlan {
  /** How many lines there are: 1 or 2, of a stream 0. */
  readonly lines: 0 | 1 | 2;
  /** The publisher begins anew in the middle. */
  readonly isReset: boolean;
  readonly historyBytes: number;
  /** When the client comes, as a share of the flow. */
  readonly joins: number;
  readonly commands: number;
}

export interface RunResult {
  readonly scenario: Scenario;
  /** What is not as it must be, in words. */
  readonly wrong: string[];
  readonly client: SimulatedClient;
  readonly time: SimulatedTime;
  /** Messages that went to the lines, after the client had joined, and that neither line delivered unharmed. */
  readonly lostOnAll: number;
  readonly datagramsLost: number;
}

function drawScenario(random: Prng): Scenario {
  const kind = random.between(0, 4);
  const isLines = kind < 2;
  const share = (most: number): number => (random.chance(0.7) ? random.unit() * most : 0);
  return {
    carrier: isLines ? "lines" : "stream",
    lines: isLines ? ((kind + 1) as 1 | 2) : 0,
    symbols: kind === 3 || (kind === 4 && random.chance(0.5)) ? [0] : [],
    conflate: kind === 4,
    hasRecovery: !isLines || random.chance(0.75),
    faults: {
      loss: share(0.2),
      double: share(0.2),
      late: share(0.3),
      damage: isLines ? share(0.1) : share(0.02),
      reset: share(0.02),
    },
    isReset: random.chance(0.3),
    historyBytes: random.chance(0.3) ? 4_096 : 1_048_576,
    joins: random.chance(0.5) ? 0 : random.unit(),
    commands: COMMANDS,
  };
}

export function proxyRun(seed: number, given: Partial<Scenario> = {}): RunResult {
  const random = new Prng(seed);
  const drawn = { ...drawScenario(random), ...given };
  const { faults, commands } = drawn;
  const time = new SimulatedTime();
  const flow = generateFlow(random.pick(FLOW_PROFILE_NAMES), seed, commands);
  let client: SimulatedClient | undefined;
  let lostOnAll = 0;
  const lines = ([PacketSource.LineA, PacketSource.LineB] as const)
    .slice(0, drawn.lines)
    .map((source) => new FaultyLine(time, random, faults, (bytes) => client?.datagram(source, bytes)));
  const snapshots = new FaultyLine(time, random, faults, (bytes) =>
    client?.datagram(PacketSource.SnapshotLine, bytes),
  );
  const onDatagram = (bytes: Uint8Array): void => {
    const arrived = lines.map((line) => line.send(bytes));
    if (client !== undefined && !arrived.includes(true)) lostOnAll += packetCount(bytes, 0);
  };
  const onSnapshot = (bytes: Uint8Array): void => {
    if (lines.length > 0) snapshots.send(bytes);
  };
  const exchange = new SimulatedExchange(time, flow, drawn.historyBytes, onDatagram, onSnapshot);
  let joined: Joined | undefined;
  const joinsAt = Math.floor(drawn.joins * flow.steps.length * 0.9);
  const resetsAt = drawn.isReset ? random.between(0, flow.steps.length - 1) : -1;
  for (const [step, { command }] of flow.steps.entries()) {
    // Who asks for a symbol asks for one that there is.
    if (client === undefined && step >= joinsAt && exchange.engine.instruments.length > 0) {
      const come = new SimulatedClient(time, random, drawn, exchange);
      client = come;
      if (drawn.joins === 0) time.run(time.now_us + JOIN_US, () => come.isFresh);
      if (drawn.joins === 0 && come.isFresh) joined = new Joined(exchange, come);
      if (joined !== undefined) lostOnAll = 0;
    }
    if (step === resetsAt) exchange.publisher.onReset();
    exchange.apply(command);
    if (random.chance(0.7)) continue;
    exchange.turn();
    time.run(time.now_us + random.between(50, 3_000));
  }
  if (client === undefined) throw new Error("a client joins before the flow ends");
  exchange.turn();
  for (const line of [...lines, snapshots]) line.isFaulty = false;
  client.isFaulty = false;
  const { receivers } = client.intake;
  const channels = exchange.publisher.channels;
  const isThere = (receiver: ChannelReceiver, i: number): boolean =>
    receiver.epoch === channels[i].epoch && receiver.next === channels[i].next;
  // Long enough for what is on its way, and for sums of all that has changed.
  time.run(time.now_us + 200_000);
  const there = client;
  time.run(time.now_us + PATIENCE_US, () => there.isFresh && receivers.every(isThere));
  const wrong = judge(exchange, client, drawn, joined);
  for (const [i, receiver] of receivers.entries())
    if (!isThere(receiver, i)) wrong.push(`channel ${i + 1} is at ${receiver.next}, not ${channels[i].next}`);
  if (!client.isFresh) wrong.push("something is stale");
  const datagramsLost = lines.reduce((sum, { lost }) => sum + lost, 0);
  return { scenario: drawn, wrong, client, time, lostOnAll, datagramsLost };
}

/** Where everything stood when a client had joined, before anybody traded on: from there on it is told every trade. */
class Joined {
  readonly happened: number;
  readonly #snapshots: readonly number[];
  readonly #told: readonly number[];

  constructor(exchange: SimulatedExchange, client: SimulatedClient) {
    this.happened = exchange.trades.length;
    this.#snapshots = client.intake.receivers.map(({ figures }) => figures.snapshots);
    this.#told = client.listeners.map(({ trades }) => trades.length);
  }

  /** What channel `i` was told since then; undefined: another snapshot may have passed over some. */
  toldOf(client: SimulatedClient, i: number): readonly TradeTold[] | undefined {
    const isSame = client.intake.receivers[i].figures.snapshots === this.#snapshots[i];
    return isSame ? client.listeners[i].trades.slice(this.#told[i]) : undefined;
  }
}

function judge(
  exchange: SimulatedExchange,
  client: SimulatedClient,
  scenario: Scenario,
  joined: Joined | undefined,
): string[] {
  const wrong: string[] = [];
  const { engine } = exchange;
  const symbols = engine.instruments.map((_, symbol) => symbol);
  const own = symbols.filter((symbol) => scenario.symbols.length === 0 || scenario.symbols.includes(symbol));
  for (const symbol of own) {
    const levels: number[][][] = SIDES.map((side) => {
      const all: number[][] = [];
      engine.forEachLevel(symbol, side, Number.POSITIVE_INFINITY, (price, total, orders) =>
        all.push([price, total, orders]),
      );
      return all;
    });
    judgeBooks(wrong, client, symbol, levels);
    const orders: number[][] = [];
    engine.forEachOrder(symbol, ({ side, price, quantity }) => orders.push([side, price, quantity]));
    compare(wrong, `orders of symbol ${symbol}`, ordersOf(client, symbol), orders);
    const [bid = [0, 0, 0], ask = [0, 0, 0]] = levels.map(([best]) => best);
    compare(wrong, `top of symbol ${symbol}`, client.tops.tops[symbol] ?? [0, 0, 0, 0, 0, 0], [
      ...bid,
      ...ask,
    ]);
  }
  const isOwn = ([, symbol]: TradeTold): boolean => own.includes(symbol);
  for (const [i, { trades }] of client.listeners.entries()) {
    const { figures } = client.intake.receivers[i];
    const expected = exchange.trades.filter(isOwn);
    const whole = joined?.toldOf(client, i);
    if (whole !== undefined)
      compare(
        wrong,
        `channel ${i + 1}, trades`,
        whole,
        exchange.trades.slice(joined?.happened).filter(isOwn),
      );
    judgeTrades(wrong, `channel ${i + 1}`, trades, expected, figures.snapshots === 1);
    if (figures.mismatches > 0) wrong.push(`channel ${i + 1}: ${figures.mismatches} sums did not agree`);
  }
  return wrong;
}

function judgeBooks(wrong: string[], client: SimulatedClient, symbol: number, levels: number[][][]): void {
  const sum = new BookChecksum();
  sum.begin();
  for (const side of SIDES)
    for (const [price, total, orders] of levels[side].slice(0, 10)) sum.add(side, price, total, orders);
  const crc = sum.value();
  for (const [name, book] of [
    ["levels", client.levels.book(symbol)],
    ["orders", client.orders.book(symbol)],
  ] as const) {
    for (const side of SIDES) {
      const { count } = book.side(side);
      const told = Array.from({ length: count }, (_, depth) => [
        book.side(side).price(depth),
        book.side(side).total(depth),
        book.side(side).orders(depth),
      ]);
      compare(wrong, `side ${side} of symbol ${symbol}, channel ${name}`, told, levels[side]);
    }
    if (!book.agrees(crc, new BookChecksum())) wrong.push(`sum of symbol ${symbol}, channel ${name}`);
  }
}

/** Bids, then asks, best level first, first of the queue first. */
function ordersOf(client: SimulatedClient, symbol: number): number[][] {
  const book = client.orders.book(symbol);
  const orders: number[][] = [];
  for (const side of SIDES) {
    const levels = book.side(side);
    for (let depth = 0; depth < levels.count; depth++)
      book.forEachOrder(side, depth, (_, quantity) => orders.push([side, levels.price(depth), quantity]));
  }
  return orders;
}

/** Each trade once and as it was; and all from the first one on of each symbol, when there was one snapshot: it alone passes over some. */
function judgeTrades(
  wrong: string[],
  channel: string,
  told: readonly TradeTold[],
  happened: readonly TradeTold[],
  isWhole: boolean,
): void {
  for (const own of new Set(told.map(([, symbol]) => symbol))) {
    const isOwn = ([, symbol]: TradeTold): boolean => symbol === own;
    const ownTold = told.filter(isOwn);
    const ownHappened = happened.filter(isOwn);
    if (isWhole) {
      compare(wrong, `${channel}, trades of symbol ${own}`, ownTold, ownHappened.slice(-ownTold.length));
      continue;
    }
    const left = new Map(ownHappened.map((trade) => [trade[0], trade]));
    for (const trade of ownTold) {
      compare(
        wrong,
        `${channel}, a trade of symbol ${own}`,
        trade,
        left.get(trade[0]) ?? "none, or told before",
      );
      left.delete(trade[0]);
    }
  }
}

function compare(wrong: string[], what: string, told: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(told), JSON.stringify(expected)];
  if (left !== right) wrong.push(`${what}: ${left.slice(0, 200)}, not ${right.slice(0, 200)}`);
}
