// What the tests of the catalog share: a small catalog on a disk in memory, and a directory that writes into it.

import type { SimulatedDisk } from "../../../src/lab/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { type LogLimits, SECTOR_BYTES } from "../../../src/segment/index.ts";
import {
  CatalogLog,
  type CatalogTopic,
  GroupOffsets,
  TopicDirectory,
  type TopicSettings,
} from "../../../src/tape/index.ts";

export const NOW_us = 1_700_000_000_000_000;
export const KEPT: TopicSettings = { order: 1, retainBytes: 0, retain_us: 0 };

/** A segment holds a few dozen changes. */
const SMALL: LogLimits = { segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: 1024 };

export function catalogOn(disk: SimulatedDisk, limits: LogLimits = SMALL): CatalogLog {
  return new CatalogLog({ storage: disk, checksums: new NativeChecksums(), directory: "d" }, limits);
}

/** As the loop and the storage thread have it, without the thread between them. */
export function directoryOn(catalog: CatalogLog) {
  const store = {
    writes: 0,
    async write(changes: Parameters<CatalogLog["write"]>[0]) {
      store.writes++;
      catalog.write(changes, NOW_us);
    },
  };
  const topics = new TopicDirectory(catalog.state, store, () => NOW_us);
  return { topics, offsets: new GroupOffsets(catalog.state, store), store };
}

/** A topic that was made. */
export async function madeIn(topics: TopicDirectory, name: string, settings = KEPT): Promise<CatalogTopic> {
  const topic = await topics.getOrCreate(name, settings);
  if (typeof topic === "number") throw new Error(`${name}: reason ${topic}`);
  return topic;
}
