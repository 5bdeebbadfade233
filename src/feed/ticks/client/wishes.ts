// Which symbols are wanted, and when the server is told. A server of this family reads once per wake-up and honours one Subscribe of
// at most 1,024 bytes at the start of that read; so each is one write, never two within PAUSE_US, and only the newest wish is sent.
//
// Bounds: TICK_SUBSCRIBE_SYMBOLS_MAX symbols; one wish that waits.

import { SeriatimError } from "../../../base/index.ts";
import {
  encodeTickSubscribe,
  TICK_SUBSCRIBE_BYTES_MAX,
  TICK_SUBSCRIBE_SYMBOLS_MAX,
} from "../../../protocol/index.ts";

/** Symbols that are wanted: all, or these (u16, at most 510); none: heartbeats alone. */
export type TickSubscription = "all" | readonly number[];

/** Two Subscribes of one connection are at least so far apart. */
const PAUSE_US = 250_000;
const SYMBOLS = 65_536;
/** No server has it, so who subscribes to it gets heartbeats: an empty list means all on the wire. */
const NO_SYMBOL = 65_535;

export class SubscriptionWishes {
  /** 1 for each symbol that is wanted. */
  readonly #wanted = new Uint8Array(SYMBOLS);
  readonly #bytes = new Uint8Array(TICK_SUBSCRIBE_BYTES_MAX);
  #symbols: readonly number[] = [];
  #isAll = true;
  #isOpen = false;
  #isUnsaid = false;
  #nextAt_us = 0;

  /** Throws `INVALID_ARGUMENT` when `wish` can't be said in one Subscribe. */
  constructor(wish: TickSubscription) {
    this.wish(wish);
  }

  get isAll(): boolean {
    return this.#isAll;
  }

  wants(symbol: number): boolean {
    return this.#wanted[symbol] === 1;
  }

  /** From now on `wish` is wanted; throws `INVALID_ARGUMENT` when it can't be said, and the last wish stands. */
  wish(wish: TickSubscription): void {
    const symbols = wish === "all" ? [] : checked(wish);
    this.#symbols = symbols;
    this.#isAll = wish === "all";
    this.#wanted.fill(this.#isAll ? 1 : 0);
    for (const symbol of symbols) this.#wanted[symbol] = 1;
    this.#isUnsaid = this.#isOpen;
  }

  /** A connection stands: its server sends everything until it is told otherwise. */
  opened(now_us: number): void {
    this.#isOpen = true;
    this.#isUnsaid = !this.#isAll;
    this.#nextAt_us = now_us;
  }

  closed(): void {
    this.#isOpen = false;
    this.#isUnsaid = false;
  }

  /** When `take` has something to send; Infinity: nothing is to be said. */
  get dueAt_us(): number {
    return this.#isUnsaid ? this.#nextAt_us : Number.POSITIVE_INFINITY;
  }

  /** The Subscribe to send now, in one write; undefined when none is due. */
  take(now_us: number): Uint8Array | undefined {
    if (now_us < this.dueAt_us) return undefined;
    this.#isUnsaid = false;
    this.#nextAt_us = now_us + PAUSE_US;
    const symbols = this.#isAll || this.#symbols.length > 0 ? this.#symbols : [NO_SYMBOL];
    const length = encodeTickSubscribe(new DataView(this.#bytes.buffer), 0, symbols);
    return this.#bytes.slice(0, length);
  }
}

/** The symbols without duplicates. */
function checked(wish: readonly number[]): readonly number[] {
  if (!Array.isArray(wish)) throw invalid(`the subscription is neither "all" nor a list of symbols`);
  const symbols = [...new Set(wish)];
  const wrong = symbols.find((symbol) => !Number.isInteger(symbol) || symbol < 0 || symbol >= SYMBOLS);
  if (wrong !== undefined)
    throw invalid(`symbol ${String(wrong)} is not an integer from 0 to ${SYMBOLS - 1}`);
  if (symbols.length > TICK_SUBSCRIBE_SYMBOLS_MAX) {
    throw invalid(
      `${symbols.length} symbols are wanted: a subscription has ${TICK_SUBSCRIBE_SYMBOLS_MAX} at most`,
    );
  }
  return symbols;
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("INVALID_ARGUMENT", message);
}
