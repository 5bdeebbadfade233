// What the market overview asks the exchange for: the rows that are on the screen live, and of all others a look in turn, so that
// sorting knows them too. Bounds: 60 rows live; 40 looked at together, about 40 kB, four times a second the first time round
// and then once a second, 2,000 in all.

import type { ExchangeSocket, MarketChannel } from "../src/client/socket/index.ts";

/** A screen of 1,800 px has fewer rows. */
export const ROWS_SHOWN_MAX = 60;
const LOOKED_AT_TOGETHER = 40;
const LOOKED_AT_MAX = 2_000;
/** Once all were looked at: every so many calls of look(). */
const CALLS_LATER = 4;

type Asked = Pick<ExchangeSocket, "subscribe" | "unsubscribe" | "markets">;

export class ShownMarkets {
  #socket: Asked | undefined;
  #shown: ReadonlySet<string> = new Set();
  #selected = "";
  #channels: readonly MarketChannel[] = [];
  #next = 0;
  #calls = 0;
  #rounds = 0;

  /**
   * `hasQuotes`: the page subscribes to quotes of all instruments anyway. `selected`: the one whose status the page asks for
   * itself, also when its row is gone, until it selects another.
   */
  show(socket: Asked, symbols: readonly string[], hasQuotes: boolean, selected: string): void {
    if (socket !== this.#socket) this.#begin(socket, hasQuotes);
    // The page has left its status; its row asks for it again.
    const deselected = selected === this.#selected ? undefined : this.#selected;
    this.#selected = selected;
    const wanted = new Set(symbols.slice(0, ROWS_SHOWN_MAX));
    const gone = [...this.#shown].filter((symbol) => !wanted.has(symbol));
    const come = [...wanted].filter((symbol) => symbol === deselected || !this.#shown.has(symbol));
    this.#shown = wanted;
    leave(socket, this.#channels, gone, selected);
    if (come.length > 0) socket.subscribe([...this.#channels, "instruments"], come);
  }

  /** The overview is not looked at any more. */
  hide(selected: string): void {
    if (this.#socket !== undefined) leave(this.#socket, this.#channels, [...this.#shown], selected);
    this.#shown = new Set();
    this.#socket = undefined;
  }

  /** Called four times a second. A subscription begins with a snapshot: one that ends at once is a look. */
  look(): void {
    const socket = this.#socket;
    if (socket === undefined || (this.#rounds > 0 && this.#calls++ % CALLS_LATER !== 0)) return;
    const hidden = [...socket.markets.keys()]
      .slice(0, LOOKED_AT_MAX)
      .filter((symbol) => !this.#shown.has(symbol));
    const some = hidden.slice(this.#next, this.#next + LOOKED_AT_TOGETHER);
    this.#next += LOOKED_AT_TOGETHER;
    if (this.#next >= hidden.length) {
      this.#next = 0;
      this.#rounds++;
    }
    if (some.length === 0) return;
    socket.subscribe(["statistics"], some);
    socket.unsubscribe(["statistics"], some);
  }

  /** Another connection, or none before: it knows nothing of what was shown. */
  #begin(socket: Asked, hasQuotes: boolean): void {
    this.#socket = socket;
    this.#channels = hasQuotes ? ["statistics"] : ["statistics", "quotes"];
    this.#shown = new Set();
    this.#next = 0;
    this.#rounds = 0;
  }
}

function leave(
  socket: Asked,
  channels: readonly MarketChannel[],
  gone: readonly string[],
  selected: string,
): void {
  if (gone.length > 0) socket.unsubscribe(channels, gone);
  const others = gone.filter((symbol) => symbol !== selected);
  if (others.length > 0) socket.unsubscribe(["instruments"], others);
}
