// What the publisher of JSON streams reads beside what every publisher does: where it can't learn from events.

import type { BookSource, RestingOrderView } from "../book-source.ts";

export interface MarketSource extends BookSource {
  /** The sequence of the last event. */
  readonly sequence: number;
  /** Visits the resting orders of some accounts, in one walk through all that rest. */
  forEachOrderOf(
    accounts: Pick<ReadonlySet<number>, "has">,
    visit: (symbol: number, order: RestingOrderView) => void,
  ): void;
}
