// The loads of the durability bench, and what a command of one cost.

import type { Child } from "../child.ts";
import type { ExchangeFigures } from "../exchange-process.ts";
import type { PacedOrder } from "./paced-load.ts";
import type { Server } from "./servers.ts";

/** Of one case, before the bench gives up. */
const ATTEMPTS = 3;

export interface Loads {
  readonly closed: Child;
  readonly paced: Child;
  readonly bursts: Child;
  /** Attempts that were thrown away, a line each. */
  readonly again: string[];
}

export function pacedOrder({ node }: Server, connections: number, rate: number, run_ms: number): PacedOrder {
  const requests = Math.max(connections, Math.round((rate * run_ms) / 1e3));
  return { port: node.ports.port, connections, rate, requests, kind: "pairs" };
}

export function refuseRefused(count: number): void {
  if (count > 0) throw new Error(`${count} requests were refused`);
}

export function cpuPerCommand_ns(before: ExchangeFigures, after: ExchangeFigures): number {
  return ((after.cpu_us - before.cpu_us) * 1e3) / (after.position - before.position);
}

export async function untilItHolds<T>(
  { name, node }: Server,
  { again }: Loads,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      await node.serving();
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      again.push(`${name}: ${(error as Error).message}`);
    }
  }
}
