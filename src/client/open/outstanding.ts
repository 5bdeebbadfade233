// The requests of one connection that wait for their answers. Answers carry an order id, not a request number, so they
// are matched by order: the oldest request is answered first, and the id must agree. One kind may overtake: a refusal
// by the gateway itself. Where several requests on one id wait, it may be any one's: all of them are in doubt from then on, and
// the newest is blamed, which is no more than a count of such refusals. What comes later narrows it down: an answer behind a
// doubtful request means that it was the refused one, and as many requests in doubt as refusals were refused all.
//
// Layout: entry i of a ring of `capacity` (a power of two) lies at i & mask of each array. An entry answered out of turn
// is a hole until the head passes it or until the ring is full and closes up.

import { assert, powerOfTwoAtLeast } from "../../base/index.ts";
import { isGatewayRefusal } from "../../protocol/index.ts";

/** Doubtful and Blamed: of the requests on one id, some were refused, as many as are blamed; those are the newest. */
const Kind = { Unnamed: 0, Named: 1, Doubtful: 2, Blamed: 3 } as const;

export class Outstanding<T> {
  readonly #mask: number;
  readonly #max: number;
  readonly #idLow: Int32Array;
  readonly #idHigh: Int32Array;
  /** A Kind. */
  readonly #kind: Uint8Array;
  /** undefined: a hole. */
  readonly #requests: (T | undefined)[];
  #head = 0;
  #tail = 0;

  /** `max`: the most requests that wait at once. */
  constructor(max: number) {
    // Twice the room: then closing up frees at least half of the ring, and a push costs O(1) on average.
    const capacity = powerOfTwoAtLeast(max * 2);
    this.#max = max;
    this.#mask = capacity - 1;
    this.#idLow = new Int32Array(capacity);
    this.#idHigh = new Int32Array(capacity);
    this.#kind = new Uint8Array(capacity);
    this.#requests = new Array<T | undefined>(capacity).fill(undefined);
  }

  /** Adds a request on the order with this id. */
  push(request: T, idLow: number, idHigh: number): void {
    const i = this.#add(request);
    this.#idLow[i] = idLow;
    this.#idHigh[i] = idHigh;
    this.#kind[i] = Kind.Named;
  }

  /** Adds a request that is about no order. */
  pushUnnamed(request: T): void {
    this.#kind[this.#add(request)] = Kind.Unnamed;
  }

  /** The oldest request, still waiting. */
  get oldest(): T | undefined {
    return this.#requests[this.#head & this.#mask];
  }

  /** Takes the oldest request out when it has this id. */
  takeOldest(idLow: number, idHigh: number): T | undefined {
    let i = this.#head & this.#mask;
    while (!this.#matches(i, idLow, idHigh)) {
      if (!this.#passRefused(i)) return undefined;
      i = this.#head & this.#mask;
    }
    const request = this.#take(i);
    if (this.#kind[i] >= Kind.Doubtful) this.#narrow(idLow, idHigh);
    return request;
  }

  /** Takes the oldest request out when it is about no order. */
  takeUnnamed(): T | undefined {
    let i = this.#head & this.#mask;
    while (this.oldest !== undefined && this.#kind[i] !== Kind.Unnamed) {
      if (!this.#passRefused(i)) return undefined;
      i = this.#head & this.#mask;
    }
    return this.oldest === undefined ? undefined : this.#take(i);
  }

  /**
   * Takes out the request that a Reject with this id and reason answers. More than one: it answers any one of these, and their
   * outcome is unknown. They wait on for the other answers; what those take out was given here before. None: nobody
   * asked, or as many refusals are in doubt as requests may wait: the connection is of no more use.
   */
  takeRefused(idLow: number, idHigh: number, reason: number): readonly T[] {
    if (!isGatewayRefusal(reason)) {
      const request = this.takeOldest(idLow, idHigh);
      return request === undefined ? [] : [request];
    }
    const all = this.#waitingOn(idLow, idHigh);
    if (all.length <= 1) return all.map((i) => this.#take(i));
    const maybe = all.filter((i) => this.#kind[i] !== Kind.Blamed);
    const requests = maybe.map((i) => this.#requests[i] as T);
    const doubtful = maybe.length - 1;
    for (const [at, i] of all.entries()) this.#kind[i] = at < doubtful ? Kind.Doubtful : Kind.Blamed;
    this.#narrow(idLow, idHigh);
    return this.#blamed < this.#max ? requests : [];
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
      this.#kind[target] = this.#kind[source];
      this.#requests[target] = request;
    }
    this.#tail = to;
    assert(this.#tail - this.#head <= this.#mask, "the window bounds what is outstanding");
  }

  /** An answer to something behind it: if it is in doubt, it was one of those that were refused, and is taken out. */
  #passRefused(i: number): boolean {
    if (this.#requests[i] === undefined || this.#kind[i] !== Kind.Doubtful) return false;
    this.#take(i);
    const others = this.#waitingOn(this.#idLow[i], this.#idHigh[i]);
    const blamed = others.find((other) => this.#kind[other] === Kind.Blamed);
    if (blamed !== undefined) this.#kind[blamed] = Kind.Doubtful;
    this.#narrow(this.#idLow[i], this.#idHigh[i]);
    return true;
  }

  /** Ends the doubt about an id when nothing in doubt was refused, or everything was. */
  #narrow(idLow: number, idHigh: number): void {
    const inDoubt = this.#waitingOn(idLow, idHigh).filter((i) => this.#kind[i] >= Kind.Doubtful);
    const blamed = inDoubt.filter((i) => this.#kind[i] === Kind.Blamed);
    if (blamed.length === 0) for (const i of inDoubt) this.#kind[i] = Kind.Named;
    else if (blamed.length === inDoubt.length) for (const i of inDoubt) this.#take(i);
  }

  /** How many refusals are still in doubt. */
  get #blamed(): number {
    let count = 0;
    for (let at = this.#head; at < this.#tail; at++) {
      const i = at & this.#mask;
      if (this.#requests[i] !== undefined && this.#kind[i] === Kind.Blamed) count++;
    }
    return count;
  }

  /** Where the requests on this id lie, the oldest first. */
  #waitingOn(idLow: number, idHigh: number): number[] {
    const found: number[] = [];
    for (let at = this.#head; at < this.#tail; at++)
      if (this.#matches(at & this.#mask, idLow, idHigh)) found.push(at & this.#mask);
    return found;
  }

  #matches(i: number, idLow: number, idHigh: number): boolean {
    if (this.#requests[i] === undefined || this.#kind[i] === Kind.Unnamed) return false;
    return this.#idLow[i] === idLow && this.#idHigh[i] === idHigh;
  }

  #take(i: number): T {
    const request = this.#requests[i] as T;
    this.#requests[i] = undefined;
    while (this.#head < this.#tail && this.#requests[this.#head & this.#mask] === undefined) this.#head++;
    return request;
  }
}
