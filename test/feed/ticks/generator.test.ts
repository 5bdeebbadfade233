// The simulator's ticks: its random source and a short run, pinned; what its streams look like, over seeds that are fixed.

import { describe, expect, test } from "vitest";
import { TickGenerator, type TickGeneratorOptions, TickPacer } from "../../../src/feed/index.ts";
import { TickRandom } from "../../../src/feed/ticks/random.ts";

const YEAR_S = 5_896_800;

function generator(options: Partial<TickGeneratorOptions>): TickGenerator {
  return new TickGenerator({
    ...{ symbols: 100, rate: 10_000, seed: 1, market: "neutral", timeScale: 1, ...options },
  });
}

function tickText({ tick }: TickGenerator): string {
  if (tick.isTrade) return `T ${tick.symbol} ${tick.price.toFixed(2)}x${tick.quantity}`;
  const bid = `${tick.bid.toFixed(2)}x${tick.bidQuantity}`;
  return `Q ${tick.symbol} ${bid} ${tick.ask.toFixed(2)}x${tick.askQuantity}`;
}

function take(from: TickGenerator, count: number): string[] {
  return Array.from({ length: count }, () => {
    from.next();
    return tickText(from);
  });
}

test.each([
  { seed: 42, outputs: [660444221, 3652823732, 77672526, 910233633, 2297337756] },
  { seed: 1, outputs: [393288148, 2174103013, 3814759091, 2092745082, 1865176206] },
])("the random source of seed $seed gives the numbers that others know", ({ seed, outputs }) => {
  const random = new TickRandom(seed);
  expect(outputs.map(() => random.next())).toEqual(outputs);
});

test("normal values come in pairs, from two numbers", () => {
  const random = new TickRandom(42);
  random.drawNormal();
  expect(random.drawn[0]).toBeCloseTo(1.142224933, 9);
  random.drawNormal();
  expect(random.drawn[0]).toBeCloseTo(-1.56201642, 9);
  // The third number of the source: two were drawn.
  expect(random.next()).toBe(77672526);
});

test("the stream of seed 7 begins as others know it", () => {
  expect(take(generator({ seed: 7, symbols: 3, rate: 1_000 }), 6)).toEqual([
    "Q 1 3230.99x6730 3234.72x7497",
    "T 0 340.25x5618",
    "T 1 3230.59x7977",
    "T 1 3234.05x3781",
    "Q 0 339.85x9518 340.45x4069",
    "Q 0 340.03x9157 340.27x3788",
  ]);
});

test("the same seed gives the same stream, another seed another one", () => {
  const first = take(generator({ seed: 5 }), 2_000);
  expect(take(generator({ seed: 5 }), 2_000)).toEqual(first);
  expect(take(generator({ seed: 6 }), 2_000)).not.toEqual(first);
});

test("seven of ten ticks are quotes; spreads, prices and quantities stay in their ranges (seed 11)", () => {
  const generated = generator({ seed: 11, timeScale: 3_600 });
  const { tick } = generated;
  const count = 60_000;
  let trades = 0;
  const wrong: string[] = [];
  const symbols = new Set<number>();
  for (let i = 0; i < count; i++) {
    generated.next();
    symbols.add(tick.symbol);
    const price = generated.priceOf(tick.symbol);
    const spread = (tick.ask - tick.bid) / price;
    const fits = tick.isTrade
      ? tick.price >= tick.bid && tick.price <= tick.ask && within(tick.quantity, 100, 10_000)
      : within(tick.bidQuantity, 100, 100_000) && within(tick.askQuantity, 100, 100_000);
    // A cent of rounding on each side, of the lowest prices.
    if (!fits || tick.ask <= tick.bid || spread < 0.0004 || spread > 0.0021) wrong.push(tickText(generated));
    if (tick.isTrade) trades++;
  }
  expect(wrong).toEqual([]);
  expect(symbols.size).toBe(100);
  expect(trades / count).toBeGreaterThan(0.29);
  expect(trades / count).toBeLessThan(0.31);
});

function within(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

/** Of all symbols: each one's logarithm of what became of its price, by volatilities as the generator drew them. */
function moves(options: Partial<TickGeneratorOptions>, ticks: number): number[] {
  const tick = generator(options);
  const symbols = options.symbols ?? 100;
  const before = Array.from({ length: symbols }, (_, symbol) => tick.priceOf(symbol));
  for (let i = 0; i < ticks; i++) tick.next();
  return before.map((price, symbol) => Math.log(tick.priceOf(symbol) / price));
}

/** Volatilities, as the order of draws has them. */
function volatilities(seed: number, symbols: number): number[] {
  const random = new TickRandom(seed);
  return Array.from({ length: symbols }, () => {
    random.unit();
    const volatility = 0.01 + 0.05 * random.unit();
    for (let i = 0; i < 3; i++) random.unit();
    return volatility;
  });
}

describe("the variance of prices is that of their volatility", () => {
  /** The variance per year, over many streams of `steps` steps for each symbol. */
  function variance(symbols: number, rate: number): number {
    let squares = 0;
    let count = 0;
    const streams = 3_200 / symbols;
    const steps = 8;
    // So many steps of all symbols are this much of a year.
    const years = 0.25;
    const timeScale = (years * YEAR_S * rate) / (symbols * steps);
    for (let seed = 1; seed <= streams; seed++) {
      const sigmas = volatilities(seed, symbols);
      for (const [symbol, move] of moves({ symbols, rate, seed, timeScale }, symbols * steps).entries()) {
        const drift = (-(sigmas[symbol] ** 2) / 2) * years;
        squares += ((move - drift) / sigmas[symbol]) ** 2;
        count++;
      }
    }
    return squares / count / years;
  }

  test.each([
    { symbols: 500, rate: 10_000 },
    { symbols: 100, rate: 500_000 },
  ])("with $symbols symbols at $rate a second", ({ symbols, rate }) => {
    const found = variance(symbols, rate);
    expect(found).toBeGreaterThan(0.95);
    expect(found).toBeLessThan(1.05);
  });
});

test.each([
  { market: "bull", drift: 0.05, years: 1, within: 0.005 },
  { market: "bear", drift: -0.05, years: 1, within: 0.005 },
  // Long enough for what the volatility takes from the logarithm to be seen.
  { market: "neutral", drift: 0, years: 100, within: 0.04 },
] as const)(
  "a $market market drifts by $drift a year (seeds 1 to 10)",
  ({ market, drift, years, within }) => {
    // So many years of all symbols, in 20 steps of each.
    const timeScale = (years * YEAR_S * 10_000) / (100 * 20);
    let difference = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const sigmas = volatilities(seed, 100);
      for (const [symbol, move] of moves({ market, seed, timeScale }, 2_000).entries())
        difference += move - (drift - sigmas[symbol] ** 2 / 2) * years;
    }
    expect(Math.abs(difference / 1_000)).toBeLessThan(within);
  },
);

describe("pacing", () => {
  /** What a pacer makes at these times, in milliseconds since it began. */
  function made(rate: number, times_ms: readonly number[]): number[] {
    const pacer = new TickPacer(rate);
    pacer.begin(7_000_000);
    return times_ms.map((time_ms) => pacer.due(7_000_000 + time_ms * 1_000));
  }

  test.each([
    {
      what: "nothing before a millisecond has passed",
      rate: 10_000,
      times: [0.5, 0.999, 1],
      due: [0, 0, 10],
    },
    { what: "fractions of ticks are kept", rate: 1_500, times: [1, 2, 3, 4], due: [1, 2, 1, 2] },
    { what: "50 ms at once at most", rate: 10_000, times: [50, 150, 151], due: [500, 500, 10] },
    {
      what: "a tick at least, however slow",
      rate: 1,
      times: [999, 1_000, 3_500, 3_999, 4_000],
      due: [0, 1, 1, 0, 1],
    },
  ])("$what", ({ rate, times, due }) => {
    expect(made(rate, times)).toEqual(due);
  });

  test.each([10_000, 100_000])("five seconds of uneven steps make %i a second to the tick", (rate) => {
    const random = new TickRandom(rate);
    const pacer = new TickPacer(rate);
    pacer.begin(0);
    let sum = 0;
    let now_us = 0;
    while (now_us < 5_000_000) {
      now_us = Math.min(5_000_000, now_us + random.between(1_000, 40_000));
      sum += pacer.due(now_us);
    }
    // A last step that is shorter than a millisecond may wait for the next.
    sum += pacer.due(now_us + 1_000);
    expect(Math.abs(sum - Math.floor(rate * 5.001))).toBeLessThanOrEqual(1);
    expect(pacer.skipped).toBe(0);
  });

  test("what is given up is counted: made and skipped are the rate", () => {
    const pacer = new TickPacer(100_000);
    pacer.begin(0);
    let sum = 0;
    for (let now_us = 80_000; now_us <= 4_000_000; now_us += 80_000) sum += pacer.due(now_us);
    expect(sum).toBe(50 * 5_000);
    expect(pacer.skipped).toBe(50 * 3_000);
  });
});
