// A server of ticks/1 with a generator behind it. Ticks are made only while somebody listens, so the first client's stream
// follows from the seed, timestamps apart.

import type { Clock, ListenAddress } from "../../base/index.ts";
import { TickGenerator, type TickGeneratorOptions, TickPacer } from "../../feed/index.ts";
import { SystemClock } from "../../platform/index.ts";
import { type Stamp, WallStamp } from "./stamp.ts";
import { TickServer, type TickServerOptions } from "./tick-server.ts";

/** Ticks that share a timestamp at most: some tenths of a millisecond of work. */
const TICKS_PER_STAMP = 256;
const STEP_ms = 1;

export interface TickSimulatorOptions
  extends Omit<TickServerOptions, "onClients" | "seed" | "stamp">,
    TickGeneratorOptions {
  readonly stamp?: Stamp;
}

export class TickSimulator {
  readonly server: TickServer;
  /** Ticks made. */
  made = 0;
  readonly #generator: TickGenerator;
  readonly #pacer: TickPacer;
  readonly #clock: Clock;
  readonly #stamp: Stamp;
  #timer: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(options: TickSimulatorOptions) {
    this.#generator = new TickGenerator(options);
    this.#pacer = new TickPacer(options.rate);
    this.#clock = options.clock ?? new SystemClock();
    this.#stamp = options.stamp ?? new WallStamp();
    const onClients = (count: number): void => this.#onClients(count);
    this.server = new TickServer({ ...options, clock: this.#clock, stamp: this.#stamp, onClients });
  }

  /** Resolves with the port; throws SeriatimError naming the address. */
  listen(address: ListenAddress): Promise<number> {
    return this.server.listen(address);
  }

  /** Ticks that were given up because the machine could not keep up with the rate. */
  get ticksSkipped(): number {
    return this.#pacer.skipped;
  }

  /** Makes the ticks that are due; it is called by itself while there are clients. */
  step(): void {
    if (this.server.clients === 0) return;
    const due = this.#pacer.due(this.#clock.monotonicMicros());
    this.make(due);
  }

  /** Makes so many ticks, due or not. */
  make(count: number): void {
    const { server } = this;
    const { tick } = this.#generator;
    for (let i = 0; i < count; i++) {
      if (i % TICKS_PER_STAMP === 0) this.#stamp.take();
      this.#generator.next();
      tick.timeLow = this.#stamp.low;
      tick.timeHigh = this.#stamp.high;
      server.publish(tick);
    }
    this.made += count;
    if (count > 0) server.flush();
  }

  /** Ends it, within 1.5 s: what was made goes out first. */
  close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    return this.server.close();
  }

  #onClients(count: number): void {
    if (count === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined && !this.#isClosing) {
      this.#pacer.begin(this.#clock.monotonicMicros());
      this.#timer = setInterval(() => this.step(), STEP_ms);
    }
  }
}
