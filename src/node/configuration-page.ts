// docs/configuration.md, written from the settings table, so that it says what the program does.

import { TAPE_SERVE_SETTINGS } from "./configuration.ts";
import { describeKind } from "./setting-value.ts";
import { defaultText, SETTINGS, type Setting, settingFlag, settingKey, settingVariable } from "./settings.ts";

const BEGIN = `# Configuration

Written from the settings table (\`src/node/settings.ts\`); a test keeps the two equal.

A setting is taken from the first of these that has it:
1. its flag: \`seriatim start --order-port 9010\`;
2. its environment variable: \`SERIATIM_ORDER_PORT=9010\` (an empty one counts as not set);
3. the JSON file named by \`--config FILE\` or \`SERIATIM_CONFIG\`: \`{ "order-port": 9010, "symbols": ["A", "B:4:25"] }\`;
4. its default.

Everything is checked before anything is done: an unknown flag or key, a value out of range, anything given twice ends
the program with status 2 and one line that says where it was written. A variable that begins with SERIATIM_ and is no setting is
one warning, with the name that seems to be meant: others may set such, as clusters do for a service of that name (these are passed over).
`;

const GENESIS = `
## Settings that decide results

They are the log's first entry, written when a data directory is used for the first time. Later starts take them from the
log: leave them out, or give the same values. Another value is refused, because the log would mean something else.
`;

const OTHERS = `
## Settings of one run
`;

const TAPE = `
## The tape as a program of its own

\`seriatim tape serve\` has the same settings of the tape, without the prefix, and of a node's what is below. The variables are the same; the
file is another one (\`--config FILE\` or \`SERIATIM_TAPE_CONFIG\`), with keys like \`"port"\`.

| flag and key | variable | value | default |
| --- | --- | --- | --- |
`;

/** The page as Markdown. */
export function configurationPage(): string {
  const genesis = SETTINGS.filter((setting) => setting.genesis);
  const others = SETTINGS.filter((setting) => !setting.genesis);
  return BEGIN + GENESIS + sections(genesis) + OTHERS + sections(others) + TAPE + tapeRows();
}

function tapeRows(): string {
  return TAPE_SERVE_SETTINGS.map(
    (setting) =>
      `| \`${settingFlag(setting)}\` | \`${settingVariable(setting)}\` | ${describeKind(setting.kind)} | \`${defaultText(setting)}\` |\n`,
  ).join("");
}

function sections(settings: readonly Setting[]): string {
  return settings.map(section).join("");
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
