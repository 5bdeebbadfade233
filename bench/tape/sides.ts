// The processes that a load is sent to, each on files of its own. One that is to be timed is begun once for all rounds: what it
// keeps is full after the first, which is not counted, and from then on it works as it does for the rest of its life.
//
//   what each does       broker                  pump                    blocking twin
//   header judged        every field             no                      every field
//   payload              CRC32C, records         CRC32C                  CRC32C
//   log                  chained by BLAKE3       chained by BLAKE3       chained by BLAKE3
//   files                64 MiB, oldest reused   the same                the same
//   full file            safe before the next    synced, not waited for  safe before the next
//   order, sessions      yes                     no                      one number for all

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TapeBatch } from "../../src/protocol/index.ts";
import { Child } from "../child.ts";
import type { BrokerOrder } from "./broker.ts";
import type { LoadOrder, LoadResult } from "./load.ts";
import type { PumpOrder } from "./pump.ts";
import type { TwinOrder } from "./twin.ts";

export type Side = "broker" | "pump" | "twin" | "durable twin";

/** Threads of the twin, each with a connection at a time: as many as the machine of the aims has cores. */
const TWIN_WORKERS = 2;

export type LoadShape = Omit<LoadOrder, "ports" | "topic">;

/** A side that runs. */
export class RunningSide {
  readonly ports: readonly number[];
  readonly #child: Child;
  readonly #directory: string;

  static async begin(side: Side, directory: string, payloadBytes: number): Promise<RunningSide> {
    const own = mkdtempSync(join(directory, "side-"));
    const child = new Child(import.meta.url, side === "durable twin" ? "twin" : side);
    const { ports } = await child.ask<{ ports: readonly number[] }>(orderOf(side, own, payloadBytes));
    return new RunningSide(child, own, ports);
  }

  private constructor(child: Child, directory: string, ports: readonly number[]) {
    this.ports = ports;
    this.#child = child;
    this.#directory = directory;
  }

  /** One run of a load against it. A topic has one order level for good. */
  take(load: Child, shape: LoadShape): Promise<LoadResult> {
    const order: LoadOrder = { ...shape, ports: this.ports, topic: `bench-${shape.order}` };
    return load.ask<LoadResult>(order);
  }

  async end(): Promise<void> {
    await this.#child.end();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function orderOf(side: Side, directory: string, payloadBytes: number): BrokerOrder | PumpOrder | TwinOrder {
  if (side === "broker") return { directory };
  if (side === "pump") return { directory, batchBytes: TapeBatch.bytes + payloadBytes };
  return { directory, workers: TWIN_WORKERS, ack: side === "twin" ? 1 : 2 };
}

/** Runs `work` with a side that has just begun, and ends it. */
export async function withSide<T>(
  side: Side,
  directory: string,
  payloadBytes: number,
  work: (running: RunningSide) => Promise<T>,
): Promise<T> {
  const running = await RunningSide.begin(side, directory, payloadBytes);
  try {
    return await work(running);
  } finally {
    await running.end();
  }
}
