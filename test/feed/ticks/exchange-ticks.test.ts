// An exchange told in ticks/1: every trade, and every quote of a book with two sides that changed, from generated flows; and
// what the wire can't say.

import { expect, test } from "vitest";
import { RecordBuffer } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import { ExchangeTicks, type TickSink, type TickValues } from "../../../src/feed/index.ts";
import { generateFlow } from "../../../src/lab/index.ts";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  EventKind,
  EventWord,
  flowGenesis,
  type Instrument,
  readEvent,
  Side,
  writeFlowCommand,
  writeGenesis,
  writeTimestamp,
} from "../../../src/protocol/index.ts";

type Told = (string | number | bigint)[];

class NotingSink implements TickSink {
  clients = 1;
  told: Told[] = [];

  publish(tick: TickValues): void {
    const { symbol, price, quantity, bid, bidQuantity, ask, askQuantity } = tick;
    const time = timeOf(tick.timeLow, tick.timeHigh);
    if (tick.isTrade) this.told.push(["trade", symbol, price, quantity, time]);
    else this.told.push(["quote", symbol, bid, bidQuantity, ask, askQuantity, time]);
  }
}

function timeOf(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** A side's best level, as the engine has it: price in units and total. */
function best(engine: ExchangeEngine, symbol: number, side: Side): number[] {
  const found: number[] = [];
  engine.forEachLevel(symbol, side, 1, (price, total) => {
    const text = (BigInt(price) * 10n ** 20n).toString();
    const { priceDecimals } = engine.instruments[symbol];
    found.push(Number(`${text}e-${20 + priceDecimals}`), total);
  });
  return found;
}

test.each(["mixed", "deep", "ladder-moves"] as const)(
  "a %s flow is told trade by trade and quote by quote (seeds 1 to 3)",
  (profile) => {
    let [trades, quotes] = [0, 0];
    for (let seed = 1; seed <= 3; seed++) {
      const flow = generateFlow(profile, seed, 600);
      const engine = new ExchangeEngine();
      const sink = new NotingSink();
      const expected: Told[] = [];
      const said = new Map<number, string>();
      const ticks = new ExchangeTicks(engine, sink);
      // Beyond what a double holds exactly in nanoseconds.
      let now_us = 1_767_225_600_123_457;
      const touched = new Set<number>();
      const records = new RecordBuffer(EVENT_WORDS, 4, (events) => {
        ticks.onEvents(events, now_us);
        for (let i = 0; i < events.count; i++) {
          const event = readEvent(events.words, i * EVENT_WORDS);
          if (event.kind === EventKind.Reject || event.kind === EventKind.MassCancel) continue;
          touched.add(event.symbol);
          if (event.kind !== EventKind.Trade) continue;
          const { priceDecimals } = engine.instruments[event.symbol];
          const units = Number(`${event.price}e-${priceDecimals}`);
          expected.push(["trade", event.symbol, units, event.quantity, BigInt(now_us) * 1_000n]);
          trades++;
        }
      });
      const words = new Int32Array(COMMAND_WORDS);
      writeGenesis(words, 0, flowGenesis(flow), 0);
      engine.apply(words, 0, records);
      for (const { command } of flow.steps) {
        now_us += 977;
        writeFlowCommand(words, 0, command);
        writeTimestamp(words, 0, now_us);
        engine.apply(words, 0, records);
        records.drain();
        ticks.endCommand();
        for (const symbol of touched) {
          const sides = [...best(engine, symbol, Side.Buy), ...best(engine, symbol, Side.Sell)];
          if (sides.length < 4 || said.get(symbol) === sides.join()) continue;
          said.set(symbol, sides.join());
          expected.push(["quote", symbol, ...sides, BigInt(now_us) * 1_000n]);
          quotes++;
        }
        touched.clear();
      }
      expect(sink.told, `seed ${seed}`).toEqual(expected);
    }
    expect(trades).toBeGreaterThan(100);
    expect(quotes).toBeGreaterThan(100);
  },
);

/** A market of levels that a test sets, told event by event. */
class HandMarket {
  readonly instruments: Instrument[] = Array.from({ length: 501 }, (_, i) => ({
    ...{ name: `S${i}`, priceDecimals: 2, tick: 1, lot: 1 },
  }));
  readonly levels = new Map<string, [price: number, total: number]>();
  readonly sink = new NotingSink();
  readonly ticks = new ExchangeTicks(this, this.sink);

  forEachLevel(
    symbol: number,
    side: Side,
    _: number,
    visit: (price: number, total: number, n: number) => void,
  ) {
    const level = this.levels.get(`${symbol} ${side}`);
    if (level !== undefined) visit(...level, 1);
  }

  set(symbol: number, side: Side, price: number, total: number): void {
    if (total === 0) this.levels.delete(`${symbol} ${side}`);
    else this.levels.set(`${symbol} ${side}`, [price, total]);
  }

  /** A command with one event of that kind; what was told of it. */
  event(symbol: number, kind: EventKind = EventKind.Accept): Told[] {
    const records = new RecordBuffer(EVENT_WORDS, 1, (events) => this.ticks.onEvents(events, 1));
    const at = records.claim();
    records.words[at + EventWord.kindReasonCommandFlags] = kind;
    records.words[at + EventWord.symbol] = symbol;
    records.words[at + EventWord.priceLow] = 1_050;
    records.words[at + EventWord.quantity] = 0xffffffff;
    records.drain();
    this.ticks.endCommand();
    return this.sink.told.splice(0);
  }
}

test("a quote is told of a book with two sides, once, and totals that are too large as the largest", () => {
  const market = new HandMarket();
  market.set(3, Side.Buy, 1_001, 5);
  expect(market.event(3)).toEqual([]);
  market.set(3, Side.Sell, 1_003, 2 ** 40);
  expect(market.event(3)).toEqual([["quote", 3, 10.01, 5, 10.03, 4_294_967_295, 1_000n]]);
  expect(market.event(3)).toEqual([]);
  market.set(3, Side.Buy, 0, 0);
  expect(market.event(3)).toEqual([]);
  market.set(3, Side.Buy, 1_001, 6);
  expect(market.event(3)).toEqual([["quote", 3, 10.01, 6, 10.03, 4_294_967_295, 1_000n]]);
});

test("symbols above 499 are not told", () => {
  const market = new HandMarket();
  for (const symbol of [499, 500]) {
    market.set(symbol, Side.Buy, 1, 1);
    market.set(symbol, Side.Sell, 2, 1);
  }
  expect(market.event(500, EventKind.Trade)).toEqual([]);
  expect(market.event(499, EventKind.Trade)).toEqual([
    ["trade", 499, 10.5, 4_294_967_295, 1_000n],
    ["quote", 499, 0.01, 1, 0.02, 1, 1_000n],
  ]);
});

test("while nobody listens nothing is told; who comes then is told the quote with the symbol's next event", () => {
  const market = new HandMarket();
  market.set(0, Side.Buy, 100, 1);
  market.set(0, Side.Sell, 200, 1);
  expect(market.event(0)).toHaveLength(1);
  market.sink.clients = 0;
  expect(market.event(0, EventKind.Trade)).toEqual([]);
  market.sink.clients = 1;
  expect(market.event(0)).toEqual([["quote", 0, 1, 1, 2, 1, 1_000n]]);
  market.ticks.onReset();
  expect(market.event(0)).toHaveLength(1);
});
