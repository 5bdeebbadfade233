// A simulator of ticks/1 with faults, a client of it over a real socket, and what each of them knows of the ticks: those that were
// made follow from the seed, so a tick that was delivered and not made is seen.

import { setTimeout as pause } from "node:timers/promises";
import type { SeriatimError } from "../../../src/base/index.ts";
import {
  type Tick,
  TickCounters,
  type TickFaults,
  TickGenerator,
  type TickState,
} from "../../../src/feed/index.ts";
import { TickClient, type TickClientOptions, TickSimulator } from "../../../src/feed-runtime/index.ts";
import { NetTransport, SystemClock } from "../../../src/platform/index.ts";

const HOST = "127.0.0.1";
/** Nothing here takes longer on a machine that is busy. */
const PATIENCE_MS = 20_000;

export interface FeedTerms {
  readonly seed: number;
  /** Ticks a second; 1: those of `make` are nearly all. */
  readonly rate?: number;
  readonly client?: Partial<TickClientOptions>;
}

const market = { symbols: 20, market: "neutral", timeScale: 3_600 } as const;

function tradeText(symbol: number, price: number, quantity: number): string {
  return `T ${symbol} ${price} x ${quantity}`;
}

function quoteText(
  symbol: number,
  bid: number,
  bidQuantity: number,
  ask: number,
  askQuantity: number,
): string {
  return `Q ${symbol} ${bid} x ${bidQuantity} ${ask} x ${askQuantity}`;
}

function simulatorOf(faults: TickFaults | undefined, seed: number, rate: number): TickSimulator {
  const transport = new NetTransport({ connectionsMax: 80 });
  return new TickSimulator({ transport, clock: new SystemClock(), ...market, seed, rate, faults });
}

/** The first `count` ticks that a simulator makes of this seed. */
function made(seed: number, rate: number, count: number): string[] {
  const generator = new TickGenerator({ ...market, seed, rate });
  const { tick } = generator;
  return Array.from({ length: count }, () => {
    generator.next();
    if (tick.isTrade) return tradeText(tick.symbol, tick.price, tick.quantity);
    return quoteText(tick.symbol, tick.bid, tick.bidQuantity, tick.ask, tick.askQuantity);
  });
}

/** How many of `found` are not there in `all`, each behind the one before it. */
export function falseOnes(found: readonly string[], all: readonly string[]): number {
  let at = 0;
  let missing = 0;
  for (const one of found) {
    const place = all.indexOf(one, at);
    if (place === -1) missing++;
    else at = place + 1;
  }
  return missing;
}

export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`it never came to this: ${what}`);
    await pause(2);
  }
}

export class FaultyFeed {
  readonly client: TickClient;
  readonly delivered: string[] = [];
  /** States and their causes, and "quiet". */
  readonly told: string[] = [];
  /** What was counted before the last connection. */
  before = new TickCounters();
  readonly port: number;
  readonly #terms: FeedTerms;
  readonly #rate: number;
  #simulator: TickSimulator;

  private constructor(simulator: TickSimulator, port: number, terms: FeedTerms) {
    this.#simulator = simulator;
    this.#terms = terms;
    this.#rate = terms.rate ?? 1;
    this.port = port;
    this.client = new TickClient({
      host: HOST,
      port,
      chance: () => 0,
      ...terms.client,
      listener: {
        onTrade: (tick) => this.delivered.push(tradeText(tick.symbol, tick.price, tick.quantity)),
        onQuote: (tick) => this.#keepQuote(tick),
        onState: (state, why) => this.#keepState(state, why),
        onQuiet: (isQuiet) => this.told.push(isQuiet ? "quiet" : "not quiet"),
      },
    });
  }

  static async start(faults: TickFaults | undefined, terms: FeedTerms): Promise<FaultyFeed> {
    const simulator = simulatorOf(faults, terms.seed, terms.rate ?? 1);
    const port = await simulator.listen({ host: HOST, port: 0 });
    const feed = new FaultyFeed(simulator, port, terms);
    await until("it is connected", () => simulator.server.clients === 1);
    return feed;
  }

  /** What the server counted. */
  get server() {
    return this.#simulator.server.counters();
  }

  /** Ticks that were made since the server began, in their order. */
  get made(): string[] {
    return made(this.#terms.seed, this.#rate, this.#simulator.made);
  }

  /** Makes `count` ticks and waits until the client has every byte of them. */
  async make(count: number): Promise<void> {
    this.#simulator.make(count);
    await until("all is received", () => this.client.connections.receivedBytes === this.server.bytesSent);
  }

  /** Makes ticks, if anybody listens, without waiting for them. */
  makeSome(count: number): void {
    if (this.#simulator.server.clients > 0) this.#simulator.make(count);
  }

  /** Goes on until frames are whole behind the last injected fault, so that it shows. */
  async settle(): Promise<void> {
    for (let before = -1; before !== this.server.injected.corruptions; ) {
      before = this.server.injected.corruptions;
      await this.make(10);
    }
  }

  /** The server goes away, and one without faults takes its place, with ticks from the beginning. */
  async replaceServer(): Promise<void> {
    await this.#simulator.close();
    this.#simulator = simulatorOf(undefined, this.#terms.seed, this.#rate);
    await this.#simulator.listen({ host: HOST, port: this.port });
  }

  async stop(): Promise<void> {
    await this.client.stop();
    await this.#simulator.close();
  }

  #keepQuote(tick: Tick): void {
    const { symbol, bid, bidQuantity, ask, askQuantity } = tick;
    this.delivered.push(quoteText(symbol, bid, bidQuantity, ask, askQuantity));
  }

  #keepState(state: TickState, why: SeriatimError | undefined): void {
    if (state === "open") this.before = { ...this.client.counters };
    this.told.push(why === undefined ? state : `${state} ${why.code}`);
  }
}
