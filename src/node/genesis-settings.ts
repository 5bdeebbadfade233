// Settings that decide results live in the first entry of the log. A start-up value that contradicts the log is
// refused, never silently applied and never silently ignored; a default contradicts nothing.

import { randomBytes } from "node:crypto";
import { SeriatimError } from "../base/index.ts";
import type { JournalPlace } from "../journal/index.ts";
import type { Genesis } from "../protocol/index.ts";
import { refuseMissingAccounts } from "./account-names.ts";
import type { GivenSettings } from "./configuration.ts";
import { type GenesisEntry, readJournalGenesis } from "./exchange-records.ts";
import { instrumentOf, instrumentText } from "./instrument-setting.ts";
import { type Configuration, SETTINGS, type SettingName, settingKey } from "./settings.ts";

/**
 * Refuses settings given explicitly that the log in `place` contradicts, before it is replayed: that may take minutes.
 * Throws GENESIS_CONTRADICTED (exit 2) with all of them, or CONFIGURATION_INVALID for accounts that it does not have; for
 * those also before a log begins. Returns whether there was a genesis entry to compare with: one that has
 * not begun, or whose beginning is removed or can't be read, has none. Opening it says what is wrong, if anything is.
 */
export function refuseContradicted(given: GivenSettings, place: JournalPlace): boolean {
  const entry = loggedGenesis(place);
  if (entry === "none") refuseAccounts(given, accountsMaxOfNew(given));
  if (entry === undefined || entry === "none") return false;
  refuseOthers(given, entry);
  return true;
}

/** As refuseContradicted, of a genesis entry that is known from elsewhere. */
export function refuseOthers(given: GivenSettings, entry: GenesisEntry): void {
  const contradiction = compareGenesis(given, entry);
  if (contradiction !== undefined)
    throw new SeriatimError("GENESIS_CONTRADICTED", contradiction, { exitCode: 2 });
  refuseAccounts(given, entry.genesis.accountsMax);
}

function refuseAccounts(given: GivenSettings, accountsMax: number): void {
  const accounts = given.get("accounts");
  if (accounts !== undefined) refuseMissingAccounts(accounts.value as string[], accountsMax, accounts.origin);
}

/** What a log that begins now says. */
function accountsMaxOfNew(given: GivenSettings): number {
  const setting = SETTINGS.find(({ name }) => name === "accountsMax");
  return (given.get("accountsMax")?.value ?? setting?.default) as number;
}

/** "none": there is no log. */
function loggedGenesis(place: JournalPlace): GenesisEntry | "none" | undefined {
  try {
    return readJournalGenesis(place);
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "ENOENT") return "none";
    throw error;
  }
}

/**
 * Compares the settings given explicitly with the genesis entry of an existing log. Returns undefined when they agree,
 * else one line naming each setting that differs, the value given and the log's.
 */
export function compareGenesis(
  given: GivenSettings,
  { genesis, instruments }: GenesisEntry,
): string | undefined {
  const logged: { readonly [Name in SettingName]?: string } = {
    symbols: instruments.map(instrumentText).join(","),
    maxQuantity: String(genesis.maxQuantity),
    maxNotional: String(genesis.maxNotional),
    ordersMax: String(genesis.ordersMax),
    accountOrdersMax:
      genesis.accountOrdersMax === undefined ? "without a bound" : String(genesis.accountOrdersMax),
    symbolsMax: String(genesis.symbolsMax),
    accountsMax: String(genesis.accountsMax),
  };
  const differing: string[] = [];
  for (const setting of SETTINGS) {
    const wanted = given.get(setting.name);
    const inLog = logged[setting.name];
    if (wanted === undefined || inLog === undefined || String(wanted.value) === inLog) continue;
    const value = String(wanted.value);
    differing.push(
      `${wanted.origin} is ${value}, but this log was begun with ${settingKey(setting)} ${inLog}`,
    );
  }
  if (differing.length === 0) return undefined;
  const what = differing.length === 1 ? "the setting" : "these settings";
  return `${differing.join("; ")}: leave ${what} out or start a new data directory`;
}

/** The entry with which a new log begins. */
export function genesisOf(
  configuration: Configuration,
  indexSeed: Genesis["indexSeed"] = randomSeed(),
): GenesisEntry {
  const { maxQuantity, maxNotional, ordersMax, accountOrdersMax, symbolsMax, accountsMax } = configuration;
  const limits = { maxQuantity, maxNotional, ordersMax, accountOrdersMax, symbolsMax, accountsMax };
  return {
    genesis: { ...limits, indexSeed },
    instruments: configuration.symbols.map(instrumentOf),
  };
}

function randomSeed(): readonly [low: number, high: number] {
  const seed = randomBytes(8);
  return [seed.readUInt32LE(0), seed.readUInt32LE(4)];
}
