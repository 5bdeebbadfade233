// Variables that look like settings and are none: a typo in a name changes nothing, and would be found when something is not in force.
// They are said and not refused, since others set some: a cluster exports SERIATIM_SERVICE_HOST for a service of that name, and the
// like, which are passed over. Pure.

import { meantText, nearestName } from "../base/index.ts";
import { SETTINGS, settingVariable } from "./settings.ts";

const PREFIX = "SERIATIM_";

/** What is no row of the table: where settings are, the command line's own, and what this project's tests are told. */
const OTHERS = ["CONFIG", "TAPE_CONFIG", "DEBUG", "LAUNCHED", "SEED", "SEEDS", "KILLS"];

/** As services are told of: SERIATIM_SERVICE_PORT_HTTP, SERIATIM_PORT_9009_TCP_ADDR; SERIATIM_PORT by its value, tcp://10.0.0.1:9009. */
const SERVICE_NAME = /_SERVICE_(HOST|PORT)(_|$)|_PORT_[0-9]+_(TCP|UDP|SCTP)(_|$)/;
const SERVICE_VALUE = /^(tcp|udp|sctp):\/\//;

export interface UnknownVariable {
  readonly variable: string;
  /** The setting's that was meant, as it seems. */
  readonly nearest: string | undefined;
}

/** Those of `environment`, by name. An empty one counts as not set. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly UnknownVariable[] {
  const known = new Set([...SETTINGS.map(settingVariable), ...OTHERS.map((name) => PREFIX + name)]);
  return Object.entries(environment)
    .filter(([name, value]) => value && name.startsWith(PREFIX) && !known.has(name))
    .filter(([name, value]) => !SERVICE_NAME.test(name) && !SERVICE_VALUE.test(value as string))
    .map(([variable]) => ({ variable, nearest: nearestOf(variable, known) }))
    .sort((a, b) => (a.variable < b.variable ? -1 : 1));
}

/** What is said of one, in a line. */
export function unknownVariableText({ variable, nearest }: UnknownVariable): string {
  return `${JSON.stringify(variable).slice(1, -1)} is no setting and changes nothing${meantText(nearest)}`;
}

/** By what stands behind the prefix, which all have. */
function nearestOf(variable: string, known: ReadonlySet<string>): string | undefined {
  const names = [...known].map((name) => name.slice(PREFIX.length));
  const nearest = nearestName(variable.slice(PREFIX.length), names);
  return nearest === undefined ? undefined : PREFIX + nearest;
}
