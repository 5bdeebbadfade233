// The queries of one connection that wait for their answers: lists are gathered until their end. Nothing of them is executed, so
// a lost connection simply fails them.

import { SeriatimError } from "../../base/index.ts";
import { type ListedInstrument, MessageType } from "../../protocol/index.ts";
import { queryRefused } from "../errors.ts";
import type { SessionListEnd, SessionOrder } from "./session-values.ts";
import { type OpenOrder, type OpenOrders, type OrderStatus, openOrder } from "./trading-values.ts";

/** A program that asks more at once has lost count. */
const QUERIES_MAX = 64;
/** What the exchange lists at most. */
const LISTED_MAX = 65_536;

interface Waiting<T> {
  readonly what: string;
  readonly resolve: (answer: T) => void;
  readonly reject: (error: SeriatimError) => void;
}

type Query =
  | ({ readonly kind: "status" } & Waiting<OrderStatus>)
  | ({ readonly kind: "orders"; readonly orders: OpenOrder[] } & Waiting<OpenOrders>)
  | ({ readonly kind: "instruments"; readonly listed: ListedInstrument[] } & Waiting<
      readonly ListedInstrument[]
    >);

export class SessionQueries {
  readonly #queries = new Map<number, Query>();

  get unanswered(): number {
    return this.#queries.size;
  }

  get hasRoom(): boolean {
    return this.#queries.size < QUERIES_MAX;
  }

  get max(): number {
    return QUERIES_MAX;
  }

  status(request: number, what: string): Promise<OrderStatus> {
    return new Promise((resolve, reject) => {
      this.#queries.set(request, { kind: "status", what, resolve, reject });
    });
  }

  orders(request: number, what: string): Promise<OpenOrders> {
    return new Promise((resolve, reject) => {
      this.#queries.set(request, { kind: "orders", orders: [], what, resolve, reject });
    });
  }

  instruments(request: number, what: string): Promise<readonly ListedInstrument[]> {
    return new Promise((resolve, reject) => {
      this.#queries.set(request, { kind: "instruments", listed: [], what, resolve, reject });
    });
  }

  /** One answer; false: nobody asked for it, here and below. */
  openOrder(answer: SessionOrder): boolean {
    const query = this.#queries.get(answer.request);
    const order = openOrder(answer);
    if (query?.kind === "status") {
      this.#queries.delete(answer.request);
      query.resolve({ order, asOf: answer.asOf });
      return true;
    }
    if (query?.kind !== "orders" || order === undefined) return false;
    return query.orders.push(order) <= LISTED_MAX;
  }

  openOrdersEnd({ request, count, truncated, asOf }: SessionListEnd): boolean {
    const query = this.#queries.get(request);
    if (query?.kind !== "orders" || query.orders.length !== count) return false;
    this.#queries.delete(request);
    query.resolve({ orders: query.orders, isTruncated: truncated, asOf });
    return true;
  }

  /** Instruments name no request: they are of the oldest list that is asked for. */
  instrument(instrument: ListedInstrument): boolean {
    for (const query of this.#queries.values())
      if (query.kind === "instruments") return query.listed.push(instrument) <= LISTED_MAX;
    return false;
  }

  instrumentsEnd(request: number, count: number): boolean {
    const query = this.#queries.get(request);
    if (query?.kind !== "instruments" || query.listed.length !== count) return false;
    this.#queries.delete(request);
    query.resolve(query.listed);
    return true;
  }

  refused(request: number, reason: number): boolean {
    const query = this.#queries.get(request);
    this.#queries.delete(request);
    query?.reject(queryRefused(query.what, reason));
    return query !== undefined;
  }

  /** The connection is lost. */
  lost(cause: SeriatimError): void {
    const all = [...this.#queries.values()];
    this.#queries.clear();
    for (const { what, reject } of all) {
      const why = `${what} was not answered: ${cause.message}`;
      reject(new SeriatimError("CONNECTION_LOST", why, { cause }));
    }
  }
}

/** Whether a request of that type is a query. */
export function isQueryType(type: number): boolean {
  const { OrderStatus, OpenOrders, Instruments } = MessageType;
  return type === OrderStatus || type === OpenOrders || type === Instruments;
}
