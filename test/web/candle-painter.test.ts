// What the candle chart is given: it keeps all that it was ever given, so that must have a bound.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CandleSeries } from "../../src/client/socket/index.ts";

/** What charts hold, by series, and how often one was made to look at the newest bar. */
const chart = { bars: [] as number[][], scrolled: 0 };

vi.mock("lightweight-charts", () => {
  const series = () => {
    const bars: number[] = [];
    chart.bars.push(bars);
    return {
      applyOptions: () => {},
      setData: (data: { time: number }[]) => bars.splice(0, bars.length, ...data.map(({ time }) => time)),
      update: ({ time }: { time: number }) => {
        if (bars.at(-1) !== time) bars.push(time);
      },
    };
  };
  const timeScale = () => ({ scrollToPosition: () => chart.scrolled++ });
  const priceScale = () => ({ applyOptions: () => {} });
  const made = { addSeries: series, timeScale, priceScale, applyOptions: () => {}, remove: () => {} };
  return { CandlestickSeries: 1, HistogramSeries: 2, ColorType: {}, createChart: () => made };
});

beforeEach(() => {
  const matches = { matches: false, addEventListener: () => {} };
  vi.stubGlobal("matchMedia", () => matches);
  vi.stubGlobal("document", { documentElement: { dataset: {} }, body: {} });
  vi.stubGlobal("getComputedStyle", () => ({ getPropertyValue: () => "" }));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

function candle(start: number) {
  return [start, "1.00", "1.00", "1.00", "1.00", 1] as const;
}

// A bar a second, for as long as the page was open.
test("a chart that is looked at for a day holds no more bars than the series does, and stays where one looks", async () => {
  const { CandlePainter } = await import("../../web/candle-painter.ts");
  const painter = new CandlePainter({} as HTMLElement);
  const series = new CandleSeries(2);
  const of = { type: "candles", symbol: "A", sequence: "1", interval: 1 } as const;
  series.apply({ ...of, snapshot: true, candles: [candle(0)] });
  painter.paint(series, 1, 2);
  const { scrolled } = chart;
  for (let second = 1; second < 86_400; second++) {
    series.apply({ ...of, candles: [candle(second)] });
    painter.paint(series, 1, 2);
  }
  const starts = series.candles.map(({ start }) => start);
  expect(chart.bars).toEqual([starts, starts]);
  series.apply({ ...of, snapshot: true, candles: [candle(86_400)] });
  painter.paint(series, 1, 2);
  expect(chart.bars[0]).toEqual([86_400]);
  expect(chart.scrolled).toBe(scrolled);
  painter.paint(new CandleSeries(2), 10, 2);
  expect(chart.scrolled).toBeGreaterThan(scrolled);
});
