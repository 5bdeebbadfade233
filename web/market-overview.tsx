// The market overview: every instrument with its last price, the day's change and volume, best prices and the way it went.
// A click selects the instrument; a click on a title sorts by that column.

import { useEffect, useRef, useState } from "preact/hooks";
import { type Desk, WATCHED_MAX } from "./desk.ts";
import { nextSorting, SORT_KEYS, type Sorting, type SortKey, TITLES } from "./market-rows.ts";
import { MarketView } from "./market-view.ts";
import { FIELD_IDS } from "./shortcuts.ts";
import { ShownMarkets } from "./shown-markets.ts";

/** Faster can't be read. */
const PACE_MS = 200;
const LOOK_MS = 250;

export function MarketOverview({ desk }: { readonly desk: Desk }) {
  const body = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<MarketView>();
  const [sorting, setSorting] = useState<Sorting>(undefined);

  useEffect(() => {
    const made = new MarketView(body.current!);
    const shown = new ShownMarkets();
    setView(made);
    const end = desk.frames.add(() => {
      const { socket } = desk;
      made.paint(socket.markets, desk.symbol, performance.now());
      const { size } = socket.markets;
      // Before the first welcome nobody knows how many there are.
      if (size > 0) shown.show(socket, made.shown, size <= WATCHED_MAX, desk.symbol);
    }, PACE_MS);
    const ask = () => desk.frames.ask();
    const resized = new ResizeObserver(ask);
    resized.observe(body.current!);
    body.current!.addEventListener("scroll", ask);
    const looks = setInterval(() => shown.look(), LOOK_MS);
    return () => {
      end();
      resized.disconnect();
      clearInterval(looks);
      shown.hide(desk.symbol);
    };
  }, [desk]);

  const sortBy = (key: SortKey) => {
    const next = nextSorting(sorting, key);
    setSorting(next);
    view?.sort(next);
    desk.frames.ask();
  };
  return (
    <>
      <div class="market-titles">
        {SORT_KEYS.map((key) => (
          <SortButton key={key} name={key} sorting={sorting} onClick={() => sortBy(key)} />
        ))}
        <span class="market-trend">Trend</span>
      </div>
      <div
        class="market-body"
        id={FIELD_IDS.overview}
        ref={body}
        tabIndex={0}
        role="listbox"
        aria-label="Instruments"
        onClick={(event) => {
          const symbol = view?.symbolAt(event.target as Element);
          if (symbol !== undefined) desk.select(symbol);
        }}
        onKeyDown={(event) => {
          if (view !== undefined) onKey(event, desk, view);
        }}
      />
    </>
  );
}

function onKey(event: KeyboardEvent, desk: Desk, view: MarketView): void {
  const rows = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 }[event.key];
  if (rows !== undefined) view.move(rows, desk.symbol);
  else if (event.key === "Enter" && view.cursor !== undefined) desk.select(view.cursor);
  else return;
  event.preventDefault();
  desk.frames.ask();
}

interface SortButtonProps {
  readonly name: SortKey;
  readonly sorting: Sorting;
  readonly onClick: () => void;
}

function SortButton({ name, sorting, onClick }: SortButtonProps) {
  const isBy = sorting?.key === name;
  const arrow = isBy ? (sorting.isDown ? " ↓" : " ↑") : "";
  return (
    <button
      type="button"
      class={`market-${name}`}
      aria-pressed={isBy}
      title={`Sort by ${TITLES[name].toLowerCase()}`}
      onClick={onClick}
    >
      {TITLES[name]}
      {arrow}
    </button>
  );
}
