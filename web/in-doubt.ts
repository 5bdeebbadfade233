// Orders of this tab that were sent and of which it is not known what became: the connection was lost before the answer, or the page
// was loaded anew. The next list of the account's open orders says whether they rest; of one that does not, nobody here can say
// whether it was filled, refused or lost on its way, and that is said. Bound: as many as an exchange takes unanswered.

import type { OwnOrders } from "../src/client/socket/index.ts";
import { recallInTab, rememberInTab } from "./remembered.ts";

/** docs/api/websocket.md: orders in flight. */
const SENT_MAX = 256;

export interface SentOrder {
  /** Its number. */
  readonly account: number;
  readonly symbol: string;
  readonly id: string;
  /** In words: side, quantity, instrument, price. */
  readonly what: string;
}

export class InDoubt {
  /** Oldest first. */
  #sent: readonly SentOrder[] = recalled();
  /** Answers of these are still waited for, so nobody asks the list. */
  readonly #awaited = new Set<string>();

  /** Called before it is sent: the page may be gone in the next moment. */
  sent(order: SentOrder): void {
    this.#awaited.add(order.id);
    this.#keep([...this.#sent, order].slice(-SENT_MAX));
  }

  /** Its answer is not waited for any more. `isKnown`: what became of it was said. */
  answered(id: string, isKnown: boolean): void {
    this.#awaited.delete(id);
    if (isKnown) this.#keep(this.#sent.filter((order) => order.id !== id));
  }

  /** What a current list of the account's orders says of them, in words; they are in doubt no more. */
  decide(account: number | undefined, orders: OwnOrders): string | undefined {
    const isDecided = (order: SentOrder) => order.account === account && !this.#awaited.has(order.id);
    if (!orders.isCurrent || !this.#sent.some(isDecided)) return undefined;
    const decided = this.#sent.filter(isDecided);
    this.#keep(this.#sent.filter((order) => !isDecided(order)));
    const open = new Map([...orders.open()].map((order) => [`${order.symbol} ${order.id}`, order.open]));
    return words(
      decided.map(({ symbol, id, what }) => ({ what, open: open.get(`${symbol} ${id}`) })),
      orders.isTruncated,
    );
  }

  #keep(sent: readonly SentOrder[]): void {
    this.#sent = sent;
    rememberInTab("sent", sent.length === 0 ? undefined : JSON.stringify(sent));
  }
}

/** `isTruncated`: of the orders that rest some are not listed. */
function words(
  decided: readonly { readonly what: string; readonly open: number | undefined }[],
  isTruncated: boolean,
): string {
  const gone = isTruncated
    ? "not among the orders that could be listed"
    : "not resting: filled, refused, or lost on the way";
  const [first] = decided;
  if (decided.length === 1)
    return `${first.what} had no answer. It is ${first.open === undefined ? gone : `resting, ${first.open} open`}`;
  const resting = decided.filter(({ open }) => open !== undefined).length;
  return `${decided.length} orders had no answer. ${resting} rest; of the others each is ${gone}`;
}

/** Whatever else stands there was written by another version of the page. */
function recalled(): readonly SentOrder[] {
  try {
    const sent: unknown = JSON.parse(recallInTab("sent") ?? "[]");
    return Array.isArray(sent) ? (sent as SentOrder[]) : [];
  } catch {
    return [];
  }
}
