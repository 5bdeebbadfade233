// The settings as people look for them: groups with a heading, for the help of `seriatim start` and docs/configuration.md. The
// table itself (settings.ts) knows no groups; a setting that is in none, or in two, is a bug that every start would show.

import { assert } from "../base/index.ts";
import { LIMIT_SETTINGS } from "./limit-settings.ts";
import { MARKET_DATA_SETTINGS } from "./market-data-settings.ts";
import { SETTINGS, type Setting, type SettingName } from "./settings.ts";
import { TAPE_SETTINGS } from "./tape-settings.ts";

export interface SettingGroup {
  readonly heading: string;
  readonly settings: readonly Setting[];
}

const namesOf = (settings: readonly Setting[]) => settings.map(({ name }) => name);

const GROUPS: readonly (readonly [heading: string, names: readonly SettingName[]])[] = [
  [
    "Listening, keys and TLS",
    ["host", "orderPort", "openOrderEntry", "httpPort", "keys", "adminPort", "tlsCert", "tlsKey", "tlsCa"],
  ],
  ["The log on disk", ["dataDir", "durability", "segmentBytes", "snapshotEvery", "journalKeep"]],
  ["Several nodes", ["nodeKey", "replicationPort", "replicaOf", "peers", "ackPolicy"]],
  ["Limits of order entry", ["connectionsMax", ...namesOf(LIMIT_SETTINGS)]],
  ["Market data", namesOf(MARKET_DATA_SETTINGS)],
  ["The tape inside the node", namesOf(TAPE_SETTINGS)],
  ["Traders, threads, logging", ["accounts", "simulate", "threads", "wait", "logLevel"]],
];

/** What decides results first: it is fixed with the first start. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  { heading: "Settings that decide results", settings: SETTINGS.filter(({ genesis }) => genesis) },
  ...GROUPS.map(([heading, names]) => ({ heading, settings: names.map(settingOf) })),
];

function settingOf(name: SettingName): Setting {
  const setting = SETTINGS.find((one) => one.name === name);
  assert(setting !== undefined, "a group names settings that there are");
  return setting;
}

const grouped = SETTING_GROUPS.flatMap(({ settings }) => settings);
assert(
  grouped.length === SETTINGS.length && new Set(grouped).size === grouped.length,
  "every setting is in one group",
);
