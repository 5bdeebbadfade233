// Variables that look like settings and are none: a typo in a name changes nothing, and would be found when something is not in force.
// They are said and not refused, since others set some: a cluster exports SERIATIM_SERVICE_HOST for a service of that name, and the
// like, which are passed over. Pure.

import { SETTINGS, settingVariable } from "./settings.ts";

const PREFIX = "SERIATIM_";

/** What is no row of the table: where settings are, the command line's own, and what this project's tests are told. */
const OTHERS = ["CONFIG", "TAPE_CONFIG", "DEBUG", "LAUNCHED", "SEED", "SEEDS", "KILLS"];

/** As services are told of: SERIATIM_SERVICE_PORT_HTTP, SERIATIM_PORT_9009_TCP_ADDR; SERIATIM_PORT by its value, tcp://10.0.0.1:9009. */
const SERVICE_NAME = /_SERVICE_(HOST|PORT)(_|$)|_PORT_[0-9]+_(TCP|UDP|SCTP)(_|$)/;
const SERVICE_VALUE = /^(tcp|udp|sctp):\/\//;

/** Longer ones are nothing that somebody meant to be a setting's. */
const NAME_MAX = 64;

export interface UnknownVariable {
  readonly variable: string;
  /** The setting's that was meant, as it seems. */
  readonly nearest: string | undefined;
}

/** Those of `environment`, by name. An empty one counts as not set. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly UnknownVariable[] {
  const known = [...SETTINGS.map(settingVariable), ...OTHERS.map((name) => PREFIX + name)];
  const isKnown = new Set(known);
  return Object.entries(environment)
    .filter(([name, value]) => value && name.startsWith(PREFIX) && !isKnown.has(name))
    .filter(([name, value]) => !SERVICE_NAME.test(name) && !SERVICE_VALUE.test(value as string))
    .map(([variable]) => ({ variable, nearest: nearestOf(variable, known) }))
    .sort((a, b) => (a.variable < b.variable ? -1 : 1));
}

/** What is said of one, in a line. */
export function unknownVariableText({ variable, nearest }: UnknownVariable): string {
  const meant = nearest === undefined ? "" : `, is ${nearest} meant?`;
  return `${JSON.stringify(variable).slice(1, -1)} is no setting and changes nothing${meant}`;
}

/** The known name that the fewest letters make of it: a quarter of them at most. */
function nearestOf(variable: string, known: readonly string[]): string | undefined {
  if (variable.length > NAME_MAX) return undefined;
  let nearest: string | undefined;
  let least = Math.floor((variable.length - PREFIX.length) / 4) + 1;
  for (const name of known) {
    const edits = editsBetween(variable, name);
    if (edits < least) [nearest, least] = [name, edits];
  }
  return nearest;
}

/** Letters to insert, delete or replace. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}
