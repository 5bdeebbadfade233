// The queue at one price of the ladder: who is first to trade, and where one's own orders stand. In the place of the depth chart
// while a price is chosen; asked for only then.

import { useEffect, useReducer } from "preact/hooks";
import { counted } from "../src/base/index.ts";
import type { Queue, QueuedOrder } from "../src/client/socket/index.ts";
import type { Desk } from "./desk.ts";
import { CloseIcon } from "./icons.tsx";
import { Painted } from "./painted.ts";
import { useTopics } from "./topic.ts";
import { countedLots, grouped, shortQuantity } from "./words.ts";

/** The exchange says it five times a second. */
const PACE_MS = 200;

export function QueuePanel({ desk }: { readonly desk: Desk }) {
  useTopics(desk.queueTopic, desk.connection);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { queueLevel, queueRow } = desk;
  useEffect(() => {
    const painted = new Painted();
    return desk.frames.add(() => {
      if (painted.differs(desk.market, `${desk.market?.queueVersion}`)) redraw(undefined);
    }, PACE_MS);
  }, [desk]);
  if (queueLevel === undefined) return null;
  const { side, price } = queueLevel;
  const queue = desk.market?.queue;
  return (
    <section class="panel queue-panel" data-panel="trade" aria-label="Queue">
      <header class="panel-head">
        <h2>Queue</h2>
        <span class={side}>
          {side === "buy" ? "Bid" : "Ask"} {price}
          {queueRow !== undefined && queueRow !== price && <small> in row {queueRow}</small>}
        </span>
        <button
          type="button"
          class="icon"
          aria-label="Close the queue"
          title="Close the queue (Q)"
          onClick={() => desk.showQueue(undefined)}
        >
          <CloseIcon />
        </button>
      </header>
      {queue === undefined ? (
        <p class="empty">Waiting for the queue</p>
      ) : (
        <QueueList queue={queue} isOfRow={queueRow === price} />
      )}
    </section>
  );
}

interface QueueListProps {
  readonly queue: Queue;
  /** The price is that of a row which counts others too. */
  readonly isOfRow: boolean;
}

function QueueList({ queue, isOfRow }: QueueListProps) {
  const { side, orders, quantity, queue: listed } = queue;
  if (orders === 0) {
    const others = ". A click on a quantity shows where it rests.";
    return (
      <p class="empty">
        {isOfRow ? `Nothing rests at exactly this price${others}` : "Nothing rests at this price"}
      </p>
    );
  }
  const largest = listed.reduce((most, order) => Math.max(most, order.quantity), 1);
  return (
    <>
      <p class="queue-words">
        {countedLots(quantity)} in {counted(orders, "order")}
        {ownWords(listed)}
      </p>
      <ol class={`queue-list ${side}`} aria-label="Orders, first to trade first">
        {listed.map((order) => (
          <QueueRow key={order.place} order={order} largest={largest} />
        ))}
        {orders > listed.length && <li class="queue-rest">and {grouped(orders - listed.length)} more</li>}
      </ol>
    </>
  );
}

interface QueueRowProps {
  readonly order: QueuedOrder;
  readonly largest: number;
}

function QueueRow({ order: { place, quantity, id }, largest }: QueueRowProps) {
  const width = `${Math.max(2, (quantity / largest) * 100).toFixed(1)}%`;
  return (
    <li class={id === undefined ? "" : "own"}>
      <span class="queue-place">{grouped(place)}</span>
      <span class="queue-bar">
        <i style={{ width }} />
        <b>{shortQuantity(quantity)}</b>
      </span>
      <span class="queue-own">{id === undefined ? "" : "mine"}</span>
    </li>
  );
}

/** How far the first order of one's own is from trading. */
function ownWords(listed: readonly QueuedOrder[]): string {
  const first = listed.find(({ id }) => id !== undefined);
  if (first === undefined) return "";
  // Between the orders that are listed there may be others, of whom only the number is known.
  const ahead = listed.filter(({ place }) => place < first.place);
  const isWhole = ahead.length === first.place - 1;
  const lots = ahead.reduce((sum, { quantity }) => sum + quantity, 0);
  if (first.place === 1) return "; mine is first";
  return `; mine is no. ${grouped(first.place)}${isWhole ? `, behind ${countedLots(lots)}` : ""}`;
}
