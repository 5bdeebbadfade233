// What was answered to commands whose request numbers are used once (CommandFlag.Once): per account the newest
// REQUESTS_REMEMBERED of them, by number. A number that is not there and above the lowest that is was never executed;
// one below it, when the account's window is full, may have been, and is refused. So nothing is executed twice, however
// late it is asked again.
//
// A window is a ring of records sorted by request number. Numbers rise, so a new one belongs at the end nearly always.
// The content is kept whole, not as a digest: no two different commands are ever taken for one.
//
//   word   0-1 request   2 kind, side, type, time in force   3 symbol   4-5 order id   6-7 price   8 quantity
//          9-10 sequence of the first event, 0 when refused   11 reason, 0 when accepted

import { CommandWord } from "../protocol/index.ts";

/** Per account: as many as a client may have in flight. A power of two. */
export const REQUESTS_REMEMBERED = 256;
/** Accounts with a window, of 12 KiB each: 96 MiB. One more is answered StorageExhausted. */
export const REQUEST_ACCOUNTS_MAX = 8_192;

export const RequestWord = {
  requestLow: 0,
  requestHigh: 1,
  /** From here on as many words as CONTENT has: what decides the result, as the command's record has it. */
  content: 2,
  sequenceLow: 9,
  sequenceHigh: 10,
  reason: 11,
} as const;
const REQUEST_WORDS = 12;

/** The words of a command that decide its result. Its account is the window's. */
export const REQUEST_CONTENT: readonly number[] = [
  CommandWord.kindSideTypeTif,
  CommandWord.symbol,
  CommandWord.orderIdLow,
  CommandWord.orderIdHigh,
  CommandWord.priceLow,
  CommandWord.priceHigh,
  CommandWord.quantity,
];

/** The requests of one account. A place counts from the lowest number, 0. */
export class RequestWindow {
  count = 0;
  readonly words = new Int32Array(REQUESTS_REMEMBERED * REQUEST_WORDS);
  #head = 0;

  get isFull(): boolean {
    return this.count === REQUESTS_REMEMBERED;
  }

  /** Word offset of the request at `place`. */
  at(place: number): number {
    return ((this.#head + place) & (REQUESTS_REMEMBERED - 1)) * REQUEST_WORDS;
  }

  /** The place of the first request whose number is not below this one: `count` when there is none. */
  place(low: number, high: number): number {
    let from = 0;
    let to = this.count;
    // Most numbers are above all that are known.
    if (to > 0 && this.#compare(to - 1, low, high) < 0) return to;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#compare(middle, low, high) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Whether the request at `place`, which may be behind the last, has this number. */
  holds(place: number, low: number, high: number): boolean {
    return place < this.count && this.#compare(place, low, high) === 0;
  }

  /** Whether the request at `place` had the content of the command at `command[from]`. */
  isSame(place: number, command: Int32Array, from: number): boolean {
    const content = this.at(place) + RequestWord.content;
    for (let i = 0; i < REQUEST_CONTENT.length; i++) {
      if (this.words[content + i] !== command[from + REQUEST_CONTENT[i]]) return false;
    }
    return true;
  }

  /** Makes room at `place`, which place() gave; a full window forgets its lowest, so `place` is above 0 then. */
  insert(place: number): number {
    const to = this.isFull ? place - 1 : place;
    if (this.isFull) this.#head = (this.#head + 1) & (REQUESTS_REMEMBERED - 1);
    else this.count++;
    for (let i = this.count - 1; i > to; i--) {
      const from = this.at(i - 1);
      this.words.copyWithin(this.at(i), from, from + REQUEST_WORDS);
    }
    return this.at(to);
  }

  /** Below 0, 0 or above 0 as the number at `place` is below, equal to or above this one; as u64. */
  #compare(place: number, low: number, high: number): number {
    const at = this.at(place);
    const highs = (this.words[at + RequestWord.requestHigh] >>> 0) - (high >>> 0);
    return highs !== 0 ? highs : (this.words[at + RequestWord.requestLow] >>> 0) - (low >>> 0);
  }
}

export class RequestMemory {
  readonly #windows = new Map<number, RequestWindow>();

  /** The window of an account, made when it is asked for first; undefined when there are as many as may be. */
  window(account: number): RequestWindow | undefined {
    const known = this.#windows.get(account);
    if (known !== undefined) return known;
    if (this.#windows.size === REQUEST_ACCOUNTS_MAX) return undefined;
    const window = new RequestWindow();
    this.#windows.set(account, window);
    return window;
  }

  /** How many are remembered, of all accounts. */
  get count(): number {
    let count = 0;
    for (const window of this.#windows.values()) count += window.count;
    return count;
  }

  /** By account, ascending. Cold path: allocates. */
  sorted(): [account: number, window: RequestWindow][] {
    return [...this.#windows].sort(([a], [b]) => a - b);
  }
}
