// The price ladder: prices in the middle, bids left, asks right, your own orders on the outside. A click puts a price into the form
// (on a bid to buy, on an ask to sell, anywhere else without a side) and shows the queue at the same price.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatPrice } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { type Meant, stepChoices } from "./ladder-rows.ts";
import { LadderView, ROW_PX } from "./ladder-view.ts";
import { FIELD_IDS, focusField } from "./shortcuts.ts";
import { useTopics } from "./topic.ts";

export function Ladder({ desk }: { readonly desk: Desk }) {
  useTopics(desk.selection, desk.connection);
  const body = useRef<HTMLDivElement>(null);
  const empty = useRef<HTMLParagraphElement>(null);
  const [view, setView] = useState<LadderView>();
  const [follows, setFollows] = useState(true);
  const [step, setStep] = useState(0);

  useEffect(() => {
    const made = new LadderView(body.current!);
    setView(made);
    const resized = new ResizeObserver(() => {
      made.fit();
      desk.frames.ask();
    });
    resized.observe(body.current!);
    const end = desk.frames.add(() => {
      made.show(desk.market);
      made.paint(desk.socket.orders);
      setFollows(made.follows);
      setStep(made.rows.step);
      if (empty.current !== null) empty.current.textContent = emptyWords(desk);
    });
    return () => {
      resized.disconnect();
      end();
    };
  }, [desk]);

  const handlers = useMemo(() => (view === undefined ? {} : handlersOf(desk, view)), [desk, view]);
  useWheel(body, desk, view);

  return (
    <section class="panel ladder-panel" data-panel="trade" aria-label="Price ladder">
      <LadderHead desk={desk} view={view} follows={follows} step={step} />
      <div
        class="ladder-body"
        id={FIELD_IDS.ladder}
        ref={body}
        tabIndex={0}
        role="listbox"
        aria-label="Prices"
        {...handlers}
      />
      <p class="empty" ref={empty} />
    </section>
  );
}

interface LadderHeadProps {
  readonly desk: Desk;
  readonly view: LadderView | undefined;
  readonly follows: boolean;
  /** From row to row, in ticks. */
  readonly step: number;
}

function LadderHead({ desk, view, follows, step }: LadderHeadProps) {
  return (
    <>
      <header class="panel-head">
        <h2>Ladder</h2>
        <StepChooser desk={desk} view={view} step={step} />
        <button
          type="button"
          class="quiet"
          disabled={follows}
          onClick={() => {
            view?.centre();
            desk.frames.ask();
          }}
        >
          Centre
        </button>
      </header>
      <div class="ladder-titles" aria-hidden="true">
        <span>Mine</span>
        <span>Bid</span>
        <span>Price</span>
        <span>Ask</span>
        <span>Mine</span>
      </div>
    </>
  );
}

function emptyWords({ market }: Desk): string {
  if (market === undefined || !market.isCurrent("depth"))
    return market?.bookVersion ? "" : "Waiting for the book";
  const { bids, asks } = market.book;
  return bids.prices.length + asks.prices.length === 0
    ? "Nothing rests here yet. Yours can be the first order."
    : "";
}

function StepChooser({ desk, view, step: now }: Omit<LadderHeadProps, "follows">) {
  const { market } = desk;
  if (market === undefined) return null;
  const isGrouped = view?.chosenStep === undefined && now > market.step;
  return (
    <label class="step">
      <span>Step</span>
      <select
        key={market.symbol}
        onChange={(event) => {
          const { value } = event.currentTarget;
          view?.chooseStep(value === "" ? undefined : Number(value));
          desk.frames.ask();
        }}
      >
        <option value="">auto{isGrouped ? `, ${formatPrice(now, market.decimals)}` : ""}</option>
        {stepChoices(market.step).map((step) => (
          <option key={step} value={step}>
            {formatPrice(step, market.decimals)}
          </option>
        ))}
      </select>
    </label>
  );
}

function handlersOf(desk: Desk, view: LadderView) {
  let touched_px = 0;
  return {
    onClick: (event: MouseEvent) => {
      const element = event.target as Element;
      const meant = view.meantBy(element);
      if (meant === undefined) return;
      const column = element.closest("span")?.className;
      const side = column === "ladder-bid" ? "buy" : column === "ladder-ask" ? "sell" : undefined;
      take(desk, meant, side);
      // Enter sends it then; on a touch screen a keyboard would cover the form.
      if (matchMedia("(pointer: fine)").matches) focusField(FIELD_IDS.quantity);
    },
    onKeyDown: (event: KeyboardEvent) => {
      const rows = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (rows !== undefined) view.moveCursor(rows);
      else if (event.key === "Enter" && view.meantByCursor !== undefined)
        take(desk, view.meantByCursor, undefined);
      else return;
      event.preventDefault();
      desk.frames.ask();
    },
    oncentre: () => {
      view.centre();
      desk.frames.ask();
    },
    onTouchStart: (event: TouchEvent) => {
      touched_px = event.touches[0].clientY;
    },
    onTouchMove: (event: TouchEvent) => {
      const rows = Math.trunc((event.touches[0].clientY - touched_px) / ROW_PX);
      if (rows === 0) return;
      touched_px += rows * ROW_PX;
      view.scroll(rows);
      desk.frames.ask();
    },
  };
}

function take(desk: Desk, meant: Meant, side: "buy" | "sell" | undefined): void {
  desk.takePrice(meant.price, side);
  desk.showQueue(meant);
}

/** The wheel scrolls prices, not the page: such a listener can't be passive, so it is added by hand. */
function useWheel(
  body: { readonly current: HTMLElement | null },
  desk: Desk,
  view: LadderView | undefined,
): void {
  useEffect(() => {
    const element = body.current;
    if (element === null || view === undefined) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      view.scroll(Math.sign(-event.deltaY) * Math.max(1, Math.round(Math.abs(event.deltaY) / 40)));
      desk.frames.ask();
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [body, desk, view]);
}
