// What the log says of orders that an end of a session took out: cancel on disconnect, a dead man, a node that was lost. One line for
// each session and tick, ten a tick at most; of more, how many.

import type { TakenOut } from "../gateway/index.ts";

const LINES_PER_TICK = 10;

export class TakenOutLog {
  readonly #info: (fields: object, text: string) => void;
  /** Since the last tick, by account and cause; a large end comes in pieces. */
  readonly #taken = new Map<string, TakenOut>();

  constructor(info: (fields: object, text: string) => void) {
    this.#info = info;
  }

  add(taken: TakenOut): void {
    const key = `${taken.account} ${taken.cause}`;
    const orders = taken.orders + (this.#taken.get(key)?.orders ?? 0);
    this.#taken.set(key, { ...taken, orders });
  }

  tick(): void {
    if (this.#taken.size === 0) return;
    const all = [...this.#taken.values()];
    this.#taken.clear();
    for (const taken of all.slice(0, LINES_PER_TICK))
      this.#info(taken, "an end of a session took orders out");
    const rest = all.slice(LINES_PER_TICK);
    const orders = rest.reduce((sum, taken) => sum + taken.orders, 0);
    if (rest.length > 0) this.#info({ accounts: rest.length, orders }, "and more ends took orders out");
  }
}
