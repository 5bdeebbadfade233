// The records that decide a log: what can't be a genesis or an instrument of this version stops the engine, from a log
// as from a snapshot.

import { describe, expect, test } from "vitest";
import { RecordBuffer, SAFE_MAX } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { SETTINGS } from "../../src/node/settings.ts";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  type Genesis,
  GenesisLayout,
  InstrumentLayout,
  ORDERS_MAX,
  SYMBOLS_MAX,
  writeGenesis,
  writeInstrument,
} from "../../src/protocol/index.ts";
import { Desk, type Write } from "./support.ts";

const INSTRUMENT = { name: "EURUSD", priceDecimals: 18, tick: SAFE_MAX, lot: SAFE_MAX };

/** An instrument at the bounds of every field, with `bytes` written over it. */
function instrumentWith(at: number, bytes: readonly number[]): Write {
  return (words) => {
    writeInstrument(words, 0, INSTRUMENT);
    new Uint8Array(words.buffer).set(bytes, at);
  };
}

describe("an instrument record in a log", () => {
  test("is taken with every field at its bound", () => {
    const desk = new Desk({}, []);
    expect(desk.do(instrumentWith(0, []), 1_700_000_000_000_000)).toEqual([]);
    expect(desk.engine.instruments).toEqual([INSTRUMENT]);
  });

  test.each<[name: string, at: number, bytes: readonly number[]]>([
    ["without a name", InstrumentLayout.nameLength, [0]],
    ["with a name longer than 16 bytes", InstrumentLayout.nameLength, [17]],
    ["with a name shorter than its bytes", InstrumentLayout.nameLength, [5]],
    ["with a name that is no UTF-8", InstrumentLayout.name, [0xff]],
    ["with 19 decimals", InstrumentLayout.priceDecimals, [19]],
    ["with a tick of 0", InstrumentLayout.tick, [0, 0, 0, 0, 0, 0, 0, 0]],
    ["with a tick of 2^53", InstrumentLayout.tick, [0, 0, 0, 0, 0, 0, 0x20, 0]],
    ["with a lot of 0", InstrumentLayout.lot, [0, 0, 0, 0, 0, 0, 0, 0]],
    ["with a lot of 2^63", InstrumentLayout.lot, [0, 0, 0, 0, 0, 0, 0, 0x80]],
    ["with a reserved byte", InstrumentLayout.reserved, [1]],
    ["with something behind its fields", InstrumentLayout.unusedTail, [1]],
  ])("%s stops the engine, and nothing is registered", (_name, at, bytes) => {
    const desk = new Desk();
    const apply = () => desk.do(instrumentWith(at, bytes));
    expect(apply).toThrow("an instrument record is none of this version: the log is not this version's");
    expect(desk.engine.instruments.map(({ name }) => name)).toEqual(["S0"]);
    expect(() => new ExchangeEngine().restore(desk.snapshot(), desk.engine.position)).not.toThrow();
  });
});

const LEAST: Genesis = {
  maxQuantity: 0,
  maxNotional: 0,
  ordersMax: 1,
  symbolsMax: 1,
  accountsMax: 1,
  indexSeed: [0, 0],
};

function begin(genesis: Genesis, at = 0, bytes: readonly number[] = []): ExchangeEngine {
  const words = new Int32Array(COMMAND_WORDS);
  writeGenesis(words, 0, genesis, 3);
  new Uint8Array(words.buffer).set(bytes, at);
  const engine = new ExchangeEngine();
  engine.apply(words, 0, new RecordBuffer(EVENT_WORDS, 1, () => {}));
  return engine;
}

describe("a genesis record", () => {
  test("is taken with the least of everything, and with the most symbols", () => {
    expect(begin(LEAST).genesis).toMatchObject(LEAST);
    expect(begin({ ...LEAST, symbolsMax: SYMBOLS_MAX }).genesis.symbolsMax).toBe(SYMBOLS_MAX);
  });

  test.each<[name: string, at: number, bytes: readonly number[]]>([
    ["for no orders", GenesisLayout.ordersMax, [0]],
    ["for more orders than can be", GenesisLayout.ordersMax, [1, 0, 0, 1]],
    ["for no symbols", GenesisLayout.symbolsMax, [0]],
    ["for more symbols than can be", GenesisLayout.symbolsMax, [1, 0, 1]],
    ["for no account", GenesisLayout.accountsMax, [0]],
    ["with a notional of 2^53", GenesisLayout.maxNotional + 6, [0x20]],
    ["of a later version", GenesisLayout.version, [2]],
    ["with a reserved byte", GenesisLayout.reserved, [1]],
    ["with something behind its fields", GenesisLayout.unused, [1]],
  ])("%s begins nothing", (_name, at, bytes) => {
    expect(() => begin(LEAST, at, bytes)).toThrow("the genesis record is none of this version");
  });

  test("may ask for whatever the settings of a node allow", () => {
    const mostOf = (name: string) => SETTINGS.find((setting) => setting.name === name)?.kind;
    expect([mostOf("ordersMax"), mostOf("symbolsMax")]).toMatchObject([
      { max: ORDERS_MAX },
      { max: SYMBOLS_MAX },
    ]);
  });
});

test("60,000 instruments are registered, and each name is known again", () => {
  const symbols = 60_000;
  const desk = new Desk({ symbolsMax: symbols }, []);
  for (const _ of [1, 2]) for (let i = 0; i < symbols; i++) desk.register(`S${i}`);
  expect(desk.engine.instruments.length).toBe(symbols);
  expect(desk.engine.instruments[symbols - 1].name).toBe(`S${symbols - 1}`);
});
