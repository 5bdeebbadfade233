// Events for one reader that takes them with `for await`. Bounded: a reader that falls `max` events behind gets what is
// there and then an error, never a gap without notice and never memory without end.

import { SeriatimError } from "../base/index.ts";

/** Taken events are cut off the array in blocks of at least this many, so that taking one costs O(1) on average. */
const CUT_MIN = 1_024;

export class EventQueue<T> implements AsyncIterableIterator<T> {
  readonly #max: number;
  #items: T[] = [];
  #head = 0;
  #isOver = false;
  #failure: SeriatimError | undefined;
  readonly #onReturn: () => void;
  readonly #onTaken: () => void;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** `onReturn` is called once, when nobody reads any more; `onTaken` whenever an event was taken. */
  constructor(max: number, onReturn: () => void, onTaken: () => void = () => {}) {
    this.#max = max;
    this.#onReturn = onReturn;
    this.#onTaken = onTaken;
  }

  /** How many events wait for the reader. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    if (this.#isOver) return;
    if (this.length >= this.#max) {
      this.finish(new SeriatimError("EVENTS_OVERFLOW", `the reader is ${this.#max} events behind`));
      return;
    }
    this.#items.push(item);
    this.#wake();
  }

  /** No more events: the reader gets those that are left, then the end or the failure. */
  finish(failure?: SeriatimError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#onReturn();
    this.#wake();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#head === this.#items.length) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isOver) return { done: true, value: undefined };
      this.#waiting ??= Promise.withResolvers<void>();
      await this.#waiting.promise;
    }
    const value = this.#items[this.#head++];
    if (this.#head >= CUT_MIN && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#onTaken();
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.finish();
    this.#items = [];
    this.#head = 0;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
