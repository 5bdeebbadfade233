// The snapshots of the datagrams, of a real publisher: what a receiver may take together, because it leads up to the same sequence, must
// be one state, and the engine's.

import { expect, test } from "vitest";
import { FeedDesk, SERVING_LIMITS, ServingCounters } from "../../../src/feed/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { ChannelKind, MarketDataReader, Side, TimeInForce } from "../../../src/protocol/index.ts";
import { expectBook, NaiveSubscriber, PublishedExchange } from "../channel/support.ts";
import { partsOf } from "./support.ts";

const ROUND_US = 1_000_000;
/** More packets than the carousel gives at once. */
const LEVELS = 600;
/** How many it does. */
const AT_ONCE = 8;
const GENESIS = {
  ...{ maxQuantity: 1_000, maxNotional: 1e9, ordersMax: 1_000, symbolsMax: 1, accountsMax: 1 },
  indexSeed: [1, 2],
} as const;

function carouselOf() {
  const exchange = new PublishedExchange(GENESIS, { kinds: [ChannelKind.Levels] });
  const { clock, publisher } = exchange;
  const limits = SERVING_LIMITS;
  const checksums = new NativeChecksums();
  const desk = new FeedDesk({ market: publisher, checksums, clock, limits, counters: new ServingCounters() });
  const channel = exchange.channel(ChannelKind.Levels);
  const carousel = desk.carousel([channel]);
  const take = (): readonly Uint8Array[] => partsOf(carousel.take(clock.now_us) ?? new Uint8Array());
  const round = (): readonly Uint8Array[] => {
    const all: Uint8Array[] = [];
    for (let some = take(); some.length > 0; some = take()) all.push(...some);
    return all;
  };
  const happen = (price: number): void => {
    const id = BigInt(price);
    const limit = { side: Side.Buy, price: id, quantity: 1, timeInForce: TimeInForce.GoodTillCancel };
    exchange.apply({ kind: "limit", symbol: 0, account: 0, id, answerLimit: 0, ...limit });
    exchange.turn();
  };
  exchange.apply({ kind: "reg", name: "A" });
  for (let price = 1; price <= LEVELS; price++) happen(price);
  // What is said once a second is said.
  clock.now_us += 2 * ROUND_US;
  exchange.turn();
  return { exchange, channel, take, round, happen };
}

const reader = new MarketDataReader();
/** What each packet leads up to, and its number. */
function headsOf(packets: readonly Uint8Array[]): [first: number, part: number][] {
  return packets.map((packet) => {
    reader.bind(packet, 0, packet.length);
    return [reader.first, reader.part];
  });
}

/** Parts 0, 1, ... of a run that leads up to `first`. */
function runTo(first: number, packets: number, from = 0): [first: number, part: number][] {
  return Array.from({ length: packets }, (_, i) => [first, from + i]);
}

/** Holds the book that these packets tell against the engine's. */
function expectState(exchange: PublishedExchange, packets: readonly Uint8Array[]): void {
  const naive = new NaiveSubscriber(ChannelKind.Levels);
  for (const packet of packets) naive.take(packet);
  expectBook(exchange.engine, naive, 0);
}

test("while nothing happens every run is the same packets: a part that was lost is taken from the next one", () => {
  const { exchange, channel, round } = carouselOf();
  const first = round();
  expect(first.length).toBeGreaterThan(2 * AT_ONCE);
  expect(headsOf(first)).toEqual(runTo(channel.next, first.length));
  exchange.clock.now_us += ROUND_US;
  const second = round();
  expect(headsOf(second)).toEqual(headsOf(first));
  for (let lost = 0; lost < first.length; lost++)
    expectState(exchange, [...first.slice(0, lost), second[lost], ...first.slice(lost + 1)]);
});

test("a run that leads up to where the one before did is that one again, or it is broken off and begun anew", () => {
  const { exchange, channel, take, round, happen } = carouselOf();
  const before = channel.next;
  round();
  exchange.clock.now_us += ROUND_US;
  expect(headsOf(take())).toEqual(runTo(before, AT_ONCE));
  happen(LEVELS + 1);
  const anew = round();
  expect(channel.next).toBeGreaterThan(before);
  expect(headsOf(anew)).toEqual(runTo(channel.next, anew.length));
  expectState(exchange, anew);
});

test("a run whose end is the first of its kind goes on, whatever happens: on a busy market it would never end else", () => {
  const { exchange, channel, take, round, happen } = carouselOf();
  round();
  exchange.clock.now_us += ROUND_US;
  happen(LEVELS + 1);
  const first = channel.next;
  expect(headsOf(take())).toEqual(runTo(first, AT_ONCE));
  happen(LEVELS + 2);
  expect(headsOf(take())).toEqual(runTo(first, AT_ONCE, AT_ONCE));
});
