// The requests of one connection that wait for their answers. Answers carry an order id, not a request number, so they
// are matched by order: the oldest request is answered first, and the id must agree. One kind may overtake: a refusal
// by the gateway itself. Where several requests on one id wait, it is given to the newest. That is right only while
// refusals, once begun, last as long as the connection, as those of a halted or stopping node do: then a newer
// request was refused as well. With refusals that end (a full disk that gets room)
// it may call an order refused that rests, if its id was used twice: a Reject has to echo the request's number.
//
// Layout: entry i of a ring of `capacity` (a power of two) lies at i & mask of each array. An entry answered out of turn
// is a hole until the head passes it or until the ring is full and closes up.

import { assert, powerOfTwoAtLeast } from "../base/index.ts";
import { isGatewayRefusal } from "../protocol/index.ts";

export class Outstanding<T> {
  readonly #mask: number;
  readonly #idLow: Int32Array;
  readonly #idHigh: Int32Array;
  /** 1: a request on an order; 0: one without an id (Hello, Instruments). */
  readonly #hasId: Uint8Array;
  /** undefined: a hole. */
  readonly #requests: (T | undefined)[];
  #head = 0;
  #tail = 0;

  /** `max`: the most requests that wait at once. */
  constructor(max: number) {
    // Twice the room: then closing up frees at least half of the ring, and a push costs O(1) on average.
    const capacity = powerOfTwoAtLeast(max * 2);
    this.#mask = capacity - 1;
    this.#idLow = new Int32Array(capacity);
    this.#idHigh = new Int32Array(capacity);
    this.#hasId = new Uint8Array(capacity);
    this.#requests = new Array<T | undefined>(capacity).fill(undefined);
  }

  /** Adds a request on the order with this id. */
  push(request: T, idLow: number, idHigh: number): void {
    const i = this.#add(request);
    this.#idLow[i] = idLow;
    this.#idHigh[i] = idHigh;
    this.#hasId[i] = 1;
  }

  /** Adds a request that is about no order. */
  pushUnnamed(request: T): void {
    this.#hasId[this.#add(request)] = 0;
  }

  /** The oldest request, still waiting. */
  get oldest(): T | undefined {
    return this.#requests[this.#head & this.#mask];
  }

  /** Takes the oldest request out when it has this id. */
  takeOldest(idLow: number, idHigh: number): T | undefined {
    const i = this.#head & this.#mask;
    return this.#matches(i, idLow, idHigh) ? this.#take(i) : undefined;
  }

  /** Takes the oldest request out when it is about no order. */
  takeUnnamed(): T | undefined {
    const i = this.#head & this.#mask;
    return this.oldest === undefined || this.#hasId[i] === 1 ? undefined : this.#take(i);
  }

  /** Takes out the request that a Reject with this id and reason answers. */
  takeRefused(idLow: number, idHigh: number, reason: number): T | undefined {
    if (!isGatewayRefusal(reason)) return this.takeOldest(idLow, idHigh);
    for (let at = this.#tail - 1; at >= this.#head; at--) {
      const i = at & this.#mask;
      if (this.#matches(i, idLow, idHigh)) return this.#take(i);
    }
    return undefined;
  }

  /** Takes everything out, oldest first. */
  takeAll(): T[] {
    const all: T[] = [];
    while (this.oldest !== undefined) all.push(this.#take(this.#head & this.#mask));
    return all;
  }

  #add(request: T): number {
    if (this.#tail - this.#head > this.#mask) this.#closeUp();
    const i = this.#tail++ & this.#mask;
    this.#requests[i] = request;
    return i;
  }

  #closeUp(): void {
    let to = this.#head;
    for (let from = this.#head; from < this.#tail; from++) {
      const source = from & this.#mask;
      const request = this.#requests[source];
      if (request === undefined) continue;
      this.#requests[source] = undefined;
      const target = to++ & this.#mask;
      this.#idLow[target] = this.#idLow[source];
      this.#idHigh[target] = this.#idHigh[source];
      this.#hasId[target] = this.#hasId[source];
      this.#requests[target] = request;
    }
    this.#tail = to;
    assert(this.#tail - this.#head <= this.#mask, "the window bounds what is outstanding");
  }

  #matches(i: number, idLow: number, idHigh: number): boolean {
    if (this.#requests[i] === undefined || this.#hasId[i] === 0) return false;
    return this.#idLow[i] === idLow && this.#idHigh[i] === idHigh;
  }

  #take(i: number): T {
    const request = this.#requests[i] as T;
    this.#requests[i] = undefined;
    while (this.#head < this.#tail && this.#requests[this.#head & this.#mask] === undefined) this.#head++;
    return request;
  }
}
