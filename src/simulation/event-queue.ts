// Simulated time: what is to happen, by when it does, and at one time in the order in which it was planned. Nothing else
// makes anything happen in a simulation, so one seed gives one history.

import { assert } from "../base/index.ts";

/** More than any simulation plans at once: one that plans more does not end. */
const PLANNED_MAX = 1_000_000;

interface Planned {
  readonly at_us: number;
  readonly order: number;
  readonly act: () => void;
}

export class EventQueue {
  now_us = 0;
  #order = 0;
  /** A binary heap, the next one first. */
  readonly #heap: Planned[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** Has `act` called in `delay_us` (0: after what is planned for now). */
  plan(delay_us: number, act: () => void): void {
    assert(delay_us >= 0 && Number.isFinite(delay_us), "a simulation plans ahead");
    assert(this.#heap.length < PLANNED_MAX, "a simulation comes to an end");
    this.#heap.push({ at_us: this.now_us + Math.floor(delay_us), order: this.#order++, act });
    this.#rise(this.#heap.length - 1);
  }

  /** Lets the next thing happen, and the time pass until it does; false when nothing is planned. */
  step(): boolean {
    const next = this.#heap[0];
    if (next === undefined) return false;
    const last = this.#heap.pop() as Planned;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    this.now_us = next.at_us;
    next.act();
    return true;
  }

  #rise(at: number): void {
    const heap = this.#heap;
    for (let child = at; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child], heap[parent])) return;
      [heap[child], heap[parent]] = [heap[parent], heap[child]];
      child = parent;
    }
  }

  #sink(at: number): void {
    const heap = this.#heap;
    for (let parent = at; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < heap.length && isBefore(heap[child], heap[least])) least = child;
      if (least === parent) return;
      [heap[parent], heap[least]] = [heap[least], heap[parent]];
      parent = least;
    }
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at_us < b.at_us || (a.at_us === b.at_us && a.order < b.order);
}
