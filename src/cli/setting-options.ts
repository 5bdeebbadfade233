// The flags of a node, made from its settings table. Their values stay text here: the table's own checks judge
// flags, environment and file alike (node/configuration.ts).

import { type Command, Option } from "commander";
import { defaultText, SETTING_GROUPS, type Setting, settingFlag } from "../node/index.ts";

/** Adds one option per setting of a node, by groups. */
export function addNodeOptions(command: Command): void {
  for (const { heading, settings } of SETTING_GROUPS) {
    const fixed = settings.every(({ genesis }) => genesis)
      ? " (fixed by the first start of a data directory)"
      : "";
    for (const setting of settings)
      command.addOption(settingOption(setting).helpGroup(`${heading}${fixed}:`));
  }
}

/** Adds one option per setting of a program's table. */
export function addSettingOptions(command: Command, settings: readonly Setting[]): void {
  for (const setting of settings) command.addOption(settingOption(setting));
}

function settingOption(setting: Setting): Option {
  const { kind } = setting;
  const units = setting.default === 1 ? setting.unit.replace(/s(?= |$)/, "") : setting.unit;
  const unit = units === "" ? "" : ` ${units}`;
  const bare = kind.type === "integer" ? kind.bare : undefined;
  const value = bare === undefined ? `<${placeholder(setting)}>` : `[${placeholder(setting)}]`;
  const option = new Option(
    `${settingFlag(setting)} ${value}`,
    `${setting.help} Default: ${defaultText(setting)}${unit}.`,
  );
  if (bare !== undefined) option.preset(String(bare));
  return option;
}

function placeholder({ kind, name }: Setting): string {
  switch (kind.type) {
    case "integer":
      return "n";
    case "choice":
      return kind.of.join("|");
    case "instruments":
      return "symbol,...";
    case "accounts":
      return "name=number,...";
    case "file":
      return "file";
    case "directory":
      return "dir";
    case "addresses":
      return "host:port";
    case "address":
      return "address";
    case "names":
      return kind.of.join(",");
    case "text":
      return name === "dataDir" || name === "tapeDataDir" ? "dir" : "address";
  }
}
