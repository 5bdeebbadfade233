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
// Copies, for speed: docs/adr/constants-of-hot-files.md
const REMEMBERED = REQUESTS_REMEMBERED;
const PLACES = REMEMBERED - 1;
const REQUEST_LOW = RequestWord.requestLow;
const REQUEST_HIGH = RequestWord.requestHigh;
const CONTENT = RequestWord.content;
const COMMAND_REQUEST_LOW = CommandWord.requestLow;
const COMMAND_REQUEST_HIGH = CommandWord.requestHigh;
const COMMAND_HEAD = CommandWord.kindSideTypeTif;
const COMMAND_SYMBOL = CommandWord.symbol;
const COMMAND_ORDER_ID_LOW = CommandWord.orderIdLow;
const COMMAND_ORDER_ID_HIGH = CommandWord.orderIdHigh;
const COMMAND_PRICE_LOW = CommandWord.priceLow;
const COMMAND_PRICE_HIGH = CommandWord.priceHigh;
const COMMAND_QUANTITY = CommandWord.quantity;

/** The words of a command that decide its result. Its account is the window's. */
export const REQUEST_CONTENT: readonly number[] = [
  COMMAND_HEAD,
  COMMAND_SYMBOL,
  COMMAND_ORDER_ID_LOW,
  COMMAND_ORDER_ID_HIGH,
  COMMAND_PRICE_LOW,
  COMMAND_PRICE_HIGH,
  COMMAND_QUANTITY,
];

/** The requests of one account. A place counts from the lowest number, 0. */
export class RequestWindow {
  count = 0;
  readonly words = new Int32Array(REMEMBERED * REQUEST_WORDS);
  #head = 0;

  get isFull(): boolean {
    return this.count === REMEMBERED;
  }

  /** Word offset of the request at `place`. */
  at(place: number): number {
    return ((this.#head + place) & PLACES) * REQUEST_WORDS;
  }

  /** The place of the first request whose number is not below this one: `count` when there is none. */
  place(low: number, high: number): number {
    let from = 0;
    let to = this.count;
    // Most numbers are above all that are known.
    if (to > 0 && this.#isBelow(to - 1, low, high)) return to;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#isBelow(middle, low, high)) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Whether the request at `place`, which may be behind the last, has this number. */
  holds(place: number, low: number, high: number): boolean {
    if (place >= this.count) return false;
    const at = this.at(place);
    return this.words[at + REQUEST_LOW] === (low | 0) && this.words[at + REQUEST_HIGH] === (high | 0);
  }

  /** Whether the request at `place` had the content of the command at `command[from]`. */
  isSame(place: number, command: Int32Array, from: number): boolean {
    const content = this.at(place) + CONTENT;
    for (let i = 0; i < REQUEST_CONTENT.length; i++) {
      if (this.words[content + i] !== command[from + REQUEST_CONTENT[i]]) return false;
    }
    return true;
  }

  /** Makes room at `place`, which place() gave; a full window forgets its lowest, so `place` is above 0 then. */
  insert(place: number): number {
    let to = place;
    if (this.count === REMEMBERED) {
      this.#head = (this.#head + 1) & PLACES;
      to--;
    } else this.count++;
    const { words } = this;
    for (let i = this.count - 1; i > to; i--) {
      const from = this.at(i - 1);
      const behind = this.at(i);
      for (let word = 0; word < REQUEST_WORDS; word++) words[behind + word] = words[from + word];
    }
    return this.at(to);
  }

  /** Writes number and content of the command at `command[from]` to the place that insert() gave. */
  write(to: number, command: Int32Array, from: number): void {
    const { words } = this;
    words[to + REQUEST_LOW] = command[from + COMMAND_REQUEST_LOW];
    words[to + REQUEST_HIGH] = command[from + COMMAND_REQUEST_HIGH];
    // In the order of REQUEST_CONTENT.
    words[to + CONTENT] = command[from + COMMAND_HEAD];
    words[to + CONTENT + 1] = command[from + COMMAND_SYMBOL];
    words[to + CONTENT + 2] = command[from + COMMAND_ORDER_ID_LOW];
    words[to + CONTENT + 3] = command[from + COMMAND_ORDER_ID_HIGH];
    words[to + CONTENT + 4] = command[from + COMMAND_PRICE_LOW];
    words[to + CONTENT + 5] = command[from + COMMAND_PRICE_HIGH];
    words[to + CONTENT + 6] = command[from + COMMAND_QUANTITY];
  }

  /** Whether the number at `place` is below this one; as u64. */
  #isBelow(place: number, low: number, high: number): boolean {
    const at = this.at(place);
    const knownHigh = this.words[at + REQUEST_HIGH] >>> 0;
    const wantedHigh = high >>> 0;
    if (knownHigh !== wantedHigh) return knownHigh < wantedHigh;
    return this.words[at + REQUEST_LOW] >>> 0 < low >>> 0;
  }
}

export class RequestMemory {
  /** Of the new request that is being executed: its place in its window, and the lanes of the sequence before it. */
  place = 0;
  sequenceLow = 0;
  sequenceHigh = 0;
  readonly #windows = new Map<number, RequestWindow>();
  /** The one asked for last: a busy account's commands follow each other. */
  #last: RequestWindow | undefined;
  #lastAccount = 0;

  /** The window of an account, made when it is asked for first; undefined when no more are allowed. */
  window(account: number): RequestWindow | undefined {
    const last = this.#last;
    if (last !== undefined && this.#lastAccount === account) return last;
    const window = this.#windows.get(account) ?? this.#add(account);
    if (window === undefined) return undefined;
    this.#last = window;
    this.#lastAccount = account;
    return window;
  }

  #add(account: number): RequestWindow | undefined {
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
