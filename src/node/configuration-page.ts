// docs/configuration.md, written from the settings table, so that it says what the program does.

import { TAPE_SERVE_SETTINGS } from "./configuration.ts";
import { SETTING_GROUPS, type SettingGroup } from "./setting-groups.ts";
import { describeKind } from "./setting-value.ts";
import { defaultText, type Setting, settingFlag, settingKey, settingVariable } from "./settings.ts";

const BEGIN = `# Configuration

Every setting of \`seriatim start\`. This page is written from the settings table (\`src/node/settings.ts\`); a test keeps the two equal.

A setting is taken from the first of these that has it:
1. its flag: \`seriatim start --order-port 9010\`;
2. its environment variable: \`SERIATIM_ORDER_PORT=9010\` (an empty one counts as not set);
3. the JSON file named by \`--config FILE\` or \`SERIATIM_CONFIG\`: \`{ "order-port": 9010, "symbols": ["A", "B:4:25"] }\`;
4. its default.

Everything is checked before anything is done: an unknown flag or key, a value out of range, anything given twice ends
the program with status 2 and one line that says where it was written, and which name seems to be meant. A variable that begins with SERIATIM_ and is no setting
gives one warning, with the name that seems to be meant. (Variables that clusters set for a service of that name give none.)
`;

/** Behind the heading of the first group. */
const GENESIS = `
They are the log's first entry, written when a data directory is used for the first time. Later starts take them from the
log: leave them out, or give the same values. Another value is refused, because the log would mean something else.
`;

const TAPE = `
## The tape as a program of its own

\`seriatim tape serve\` has the same settings of the tape, without the prefix, and those of a node that are listed here. The variables are the same; the
file is another one (\`--config FILE\` or \`SERIATIM_TAPE_CONFIG\`), with keys like \`"port"\`.

| flag and key | variable | value | default |
| --- | --- | --- | --- |
`;

/** The page as Markdown. */
export function configurationPage(): string {
  return BEGIN + contents() + SETTING_GROUPS.map(group).join("") + TAPE + tapeRows();
}

function contents(): string {
  const rows = SETTING_GROUPS.map(
    ({ heading, settings }) => `| ${heading} | ${settings.map(settingKey).map(linkTo).join(", ")} |\n`,
  );
  return `\n| group | settings |\n| --- | --- |\n${rows.join("")}`;
}

function linkTo(key: string): string {
  return `[${key}](#${key})`;
}

function group({ heading, settings }: SettingGroup): string {
  const introduction = settings.every(({ genesis }) => genesis) ? GENESIS : "";
  return `\n## ${heading}\n${introduction}${settings.map(section).join("")}`;
}

function tapeRows(): string {
  return TAPE_SERVE_SETTINGS.map(
    (setting) =>
      `| \`${settingFlag(setting)}\` | \`${settingVariable(setting)}\` | ${describeKind(setting.kind)} | \`${defaultText(setting)}\` |\n`,
  ).join("");
}

function section(setting: Setting): string {
  const unit = setting.unit === "" ? "" : ` (${setting.unit})`;
  const bare = setting.kind.type === "integer" ? setting.kind.bare : undefined;
  const alone = bare === undefined ? "" : `; the flag alone means ${bare}`;
  return `
### ${settingKey(setting)}
\`${settingFlag(setting)}\`, \`${settingVariable(setting)}\`, \`"${settingKey(setting)}"\`

${setting.help}

- Value${unit}: ${describeKind(setting.kind)}${alone}
- Default: \`${defaultText(setting)}\`
`;
}
