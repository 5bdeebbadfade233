// A tape's files with every byte changed, and cut at every byte: what they held in front of that, or a refusal; never anything else.

import { expect, test } from "vitest";
import { SeriatimError } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { SECTOR_BYTES } from "../../../src/segment/index.ts";
import {
  type CatalogChange,
  CatalogState,
  encodeCatalogChange,
  TopicLog,
  TopicReader,
} from "../../../src/tape/index.ts";
import { catalogOn, KEPT, NOW_us } from "../catalog/support.ts";
import { append, endOf, readAll, SMALL, START_us, topicPlace } from "../log/support.ts";

/** A file that was closed in order, or as a kill leaves it, and what can be found in it, fullest first. */
interface Written {
  readonly disk: SimulatedDisk;
  readonly path: string;
  readonly usedBytes: number;
  readonly found: () => string;
  readonly contents: readonly string[];
}

function catalog(isClosed: boolean): Written {
  const disk = new SimulatedDisk();
  const topic = { ...KEPT, id: 1, name: "md.trades", created_us: NOW_us };
  const changes: CatalogChange[] = [
    { kind: "topic", topic },
    { kind: "group", topic: 1, group: "risk", committed: 5 },
    { kind: "topic", topic: { ...topic, id: 2, name: "orders" } },
    { kind: "group gone", topic: 1, group: "risk" },
    { kind: "topic gone", topic: 2 },
  ];
  const log = catalogOn(disk);
  const state = new CatalogState();
  const contents = [textOf(state)];
  for (const change of changes) {
    log.write([change], NOW_us);
    state.apply(change);
    contents.unshift(textOf(state));
  }
  if (isClosed) log.close();
  disk.restart();
  const found = () => {
    const again = catalogOn(disk);
    const text = textOf(again.state);
    again.close();
    return text;
  };
  return { disk, path: "d/catalog/catalog-0000000001.seg", usedBytes: 900, found, contents };
}

function textOf(state: CatalogState): string {
  return Buffer.concat(state.asChanges().map(encodeCatalogChange)).toString("hex");
}

const BATCHES = 4;

function topic(isClosed: boolean): Written {
  const disk = new SimulatedDisk();
  const place = topicPlace(disk);
  const log = TopicLog.open(place, SMALL);
  for (let batch = 1; batch <= BATCHES; batch++) append(log, [{ batch }], START_us);
  log.sync();
  if (isClosed) log.close();
  disk.restart();
  const found = () => {
    const again = TopicLog.open(place, SMALL);
    const reader = new TopicReader(place);
    const seen = readAll(reader, { kind: "record", value: 1 }, endOf(again));
    reader.close();
    again.close();
    return JSON.stringify(seen);
  };
  const whole = JSON.parse(found()) as object[];
  const contents = Array.from({ length: BATCHES + 1 }, (_, i) =>
    JSON.stringify(whole.slice(0, whole.length - 2 * i)),
  );
  return { disk, path: "t/tape-0000000001.seg", usedBytes: 1_400, found, contents };
}

/** How many of the newest entries are missing; -1: refused. What was never there is an error. */
function lackOf({ found, contents }: Written): number {
  try {
    const lack = contents.indexOf(found());
    return lack < 0 ? Number.POSITIVE_INFINITY : lack;
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "LOG_CORRUPT") throw error;
    expect(error.message).toMatch(/^corrupt: \S+\.seg at offset \d+/);
    return -1;
  }
}

test.each([
  ["a catalog that was closed", () => catalog(true), 0, 0],
  // Nobody can tell its last frame from one that was never finished.
  ["a catalog that was killed", () => catalog(false), 1, 0],
  // A crash can leave a topic's file short.
  ["a topic that was closed", () => topic(true), 0, BATCHES],
  ["a topic that was killed", () => topic(false), BATCHES, BATCHES],
] as const)(
  "%s, with any byte changed or cut anywhere, is refused or holds what it held",
  (_, make, lackChanged, lackCut) => {
    const written = make();
    const { disk, path, usedBytes } = written;
    const before = disk.contents(path).slice();
    const lackWith = (bytes: Uint8Array): number => {
      disk.overwrite(path, bytes);
      const lack = lackOf(written);
      disk.restart();
      return lack;
    };
    for (let at = 0; at < SECTOR_BYTES + usedBytes; at++) {
      expect(lackWith(changed(before, at)), `byte ${at} changed`).toBeLessThanOrEqual(lackChanged);
      expect(lackWith(before.slice(0, at)), `cut at ${at}`).toBeLessThanOrEqual(lackCut);
    }
  },
);

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1 << (at % 8);
  return copy;
}
