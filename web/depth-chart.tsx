// The depth chart's panel: canvas, pointer and what is said when there is nothing to draw.

import { useEffect, useRef } from "preact/hooks";
import { formatPrice } from "../src/protocol/index.ts";
import { DepthPainter } from "./depth-painter.ts";
import type { Desk } from "./desk.ts";
import { CHART_PACE_MS } from "./frames.ts";
import { Painted } from "./painted.ts";
import { isDark, themeTopic } from "./theme.ts";

/** How often the picture is described anew for those who can't see it. */
const WORDS_MS = 2_000;

export function DepthChart({ desk }: { readonly desk: Desk }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<DepthPainter | undefined>(undefined);

  useEffect(() => {
    const element = canvas.current!;
    const made = new DepthPainter(element);
    painter.current = made;
    const painted = new Painted();
    const end = desk.frames.add(() => {
      const { market } = desk;
      const { clientWidth, clientHeight } = element;
      const state = `${market?.bookVersion} ${clientWidth} ${clientHeight} ${made.pointer} ${isDark()}`;
      if (painted.differs(market, state)) made.paint(market);
    }, CHART_PACE_MS);
    const resized = new ResizeObserver(() => desk.frames.ask());
    resized.observe(element);
    const endTheme = themeTopic.listen(() => desk.frames.ask());
    const words = setInterval(() => element.setAttribute("aria-label", inWords(desk)), WORDS_MS);
    return () => {
      end();
      endTheme();
      resized.disconnect();
      clearInterval(words);
    };
  }, [desk]);

  const point = (x: number | undefined) => {
    if (painter.current === undefined) return;
    painter.current.pointer = x;
    desk.frames.ask();
  };
  return (
    <section class="panel depth-panel" data-panel="chart" aria-label="Depth">
      <header class="panel-head">
        <h2>Depth</h2>
      </header>
      <canvas
        ref={canvas}
        role="img"
        aria-label="Depth chart"
        onPointerMove={(event) => point(event.offsetX)}
        onPointerLeave={() => point(undefined)}
      />
    </section>
  );
}

function inWords({ market }: Desk): string {
  if (market === undefined) return "Depth chart";
  const { bids, asks } = market.book;
  const best = (price: number | undefined) =>
    price === undefined ? "none" : formatPrice(price, market.decimals);
  return `Depth chart: best bid ${best(bids.prices[0])}, best ask ${best(asks.prices[0])}`;
}
