// The instrument that is looked at, in one line: last price, change, high, low and volume of the last 24 hours. All of one moment,
// and at most once per frame: figures that contradict each other are worse than old ones.

import { useEffect, useReducer } from "preact/hooks";
import { formatPrice } from "../src/protocol/index.ts";
import { dayName, dayOf, HOUR_S } from "./day.ts";
import type { Desk } from "./desk.ts";
import { changeKind, changeText, percentOf } from "./market-rows.ts";
import { Painted } from "./painted.ts";
import { useTopics } from "./topic.ts";
import { grouped } from "./words.ts";

export function MarketSummary({ desk }: { readonly desk: Desk }) {
  useTopics(desk.selection, desk.status);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const painted = new Painted();
    return desk.frames.add(() => {
      const { market } = desk;
      const state = `${market?.tradesVersion} ${market?.candles.get(HOUR_S)?.version}`;
      if (painted.differs(market, state)) redraw(undefined);
    });
  }, [desk]);
  const { market } = desk;
  const last = market?.trades.at(-1);
  // Before the first status nothing is known to begin later than a day ago.
  const now_us = desk.socket.status?.time_us ?? Number.POSITIVE_INFINITY;
  const hours = market?.candles.get(HOUR_S);
  const day = dayOf(hours?.candles ?? [], now_us, last);
  const change = day && percentOf(day.open, day.close);
  const price = (ticks: number | undefined) =>
    market === undefined || ticks === undefined ? "–" : formatPrice(ticks, market.decimals);
  return (
    <section class="summary" aria-label="Market summary">
      <h2 title={desk.symbol}>{desk.symbol === "" ? "…" : desk.symbol}</h2>
      <span>
        <span class="last-title">Last</span>
        <span class={last === undefined ? "last-price" : `last-price ${last.aggressor}`}>
          {price(last?.price)}
        </span>
      </span>
      <dl>
        <Figure
          name={dayName(hours?.since_us ?? 0, now_us)}
          value={changeText(change)}
          kind={changeKind(change)}
        />
        <Figure name="High" value={price(day?.high)} />
        <Figure name="Low" value={price(day?.low)} />
        <Figure name="Lots" value={day === undefined ? "–" : grouped(day.quantity)} />
      </dl>
    </section>
  );
}

function Figure({
  name,
  value,
  kind = "",
}: {
  readonly name: string;
  readonly value: string;
  readonly kind?: string;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={kind}>{value}</dd>
    </div>
  );
}
