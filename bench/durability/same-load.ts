// What a command costs the primary's processor with a replica and without, when both have the same to do: bursts, each of
// which is one frame, for a frame costs its system calls and wake-ups whatever its size. The primary has a core of its own, load
// and replica have the others.

import { Cores, keepTo, whyNotKept } from "../cores.ts";
import { type Aim, type Row, ratioRow, summarize } from "../harness.ts";
import type { BurstOrder, BurstResult } from "./burst-load.ts";
import { cpuPerCommand_ns, type Loads, refuseRefused, untilItHolds } from "./loads.ts";
import type { Server, ServerName } from "./servers.ts";

export interface SameLoad {
  /** Commands in a burst. */
  readonly bursts: readonly number[];
  /** Of each. */
  readonly run_ms: number;
}

/** Of whom the processor time is compared, and beside whom. */
export interface Compared {
  readonly alone: ServerName;
  readonly replicated: readonly ServerName[];
  readonly aim: Aim;
}

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
      for (const requests of this.#of.bursts)
        for (const server of this.#servers) {
          const cpu_ns = await untilItHolds(server, this.#loads, () => this.#cpuOf(server, requests));
          if (isCounted) this.#values(requests, server.name).push(cpu_ns);
        }
    } finally {
      keepTo(Cores.All, this.#processes());
    }
  }

  /** Per command. */
  async #cpuOf({ node }: Server, requests: number): Promise<number> {
    const order: BurstOrder = { port: node.ports.port, requests, run_ms: this.#of.run_ms };
    const before = await node.figures();
    const { refused } = await this.#loads.bursts.ask<BurstResult>(order);
    refuseRefused(refused);
    return cpuPerCommand_ns(before, await node.figures());
  }

  rows({ alone, replicated, aim }: Compared): Row[] {
    if (this.leftOut !== undefined) return [];
    return this.#of.bursts.flatMap((requests) => {
      const name = (what: string): string => `frames of ${requests}, ${what}, processor time`;
      const costs = [alone, ...replicated].map((server) =>
        summarize(name(server), "ns/command", "lower", this.#values(requests, server)),
      );
      const growth = replicated.map((server) =>
        ratioRow(
          { name: name(`${server} / ${alone}`), better: "lower", aim },
          this.#values(requests, server),
          this.#values(requests, alone),
        ),
      );
      return [...costs, ...growth];
    });
  }

  #values(requests: number, server: ServerName): number[] {
    const key = `${requests} ${server}`;
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
    return [this.#loads.bursts.pid, ...this.#servers.flatMap(({ pids }) => pids)];
  }
}
