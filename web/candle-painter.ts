// Candles and volume by lightweight-charts. Values are ticks, so that nothing is rounded; only their texts are prices.
// A frame hands over what changed: the last candles, or all of them after a snapshot.

import {
  CandlestickSeries,
  ColorType,
  createChart,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { Candle, CandleSeries } from "../src/client/socket/index.ts";
import { formatPrice } from "../src/protocol/index.ts";
import { colour } from "./theme.ts";
import { timeText } from "./words.ts";

const MICROS = 1_000_000;
/** From this interval on seconds say nothing. */
const MINUTE_S = 60;
/** Bars of air to the right of the newest. */
const AIR_BARS = 4;

export class CandlePainter {
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<"Candlestick">;
  readonly #volume: ISeriesApi<"Histogram">;
  #shown: CandleSeries | undefined;
  #generation = -1;
  #version = -1;
  /** The starts of the oldest and the newest candle that the chart has; without any there is no oldest. */
  #oldest: number | undefined;
  #newest = 0;
  #decimals = 0;

  constructor(element: HTMLElement) {
    this.#chart = createChart(element, {
      autoSize: true,
      // Its style element is against the content policy; the help names and links the maker instead.
      layout: { attributionLogo: false },
      rightPriceScale: {
        borderVisible: false,
        entireTextOnly: true,
        scaleMargins: { top: 0.08, bottom: 0.24 },
      },
      timeScale: { borderVisible: false, rightOffset: AIR_BARS, barSpacing: 9 },
      localization: { timeFormatter: (time: Time) => dayAndTime(time as number) },
      handleScale: { axisPressedMouseMove: { price: false, time: true } },
    });
    this.#candles = this.#chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.recolour();
  }

  close(): void {
    this.#chart.remove();
  }

  recolour(): void {
    const [buy, sell] = [colour("buy"), colour("sell")];
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colour("panel") },
        textColor: colour("muted"),
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 11,
      },
      grid: { vertLines: { color: colour("grid") }, horzLines: { color: colour("grid") } },
      crosshair: {
        vertLine: { color: colour("muted"), labelBackgroundColor: colour("accent-fill") },
        horzLine: { color: colour("muted"), labelBackgroundColor: colour("accent-fill") },
      },
    });
    this.#candles.applyOptions({ upColor: buy, downColor: sell, wickUpColor: buy, wickDownColor: sell });
    this.#generation = -1;
  }

  paint(series: CandleSeries | undefined, interval: number, decimals: number): void {
    if (
      series === this.#shown &&
      series?.version === this.#version &&
      series?.generation === this.#generation
    )
      return;
    const begins = series !== this.#shown || this.#oldest === undefined;
    const candles = series?.candles ?? [];
    // The chart keeps whatever it was given: what the series has dropped goes there too.
    const isWhole = begins || series?.generation !== this.#generation || candles[0]?.start !== this.#oldest;
    if (begins) this.#format(interval, decimals);
    this.#shown = series;
    this.#version = series?.version ?? -1;
    this.#generation = series?.generation ?? -1;
    if (isWhole) this.#setAll(candles);
    else this.#update(candles);
    // Of the same series one may be looking at older ones.
    if (begins) this.toNewest();
  }

  #format(interval: number, decimals: number): void {
    this.#decimals = decimals;
    this.#candles.applyOptions({
      priceFormat: { type: "custom", minMove: 1, formatter: (ticks: number) => this.#priceText(ticks) },
    });
    const tickMarkFormatter = (time: Time) => tickText(time as number, interval);
    this.#chart.applyOptions({
      timeScale: { timeVisible: true, secondsVisible: interval < MINUTE_S, tickMarkFormatter },
    });
  }

  #priceText(ticks: number): string {
    return formatPrice(Math.round(ticks), this.#decimals);
  }

  #setAll(candles: readonly Candle[]): void {
    this.#candles.setData(candles.map(bar));
    this.#volume.setData(candles.map(volume));
    this.#oldest = candles[0]?.start;
    this.#newest = candles.at(-1)?.start ?? 0;
  }

  /** Shows the newest candle, and goes with the ones that follow. A chart without a width forgets that: its tab is hidden. */
  toNewest(): void {
    this.#chart.timeScale().scrollToPosition(AIR_BARS, false);
  }

  #update(candles: readonly Candle[]): void {
    let at = candles.length;
    while (at > 0 && candles[at - 1].start >= this.#newest) at--;
    for (const candle of candles.slice(at)) {
      this.#candles.update(bar(candle));
      this.#volume.update(volume(candle));
      this.#newest = candle.start;
    }
  }
}

function bar({ start, open, high, low, close }: Candle) {
  return { time: start as UTCTimestamp, open, high, low, close };
}

function volume({ start, open, close, quantity }: Candle) {
  return {
    time: start as UTCTimestamp,
    value: quantity,
    color: colour(close >= open ? "buy-soft" : "sell-soft"),
  };
}

function tickText(start: number, interval: number): string {
  const time = timeText(start * MICROS);
  if (interval < MINUTE_S) return time;
  return time === "00:00:00" ? dayText(start) : time.slice(0, 5);
}

function dayText(start: number): string {
  const date = new Date(start * 1_000);
  return `${date.getDate()}.${date.getMonth() + 1}.`;
}

function dayAndTime(start: number): string {
  return `${dayText(start)} ${timeText(start * MICROS)}`;
}
