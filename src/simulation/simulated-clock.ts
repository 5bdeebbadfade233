// A machine's clock in a simulation: the simulated time for what is monotonic, and a wall clock that jumps when told to.

import type { Clock } from "../base/index.ts";
import type { EventQueue } from "./event-queue.ts";

/** 2026-01-01, so that times look like times. */
const EPOCH_US = 1_767_225_600_000_000;

export class SimulatedClock implements Clock {
  readonly #queue: EventQueue;
  #offset_us = EPOCH_US;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  wallMicros(): number {
    return this.#offset_us + this.#queue.now_us;
  }

  monotonicMicros(): number {
    return this.#queue.now_us;
  }

  /** The wall clock is set, forward or back. */
  jump(by_us: number): void {
    this.#offset_us += by_us;
  }
}
