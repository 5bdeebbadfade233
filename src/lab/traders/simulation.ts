// The simulated traders at work against a running exchange: connections, time and counting around the crowd's decisions.
//
// Bounds: what is owed (pacer.ts), unanswered requests per trader (session.ts), the instruments traded, the pauses between
// tries to connect, and how long an end may take. An exchange that is slow gets fewer orders, never a backlog.

import { setTimeout as pause } from "node:timers/promises";
import { type Clock, SeriatimError } from "../../base/index.ts";
import {
  connectOrderEntry,
  connectTrading,
  type ListedInstrument,
  type SessionKey,
  type TlsOptions,
} from "../../client/index.ts";
import { TraderCrowd } from "./crowd.ts";
import { canBeTraded, type TradedInstrument, tradedInstrument } from "./market.ts";
import { Pacer } from "./pacer.ts";
import { TraderSession } from "./session.ts";

/** Between two looks at the clock: orders come smoothly to the eye, and a wake-up costs nothing. */
const SLICE_MS = 10;
/** Instruments that are traded when there are more: 128 orders each may rest. */
export const INSTRUMENTS_TRADED_MAX = 64;
/** Draws for an order before a slice gives up on it: all traders may be waiting for answers. */
const DRAWS_PER_ORDER = 4;
/** For cancelling the quotes; an exchange that doesn't answer by then keeps them. */
const STOP_MS = 3_000;
/** Of it, for the answers to what is under way: then it is known what rests, and only that is cancelled. */
const SETTLE_MS = 1_000;

export interface SimulationOptions {
  readonly host: string;
  readonly port: number;
  /** Orders a second: new orders, modifies and cancels of all traders in all markets. */
  readonly rate: number;
  readonly seed: number;
  /** Names of the instruments to trade; by default all, up to INSTRUMENTS_TRADED_MAX. */
  readonly symbols?: readonly string[] | undefined;
  /** The first trader's account; the others have the next ones. */
  readonly firstAccount: number;
  /** A key that may act for all of them, to log on with; open mode when left out. */
  readonly key?: SessionKey | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly clock: Clock;
  /** Connections are lost, which are made again; said once, until all are back. */
  readonly onLost: (why: SeriatimError) => void;
  readonly onBack: () => void;
}

export interface SimulationCounts {
  /** Requests sent, without the cancels that take the quotes back at the end. */
  readonly orders: number;
  /** Fills that own orders had: a trade between two traders is two. */
  readonly fills: number;
  /** Refusals of those requests. */
  readonly rejects: number;
  /** By reason code. */
  readonly rejectsByReason: ReadonlyMap<number, number>;
}

/** Connects all traders and lets them trade. Throws SeriatimError when that can't be; then nothing stays open. */
export async function startTraders(options: SimulationOptions): Promise<TraderSimulation> {
  const listed = await listInstruments(options);
  const simulation = new TraderSimulation(options, listed, chooseInstruments(listed, options));
  await simulation.open();
  return simulation;
}

async function listInstruments({ host, port, firstAccount: account, key, tls }: SimulationOptions) {
  if (key !== undefined) {
    const session = await connectTrading({ addresses: [{ host, port }], account, key, ...(tls && { tls }) });
    try {
      const listed = await session.instruments();
      await session.logout();
      return listed;
    } finally {
      session.destroy();
    }
  }
  const client = await connectOrderEntry({ host, port, account });
  const listed = await client.instruments();
  await client.close();
  return listed;
}

function chooseInstruments(
  listed: readonly ListedInstrument[],
  { symbols, host, port }: SimulationOptions,
): TradedInstrument[] {
  const missing = symbols?.find((name) => !listed.some((instrument) => instrument.name === name));
  if (missing !== undefined)
    throw new SeriatimError("UNKNOWN_SYMBOL", `the exchange at ${host}:${port} has no symbol ${missing}`);
  const wanted = listed.filter(({ name }) => symbols?.includes(name) ?? true).map(tradedInstrument);
  const chosen = wanted.filter(canBeTraded).slice(0, INSTRUMENTS_TRADED_MAX);
  if (chosen.length > 0) return chosen;
  throw new SeriatimError("NOTHING_TO_TRADE", `the exchange at ${host}:${port} has nothing to trade`);
}

/** Simulated traders on a running exchange, from their start to their stop. */
export class TraderSimulation {
  /** Names of what is traded. */
  readonly symbols: readonly string[];
  /** Resolves with why the traders can't go on, if they ever can't. */
  readonly failed: Promise<SeriatimError>;
  readonly #crowd: TraderCrowd;
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  readonly #sessions: readonly TraderSession[];
  readonly #rejects = new Map<number, number>();
  /** Traders without a connection. */
  #lost = 0;
  #orders = 0;
  #fills = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    options: SimulationOptions,
    listed: readonly ListedInstrument[],
    instruments: readonly TradedInstrument[],
  ) {
    const { rate, seed, clock, firstAccount, host, port, key, tls } = options;
    const now_us = clock.monotonicMicros();
    this.symbols = instruments.map(({ name }) => name);
    this.#crowd = new TraderCrowd({ instruments, rate, seed, now_us });
    this.#pacer = new Pacer(rate, now_us);
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<SeriatimError>();
    this.failed = promise;
    this.#sessions = this.#crowd.traders.map(
      (trader, number) =>
        new TraderSession({
          ...{ host, port, key, tls, account: firstAccount + number, trader, instruments: listed },
          onSent: () => this.#orders++,
          onFill: () => this.#fills++,
          onReject: (reason) => this.#rejects.set(reason, (this.#rejects.get(reason) ?? 0) + 1),
          onLost: (why) => {
            if (this.#lost++ === 0) options.onLost(why);
          },
          onBack: () => {
            if (--this.#lost === 0) options.onBack();
          },
          onFailed: resolve,
        }),
    );
  }

  /** All or none; throws SeriatimError. */
  async open(): Promise<void> {
    const opened = await Promise.allSettled(this.#sessions.map((session) => session.open()));
    const failure = opened.find((result) => result.status === "rejected");
    if (failure !== undefined) {
      for (const session of this.#sessions) session.destroy();
      throw failure.reason;
    }
    this.#timer = setInterval(() => this.#slice(), SLICE_MS);
  }

  get counts(): SimulationCounts {
    const rejects = [...this.#rejects.values()].reduce((sum, count) => sum + count, 0);
    return { orders: this.#orders, fills: this.#fills, rejects, rejectsByReason: new Map(this.#rejects) };
  }

  /** Cancels the quotes and closes the connections, within STOP_MS. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #slice(): void {
    const now_us = this.#clock.monotonicMicros();
    this.#crowd.advance(now_us);
    const due = this.#pacer.due(now_us);
    let sent = 0;
    for (let draws = due * DRAWS_PER_ORDER; draws > 0 && sent < due; draws--) {
      if (this.#act()) sent++;
    }
    this.#pacer.sent(sent);
    for (const session of this.#sessions) session.flush();
  }

  /** Lets one trader act; false: it can't or has nothing to do. */
  #act(): boolean {
    const number = this.#crowd.drawTrader();
    if (!this.#sessions[number].isReady) return false;
    const command = this.#crowd.act(number);
    if (command === undefined) return false;
    this.#sessions[number].send(command);
    return true;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    const deadline = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, STOP_MS);
    // All of them before the first cancels: until then one may still trade with another's quote.
    const settled = Promise.all(this.#sessions.map((session) => session.settle()));
    await Promise.race([settled, pause(SETTLE_MS, undefined, { ref: false })]);
    await Promise.all(this.#sessions.map((session) => session.stop()));
    clearTimeout(deadline);
  }
}
