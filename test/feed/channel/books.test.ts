// Books rebuilt from packets by obvious code are the engine's, level by level and order by order, after generated flows of every
// profile; and what the channels say of events, trades and days is what happened.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { FLOW_PROFILE_NAMES, generateFlow } from "../../../src/lab/index.ts";
import {
  ChannelKind,
  type EventFields,
  EventKind,
  flowGenesis,
  OrderType,
  TimeInForce,
} from "../../../src/protocol/index.ts";
import { FlowMachine } from "../../../src/replay/index.ts";
import { expectBook, NaiveSubscriber, PublishedExchange } from "./support.ts";

const KINDS = Object.values(ChannelKind);
const SEEDS = 2;
const COMMANDS = 800;

/** What the events of commands say of each symbol: trades, and how many commands did something to its book. */
class Witness {
  readonly trades: number[][][] = [];
  readonly events: number[] = [];

  watch(events: readonly EventFields[]): void {
    const touched = new Set<number>();
    let left = 0;
    for (const event of events) {
      const { kind, symbol, price, quantity } = event;
      if (kind === EventKind.Trade) {
        this.trades[symbol] ??= [];
        this.trades[symbol].push([event.sequence, price, quantity, event.side]);
        left = event.leaves;
        touched.add(symbol);
      } else if (kind === EventKind.Cancel) touched.add(symbol);
      else if (kind === EventKind.Modify) {
        if ((event.flags & 2) === 0 || quantity !== event.previousQuantity) touched.add(symbol);
      } else if (kind === EventKind.Accept) left = quantity;
    }
    const [first] = events;
    const rests = first?.kind === EventKind.Accept && left > 0;
    if (rests && first.orderType === OrderType.Limit && first.timeInForce === TimeInForce.GoodTillCancel)
      touched.add(first.symbol);
    for (const symbol of touched) this.events[symbol] = (this.events[symbol] ?? 0) + 1;
  }
}

test.each(FLOW_PROFILE_NAMES)("books built from packets are the engine's: %s", (profile) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const flow = generateFlow(profile, seed, COMMANDS);
    const random = new Prng(seed);
    const exchange = new PublishedExchange(flowGenesis(flow), { summaryInterval_us: 5_000 });
    const subscribers = KINDS.map((kind) => new NaiveSubscriber(kind));
    const witness = new Witness();
    let turnAt = 0;
    let lookAt = 0;
    for (const [step, { command }] of flow.steps.entries()) {
      exchange.clock.now_us += random.between(1, 200);
      exchange.apply(command);
      witness.watch(exchange.events);
      if (step < turnAt && step < flow.steps.length - 1) continue;
      turnAt = step + random.between(1, 30);
      for (const packet of exchange.turn()) for (const one of subscribers) one.take(packet);
      if (step < lookAt && step < flow.steps.length - 1) continue;
      lookAt = step + 250;
      for (let symbol = 0; symbol < exchange.engine.instruments.length; symbol++)
        for (const one of subscribers) expectBook(exchange.engine, one, symbol);
    }
    expectTold(exchange, subscribers, witness);
  }
});

test.each(["mixed", "deep", "administered", "sessions"] as const)(
  "who begins with snapshots in a new epoch has the engine's books too, and the engine never knew: %s",
  (profile) => {
    const flow = generateFlow(profile, 3, COMMANDS);
    const alone = new FlowMachine(flowGenesis(flow));
    const exchange = new PublishedExchange(flowGenesis(flow), { summaryInterval_us: 5_000 });
    let subscribers: NaiveSubscriber[] = [];
    let heard = 0;
    for (const [step, { command }] of flow.steps.entries()) {
      exchange.apply(command);
      const expected = alone.apply(command);
      if (exchange.events.length + expected.length > 0) expect(exchange.events).toEqual(expected);
      if (step % 50 !== 49 && step < flow.steps.length - 1) continue;
      exchange.clock.now_us += 1_000;
      if (step % 250 === 249) exchange.restart();
      const packets = exchange.turn();
      for (const packet of packets) for (const one of subscribers) one.take(packet);
      if (subscribers.length > 0) heard += packets.length;
      if (step % 250 === 249) subscribers = KINDS.map((kind) => late(exchange, kind));
      for (let symbol = 0; symbol < exchange.engine.instruments.length; symbol++)
        for (const one of subscribers) expectBook(exchange.engine, one, symbol);
    }
    expect(heard).toBeGreaterThan(10);
  },
);

/** A subscriber that has just taken snapshots of all symbols. */
function late(exchange: PublishedExchange, kind: ChannelKind): NaiveSubscriber {
  const subscriber = new NaiveSubscriber(kind);
  for (let symbol = 0; symbol < exchange.engine.instruments.length; symbol++)
    for (const packet of exchange.snapshot(kind, symbol)) subscriber.take(packet);
  return subscriber;
}

function expectTold(exchange: PublishedExchange, subscribers: NaiveSubscriber[], witness: Witness): void {
  const { engine, publisher } = exchange;
  for (const subscriber of subscribers) {
    expect(subscriber.next).toBe(publisher.channel(subscriber.kind)?.next);
    for (const [number, { name }] of engine.instruments.entries()) {
      const symbol = subscriber.symbol(number);
      expect(symbol.name).toBe(name);
      expect(symbol.status).toBe(engine.statusOf(number));
      expect(symbol.trades).toEqual(witness.trades[number] ?? []);
      const { trades } = symbol;
      if (trades.length === 0 || symbol.statistics === undefined) continue;
      const { open, trades: count } = symbol.statistics;
      expect([open, trades[0][1]]).toEqual([trades[0][1], open]);
      expect(count).toBeLessThanOrEqual(trades.length);
    }
  }
}
