// A snapshot of the exchange with every byte flipped, cut at every length, and with every 512-byte sector zeroed: whatever
// is not byte for byte what was written is refused, and says where.

import { expect, test } from "vitest";
import { RecordBuffer, SeriatimError } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import { SnapshotStore } from "../../../src/journal/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { encodeGenesisEntry } from "../../../src/node/exchange-records.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../../src/protocol/index.ts";
import { ENTRY, ordersFrom } from "../support.ts";
import { pointAt, snapshotPlace } from "./support.ts";

const POSITION = 23;

/** An exchange whose books hold some orders. */
function exchange(): ExchangeEngine {
  const engine = new ExchangeEngine();
  const events = new RecordBuffer(EVENT_WORDS, 64, () => {});
  const genesis = encodeGenesisEntry(ENTRY);
  const orders = new Int32Array(ordersFrom(4, POSITION - 3).buffer);
  for (const words of [genesis, orders])
    for (let at = 0; at < words.length; at += COMMAND_WORDS) engine.apply(words, at, events);
  return engine;
}

const engine = exchange();
const disk = new SimulatedDisk();
const store = new SnapshotStore(snapshotPlace(disk), { name: "exchange", version: 1 });
const file = store.write(pointAt(POSITION), (write) => engine.snapshot(write));
const whole = disk.contents(file.path);

/** How the file fares with these bytes in it: the code of the refusal, or "read". */
function fate(bytes: Uint8Array): string {
  disk.overwrite(file.path, bytes);
  try {
    store.read(file);
    return "read";
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    expect(error.message).toContain(`${file.path} at offset `);
    return error.code;
  }
}

/** Counts of each fate over all variants. */
function fates(variants: Iterable<Uint8Array>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const bytes of variants) {
    const found = fate(bytes);
    counts[found] = (counts[found] ?? 0) + 1;
  }
  return counts;
}

function* flipped(mask: number): Generator<Uint8Array> {
  for (let at = 0; at < whole.length; at++) {
    const bytes = whole.slice();
    bytes[at] ^= mask;
    yield bytes;
  }
}

test("a snapshot of the exchange is read as it was written", () => {
  expect(engine.restingOrders).toBeGreaterThan(5);
  expect(fate(whole)).toBe("read");
});

test("a snapshot with any one byte flipped is refused", () => {
  const total = whole.length * 3;
  const refused = [0x01, 0x80, 0xff].map((mask) => fates(flipped(mask)).SNAPSHOT_DAMAGED ?? 0);
  const sum = refused.reduce((a, b) => a + b);
  console.info(`flipped bytes refused: ${sum}/${total}`);
  expect(sum).toBe(total);
});

test("a snapshot that is cut anywhere, or has a byte more, is refused", () => {
  const cut = Array.from(whole, (_, length) => whole.slice(0, length));
  const longer = [0, 1].map((last) => Uint8Array.from([...whole, last]));
  const variants = [...cut, ...longer];
  const found = fates(variants);
  console.info(`other lengths refused: ${found.SNAPSHOT_DAMAGED}/${variants.length}`);
  expect(found).toEqual({ SNAPSHOT_DAMAGED: variants.length });
});

test("a snapshot with any 512-byte sector zeroed is refused", () => {
  const variants: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += 512) variants.push(whole.slice().fill(0, at, at + 512));
  const found = fates(variants);
  console.info(`zeroed sectors refused: ${found.SNAPSHOT_DAMAGED}/${variants.length}`);
  expect(found).toEqual({ SNAPSHOT_DAMAGED: variants.length });
});
