// What a command costs the primary's processor with a replica and without, when all have the same to do. The primary has a
// core of its own, load and replica have the others: on cores that they share, a replica at work makes the primary come
// late, so that more commands share a frame, its system calls and its wake-ups, and each costs less.

import { Cores, keepTo, whyNotKept } from "../cores.ts";
import { type Aim, type Row, ratioRow, summarize } from "../harness.ts";
import { cpuOf, type Loads, pacedOrder, untilItHolds } from "./loads.ts";
import type { Server, ServerName } from "./servers.ts";

export interface SameLoad {
  /** Commands a second, on schedule. */
  readonly rates: readonly number[];
  /** Of each. */
  readonly run_ms: number;
}

/** Of whom the processor time is compared, and beside whom. */
export interface Compared {
  readonly alone: ServerName;
  readonly replicated: readonly ServerName[];
  readonly aim: Aim;
}

const CONNECTIONS = 4;

export class SameLoadRounds {
  /** Why there are none. */
  readonly leftOut = whyNotKept();
  readonly #servers: readonly Server[];
  readonly #loads: Loads;
  readonly #of: SameLoad;
  /** Nanoseconds per command, round by round. */
  readonly #series = new Map<string, number[]>();

  /** `servers`: those that are compared. */
  constructor(servers: readonly Server[], loads: Loads, of: SameLoad) {
    this.#servers = servers;
    this.#loads = loads;
    this.#of = of;
  }

  async round(isCounted: boolean): Promise<void> {
    if (this.leftOut !== undefined) return;
    this.#keepApart();
    try {
      for (const rate of this.#of.rates)
        for (const server of this.#servers) {
          const order = pacedOrder(server, CONNECTIONS, rate, this.#of.run_ms);
          const cpu_ns = await untilItHolds(server, this.#loads, () => cpuOf(server, this.#loads, order));
          if (isCounted) this.#values(rate, server.name).push(cpu_ns);
        }
    } finally {
      keepTo(Cores.All, this.#processes());
    }
  }

  rows({ alone, replicated, aim }: Compared): Row[] {
    if (this.leftOut !== undefined) return [];
    return this.#of.rates.flatMap((rate) => {
      const name = (what: string): string =>
        `${rate.toLocaleString("en")}/s to each, ${what}, processor time`;
      const costs = [alone, ...replicated].map((server) =>
        summarize(name(server), "ns/command", "lower", this.#values(rate, server)),
      );
      const growth = replicated.map((server) =>
        ratioRow(
          { name: name(`${server} / ${alone}`), better: "lower", aim },
          this.#values(rate, server),
          this.#values(rate, alone),
        ),
      );
      return [...costs, ...growth];
    });
  }

  #values(rate: number, server: ServerName): number[] {
    const key = `${rate} ${server}`;
    const values = this.#series.get(key) ?? [];
    this.#series.set(key, values);
    return values;
  }

  #keepApart(): void {
    keepTo(Cores.Others, this.#processes());
    keepTo(
      Cores.First,
      this.#servers.map(({ node }) => node.pid),
    );
  }

  /** Of the bench but itself. */
  #processes(): number[] {
    return [this.#loads.paced.pid, ...this.#servers.flatMap(({ pids }) => pids)];
  }
}
