// The candles' panel: intervals to choose from and the chart.

import { useEffect, useRef, useState } from "preact/hooks";
import { CANDLE_INTERVALS_S } from "../src/protocol/index.ts";
import { CandlePainter } from "./candle-painter.ts";
import type { Desk } from "./desk.ts";
import { CHART_PACE_MS } from "./frames.ts";
import { recall, remember } from "./remembered.ts";
import { themeTopic } from "./theme.ts";

/** How the intervals of the channel are called. */
const NAMES: Readonly<Record<number, string>> = {
  1: "1 s",
  10: "10 s",
  60: "1 min",
  600: "10 min",
  3600: "1 h",
};

const DEFAULT_INTERVAL = 1;

function recalledInterval(): number {
  const recalled = Number(recall("interval"));
  return CANDLE_INTERVALS_S.some((seconds) => seconds === recalled) ? recalled : DEFAULT_INTERVAL;
}

export function CandleChart({ desk }: { readonly desk: Desk }) {
  const element = useRef<HTMLDivElement>(null);
  const empty = useRef<HTMLParagraphElement>(null);
  const [interval, setInterval] = useState(recalledInterval);
  const wanted = useRef(interval);
  wanted.current = interval;

  useEffect(() => {
    const painter = new CandlePainter(element.current!);
    const end = desk.frames.add(() => {
      const { market } = desk;
      const series = market?.candles.get(wanted.current);
      painter.paint(series, wanted.current, market?.decimals ?? 0);
      const words = emptyWords(market?.isCurrent("candles") === true, series?.candles.length ?? 0);
      if (empty.current !== null) empty.current.textContent = words;
    }, CHART_PACE_MS);
    const endTheme = themeTopic.listen(() => {
      painter.recolour();
      desk.frames.ask();
    });
    let width_px = 0;
    // Made after the chart's own, so the chart has its new width already.
    const resized = new ResizeObserver(([{ contentRect }]) => {
      if (width_px === 0 && contentRect.width > 0) painter.toNewest();
      width_px = contentRect.width;
    });
    resized.observe(element.current!);
    return () => {
      end();
      endTheme();
      resized.disconnect();
      painter.close();
    };
  }, [desk]);

  const choose = (seconds: number) => {
    remember("interval", String(seconds));
    setInterval(seconds);
    wanted.current = seconds;
    desk.frames.ask();
  };
  return (
    <section class="panel candle-panel" data-panel="chart" aria-label="Candles">
      <header class="panel-head">
        <h2>Candles</h2>
        <fieldset class="segments small">
          <legend class="unseen">Interval</legend>
          {CANDLE_INTERVALS_S.map((seconds) => (
            <label key={seconds}>
              <input
                type="radio"
                name="interval"
                checked={seconds === interval}
                onChange={() => choose(seconds)}
              />
              <span>{NAMES[seconds]}</span>
            </label>
          ))}
        </fieldset>
      </header>
      <div class="candle-body" ref={element} />
      <p class="empty" ref={empty} />
    </section>
  );
}

function emptyWords(isCurrent: boolean, count: number): string {
  if (count > 0) return "";
  return isCurrent ? "No trades yet. The first one starts a candle." : "Waiting for the candles";
}
