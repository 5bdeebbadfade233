// A node's configuration: flags over SERIATIM_* over the file named by --config over defaults, every value checked
// by its row of the settings table. Whatever is wrong is one SeriatimError line naming where it was written; exit 2.
//
// Unknown SERIATIM_* variables are said, not refused (unknown-variables.ts). An empty variable counts as not set.

import { SeriatimError, unknownName } from "../base/index.ts";
import { refuseHalfACluster } from "./cluster-settings.ts";
import { type ConfigurationFile, readConfigurationFile } from "./configuration-file.ts";
import { isLoopback } from "./listening.ts";
import { feedPortsOf, refuseHalfAFeed } from "./market-data-settings.ts";
import { parseSetting, type SettingValue, type Spelling } from "./setting-value.ts";
import type { Configuration, Setting, SettingName } from "./settings.ts";
import { SETTINGS, settingFlag, settingKey, settingVariable } from "./settings.ts";
import { refuseHalfATape, type TapeSettings, tapeServeSettings } from "./tape-settings.ts";
import { refuseHalfTls } from "./tls.ts";

/** A value somebody wrote down, and where: `--max-quantity`, `SERIATIM_SYMBOLS` or `node.json: "symbols"`. */
export interface GivenValue {
  readonly value: SettingValue;
  readonly origin: string;
}

/** The settings that were written down somewhere; the others have their defaults. */
export type GivenSettings = ReadonlyMap<SettingName, GivenValue>;

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  readonly given: GivenSettings;
}

/** What `seriatim tape serve` is told: its own table, of rows that a node has too. */
export type TapeConfiguration = TapeSettings &
  Pick<Configuration, "keys" | "tlsCert" | "tlsKey" | "logLevel">;

export const TAPE_SERVE_SETTINGS: readonly Setting[] = tapeServeSettings(SETTINGS);

export interface ConfigurationSources {
  /** Text of each flag by its name in camel case, as the command line's parser collected it. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The path given by --config; a variable stands in for it. */
  readonly file?: string | undefined;
}

/** Throws SeriatimError (`CONFIGURATION_INVALID`, exit 2) on the first thing that is wrong. */
export function loadConfiguration(sources: ConfigurationSources): LoadedConfiguration {
  const { values, given } = readSettings(SETTINGS, sources, "SERIATIM_CONFIG");
  // Every row of the table has put its own kind of value under its own name.
  const configuration = values as unknown as Configuration;
  refuseContradictions(configuration, given);
  return { configuration, given };
}

/** The same for a tape alone. Its file is another one: SERIATIM_TAPE_CONFIG stands in for --config. */
export function loadTapeConfiguration(sources: ConfigurationSources): TapeConfiguration {
  const { values } = readSettings(TAPE_SERVE_SETTINGS, sources, "SERIATIM_TAPE_CONFIG");
  const configuration = values as unknown as TapeConfiguration;
  refuseHalfTls({ ...configuration, tlsCa: "", nodeKey: "" });
  return configuration;
}

function readSettings(settings: readonly Setting[], sources: ConfigurationSources, fileVariable: string) {
  const path = sources.file ?? (sources.environment[fileVariable] || undefined);
  const file = path === undefined ? undefined : readConfigurationFile(path, settings);
  const given = new Map<SettingName, GivenValue>();
  const values: Partial<Record<SettingName, SettingValue>> = {};
  for (const setting of settings) {
    const found = findGiven(setting, sources, file);
    if (found !== undefined) given.set(setting.name, found);
    values[setting.name] = found?.value ?? setting.default;
  }
  return { values, given };
}

/** The configuration a program embeds: defaults with some values replaced, checked like any other. */
export function configurationOf(some: Partial<Configuration>): LoadedConfiguration {
  refuseUnknownNames(some);
  const given = new Map<SettingName, GivenValue>();
  for (const setting of SETTINGS) {
    const value = some[setting.name];
    if (value !== undefined) given.set(setting.name, parse(setting, "json", value, setting.name));
  }
  const values = Object.fromEntries(SETTINGS.map((s) => [s.name, given.get(s.name)?.value ?? s.default]));
  const configuration = values as unknown as Configuration;
  refuseContradictions(configuration, given);
  return { configuration, given };
}

function refuseUnknownNames(some: object): void {
  const known: ReadonlySet<string> = new Set(SETTINGS.map(({ name }) => name));
  const unknown = Object.keys(some).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(`unknown setting ${unknownName(unknown, known)}`);
}

/** One setting as the environment gives it, else its default; throws as loadConfiguration does. */
export function environmentSetting<Name extends SettingName>(
  name: Name,
  environment: ConfigurationSources["environment"],
): Configuration[Name] {
  return inEnvironment(SETTINGS, name, environment) as Configuration[Name];
}

/** The same of a tape alone. */
export function environmentTapeSetting<Name extends keyof TapeConfiguration>(
  name: Name,
  environment: ConfigurationSources["environment"],
): TapeConfiguration[Name] {
  return inEnvironment(TAPE_SERVE_SETTINGS, name, environment) as TapeConfiguration[Name];
}

function inEnvironment(
  settings: readonly Setting[],
  name: SettingName,
  environment: ConfigurationSources["environment"],
): SettingValue {
  const setting = settings.find((row) => row.name === name) as Setting;
  return findGiven(setting, { flags: {}, environment }, undefined)?.value ?? setting.default;
}

function findGiven(
  setting: Setting,
  sources: ConfigurationSources,
  file: ConfigurationFile | undefined,
): GivenValue | undefined {
  const flag = sources.flags[camelCase(settingKey(setting))];
  if (flag !== undefined) return parse(setting, "text", flag, settingFlag(setting));
  const variable = settingVariable(setting);
  const text = sources.environment[variable];
  if (text) return parse(setting, "text", text, variable);
  const key = settingKey(setting);
  if (file?.values.has(key)) return parse(setting, "json", file.values.get(key), `${file.path}: "${key}"`);
  return undefined;
}

function camelCase(key: string): string {
  return key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function parse(setting: Setting, spelling: Spelling, input: unknown, origin: string): GivenValue {
  const parsed = parseSetting(setting, spelling, input);
  if ("problem" in parsed) throw invalid(`${origin}: ${parsed.problem}`);
  return { value: parsed.value, origin };
}

function refuseContradictions(c: Configuration, given: GivenSettings): void {
  if (c.symbols.length > c.symbolsMax) {
    throw invalid(`symbols: ${c.symbols.length} are given, but symbols-max is ${c.symbolsMax}`);
  }
  refuseSharedPorts(c);
  if (c.openOrderEntry === "on" && !isLoopback(c.host))
    throw invalid(`open-order-entry is on: others than this machine could trade for anybody on ${c.host}`);
  refuseHalfACluster(c, given);
  refuseHalfTls(c);
  refuseHalfAFeed(c);
  refuseHalfATape(c, given);
}

/** Those that are listened on, now or once it leads: one that is taken by itself is found when everything else is open. */
function refuseSharedPorts(c: Configuration): void {
  const { orderPort, httpPort, adminPort, replicationPort, keys, nodeKey } = c;
  const ports: [name: string, port: number][] = [
    ["order-port", orderPort],
    ["http-port", httpPort],
    ...feedPortsOf(c),
  ];
  if (c.tapePort >= 0) ports.push(["tape-port", c.tapePort]);
  if (keys !== "") ports.push(["admin-port", adminPort]);
  if (nodeKey !== "") ports.push(["replication-port", replicationPort]);
  const byPort = new Map<number, string>();
  for (const [name, port] of ports) {
    const other = byPort.get(port);
    if (other !== undefined) throw invalid(`${other} and ${name} are both ${port}: each needs its own`);
    if (port !== 0) byPort.set(port, name);
  }
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("CONFIGURATION_INVALID", message, { exitCode: 2 });
}
