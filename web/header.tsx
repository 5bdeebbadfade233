// The top of the page: instruments with their prices, the account, light or dark, help.

import { useEffect, useRef } from "preact/hooks";
import type { Market } from "../src/client/socket/index.ts";
import { formatPrice } from "../src/protocol/index.ts";
import { NodeBadge } from "./cluster-panel.tsx";
import { type Desk, WATCHED_MAX } from "./desk.ts";
import { AccountIcon, Mark, ThemeIcon } from "./icons.tsx";
import { Painted } from "./painted.ts";
import { FIELD_IDS, showDialog } from "./shortcuts.ts";
import { toggleTheme } from "./theme.ts";
import { useTopics } from "./topic.ts";

export function Header({ desk }: { readonly desk: Desk }) {
  useTopics(desk.connection, desk.selection);
  const { account } = desk.socket;
  return (
    <header class="top">
      <h1>
        <Mark />
        <span>seriatim</span>
      </h1>
      <NodeBadge desk={desk} />
      <Instruments desk={desk} />
      <div class="top-end">
        <button type="button" class="account" title="Account" onClick={() => showDialog(FIELD_IDS.account)}>
          <AccountIcon />
          <span>{account === undefined ? "No account" : account.name}</span>
        </button>
        <button
          type="button"
          class="icon"
          aria-label="Light or dark"
          title="Light or dark (T)"
          onClick={toggleTheme}
        >
          <ThemeIcon />
        </button>
        <button
          type="button"
          class="icon"
          aria-label="Help and shortcuts"
          title="Help (?)"
          onClick={() => showDialog(FIELD_IDS.help)}
        >
          ?
        </button>
      </div>
    </header>
  );
}

/** Not by scrollIntoView: the first Tab would go on behind what that has shown, and not begin at the page's beginning. */
function bringIntoView(list: HTMLElement, item: Element): void {
  const [seen, wanted] = [list.getBoundingClientRect(), item.getBoundingClientRect()];
  list.scrollLeft += Math.max(0, wanted.right - seen.right) - Math.max(0, seen.left - wanted.left);
}

function Instruments({ desk }: { readonly desk: Desk }) {
  const { instruments, symbol: chosen } = desk;
  const list = useRef<HTMLElement>(null);
  // Chosen by key or in the overview, it may be where the list would have to be moved to.
  useEffect(() => {
    const button = list.current?.querySelector(`[data-symbol="${CSS.escape(chosen)}"]`);
    if (list.current && button) bringIntoView(list.current, button);
  }, [chosen]);
  if (instruments.length > WATCHED_MAX) {
    return (
      <label class="instrument-list">
        <span class="unseen">Instrument</span>
        <select value={desk.symbol} onChange={(event) => desk.select(event.currentTarget.value)}>
          {instruments.map((symbol) => (
            <option key={symbol}>{symbol}</option>
          ))}
        </select>
      </label>
    );
  }
  return (
    <nav class="instruments" aria-label="Instruments" ref={list}>
      {instruments.map((symbol) => (
        <button
          key={symbol}
          type="button"
          data-symbol={symbol}
          aria-pressed={symbol === chosen}
          title={`${symbol}: middle of the best bid and ask`}
          onClick={() => desk.select(symbol)}
        >
          <span class="symbol">{symbol}</span>
          <WatchedPrice desk={desk} symbol={symbol} />
        </button>
      ))}
    </nav>
  );
}

/** The middle of an instrument's best prices, painted by frame; without a colour, which is the last trade's. */
function WatchedPrice({ desk, symbol }: { readonly desk: Desk; readonly symbol: string }) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const painted = new Painted();
    return desk.frames.add(() => {
      const market = desk.socket.markets.get(symbol);
      if (market === undefined || element.current === null) return;
      if (!painted.differs(market, `${market.quoteVersion}`)) return;
      const middle = watchedPrice(market);
      element.current.textContent = middle === undefined ? "–" : formatPrice(middle, market.decimals);
    });
  }, [desk, symbol]);
  return (
    <span class="watched">
      {" Mid "}
      <span ref={element}>–</span>
    </span>
  );
}

/** Half a tick is shown as the tick below it. */
function watchedPrice({ bestBid, bestAsk }: Market): number | undefined {
  if (bestBid === null) return bestAsk?.price;
  return bestAsk === null ? bestBid.price : Math.floor(bestBid.price + (bestAsk.price - bestBid.price) / 2);
}
