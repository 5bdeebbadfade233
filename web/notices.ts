// What the page has to say: what became of an order, a fill. The newest few are shown, each for a while; one about the same
// thing takes the place of the one before.

import { Topic } from "./topic.ts";

/** More would cover the market. */
const SHOWN_MAX = 3;
/** Long enough to read a line; what one should not miss stays longer. What is not known stays until it is, or is dismissed. */
const SHOWN_MS = { plain: 3_000, good: 5_000, bad: 10_000, unknown: undefined } as const;

export interface Notice {
  readonly about: string;
  readonly kind: keyof typeof SHOWN_MS;
  readonly text: string;
}

/** One too many is left out: of those before the newest the oldest that would go by itself, or else the oldest. */
function fewest(notices: readonly Notice[]): readonly Notice[] {
  if (notices.length <= SHOWN_MAX) return notices;
  const going = notices.slice(0, -1).find(({ kind }) => SHOWN_MS[kind] !== undefined) ?? notices[0];
  return notices.filter((notice) => notice !== going);
}

export class Notices extends Topic {
  shown: readonly Notice[] = [];
  #count = 0;

  /** A name for something about which more than one thing may be said. */
  subject(): string {
    return `subject ${++this.#count}`;
  }

  say(kind: Notice["kind"], text: string, about = this.subject()): void {
    const notice = { about, kind, text };
    const others = this.shown.filter((other) => other.about !== about);
    this.shown = fewest([...others, notice]);
    this.changed();
    const shown_ms = SHOWN_MS[kind];
    if (shown_ms !== undefined) setTimeout(() => this.#remove(notice), shown_ms);
  }

  dismiss(about: string): void {
    const notice = this.shown.find((shown) => shown.about === about);
    if (notice !== undefined) this.#remove(notice);
  }

  #remove(notice: Notice): void {
    if (!this.shown.includes(notice)) return;
    this.shown = this.shown.filter((other) => other !== notice);
    this.changed();
  }
}
