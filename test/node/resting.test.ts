// What is done beside those who trade rests in between: how much of it lies between two rests, and that it is the same work.

import { expect, test } from "vitest";
import { MIXED, recordFlow } from "../../bench/engine/flows.ts";
import { RecordBuffer, stateHash } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { RestingChecksums, RestingEngine } from "../../src/node/resting.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../src/protocol/index.ts";
import { copySnapshot } from "../../src/runtime/index.ts";

const { words } = recordFlow({ ...MIXED, depth: 10_000 }, 2_000, 11);
const COMMANDS = words.length / COMMAND_WORDS;
const discarded = new RecordBuffer(EVENT_WORDS, 64, () => {});

function applied<Engine extends ExchangeEngine>(engine: Engine): Engine {
  for (let at = 0; at < words.length; at += COMMAND_WORDS) engine.apply(words, at, discarded);
  return engine;
}

test("an engine that rests does so at least every 512 commands and every 1,024 records restored", () => {
  let rests = 0;
  const engine = applied(new RestingEngine(() => rests++));
  expect(rests).toBeGreaterThanOrEqual(Math.floor(COMMANDS / 512));
  rests = 0;
  const restored = new RestingEngine(() => rests++);
  restored.restore(copySnapshot(engine), COMMANDS);
  expect(engine.restingOrders).toBeGreaterThan(5_000);
  expect(rests).toBeGreaterThanOrEqual(Math.floor(engine.restingOrders / 1_024));
  const hash = stateHash(applied(new ExchangeEngine()), new NativeChecksums());
  expect(stateHash(engine, new NativeChecksums())).toEqual(hash);
  expect(stateHash(restored, new NativeChecksums())).toEqual(hash);
});

test("sums rest before each piece, and are the same sums", () => {
  let rests = 0;
  const plain = new NativeChecksums();
  const resting = new RestingChecksums(plain, () => rests++);
  const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => i);
  expect(resting.crc32c(bytes, 7)).toBe(plain.crc32c(bytes, 7));
  expect(resting.blake3(bytes, bytes)).toEqual(plain.blake3(bytes, bytes));
  const stream = resting.blake3Stream();
  stream.update(bytes);
  stream.update(bytes);
  expect(stream.finish()).toEqual(plain.blake3(bytes, bytes));
  expect(rests).toBe(4);
});
