// The processes that a load is sent to, each begun anew on files of its own for every run: what one left behind shall not weigh on
// the next.

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TapeBatch } from "../../src/protocol/index.ts";
import { Child } from "../child.ts";
import type { BrokerOrder } from "./broker.ts";
import type { LoadOrder, LoadResult } from "./load.ts";
import type { PumpOrder } from "./pump.ts";
import type { TwinOrder } from "./twin.ts";

export type Side = "broker" | "pump" | "twin";

/** Threads of the twin, each with a connection at a time: as many as the machine of the aims has cores. */
const TWIN_WORKERS = 2;

export type LoadShape = Omit<LoadOrder, "ports" | "topic">;

/** Runs `work` with the ports of a side that has just begun, and ends it. */
export async function withSide<T>(
  side: Side,
  directory: string,
  { payloadBytes, ack }: Pick<LoadShape, "payloadBytes" | "ack">,
  work: (ports: readonly number[]) => Promise<T>,
): Promise<T> {
  const own = mkdtempSync(join(directory, `${side}-`));
  const child = new Child(import.meta.url, side);
  const order = (): BrokerOrder | PumpOrder | TwinOrder => {
    if (side === "pump") return { directory: own, batchBytes: TapeBatch.bytes + payloadBytes };
    return side === "twin"
      ? { directory: own, workers: TWIN_WORKERS, ack: ack === 2 ? 2 : 1 }
      : { directory: own };
  };
  try {
    const { ports } = await child.ask<{ ports: readonly number[] }>(order());
    return await work(ports);
  } finally {
    await child.end();
    rmSync(own, { recursive: true, force: true });
  }
}

/** One run of a load against a side. */
export function loadOn(load: Child, side: Side, directory: string, shape: LoadShape): Promise<LoadResult> {
  return withSide(side, directory, shape, (ports) =>
    load.ask<LoadResult>({ ...shape, ports, topic: "bench" } satisfies LoadOrder),
  );
}
