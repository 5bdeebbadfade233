// Settings that decide results live in the first entry of the log. A start-up value that contradicts the log is
// refused, never silently applied and never silently ignored; a default contradicts nothing.

import { randomBytes } from "node:crypto";
import type { GenesisEntry } from "../journal/index.ts";
import type { Genesis, Instrument } from "../protocol/index.ts";
import type { GivenSettings } from "./configuration.ts";
import { type Configuration, SETTINGS, type SettingName, settingKey } from "./settings.ts";

/**
 * Compares the settings given explicitly with the genesis entry of an existing log and its instruments. Returns
 * undefined when they agree, else one line naming the setting, the value given and the log's.
 */
export function compareGenesis(
  given: GivenSettings,
  genesis: Genesis,
  instruments: readonly Instrument[],
): string | undefined {
  const logged: { readonly [Name in SettingName]?: string } = {
    symbols: instruments.map((instrument) => instrument.name).join(","),
    maxQuantity: String(genesis.maxQuantity),
    maxNotional: String(genesis.maxNotional),
    ordersMax: String(genesis.ordersMax),
    symbolsMax: String(genesis.symbolsMax),
    accountsMax: String(genesis.accountsMax),
  };
  for (const setting of SETTINGS) {
    const wanted = given.get(setting.name);
    const inLog = logged[setting.name];
    if (wanted === undefined || inLog === undefined || String(wanted.value) === inLog) continue;
    return (
      `${wanted.origin} is ${String(wanted.value)}, but this log was begun with ${settingKey(setting)} ${inLog}: ` +
      "leave the setting out or start a new data directory"
    );
  }
  return undefined;
}

/** Two decimals and single ticks and lots: until instruments can be described one by one. */
const INSTRUMENT_DEFAULTS = { priceDecimals: 2, tick: 1, lot: 1 } as const;

/** The entry with which a new log begins. */
export function genesisOf(
  configuration: Configuration,
  indexSeed: Genesis["indexSeed"] = randomSeed(),
): GenesisEntry {
  const { maxQuantity, maxNotional, ordersMax, symbolsMax, accountsMax, symbols } = configuration;
  return {
    genesis: { maxQuantity, maxNotional, ordersMax, symbolsMax, accountsMax, indexSeed },
    instruments: symbols.map((name) => ({ name, ...INSTRUMENT_DEFAULTS })),
  };
}

function randomSeed(): readonly [low: number, high: number] {
  const seed = randomBytes(8);
  return [seed.readUInt32LE(0), seed.readUInt32LE(4)];
}
