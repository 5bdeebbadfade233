// What the page has to say: what became of an order, a fill. The newest few are shown, each for a while.

import { Topic } from "./topic.ts";

/** More would cover the market. */
const SHOWN_MAX = 3;
/** Long enough to read a line; what one should not miss stays longer. */
const SHOWN_MS = { plain: 3_000, good: 5_000, bad: 10_000 } as const;

export interface Notice {
  readonly key: number;
  readonly kind: "good" | "bad" | "plain";
  readonly text: string;
}

export class Notices extends Topic {
  shown: readonly Notice[] = [];
  #last = 0;

  say(kind: Notice["kind"], text: string): void {
    this.#last++;
    const key = this.#last;
    this.shown = [...this.shown, { key, kind, text }].slice(-SHOWN_MAX);
    this.changed();
    setTimeout(() => this.dismiss(key), SHOWN_MS[kind]);
  }

  dismiss(key: number): void {
    const left = this.shown.filter((notice) => notice.key !== key);
    if (left.length === this.shown.length) return;
    this.shown = left;
    this.changed();
  }
}
