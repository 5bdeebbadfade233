// How command-line arguments become values, for every command: one wording, exit 2.

import type { Command } from "commander";
import { SeriatimError } from "../base/index.ts";

/** A SeriatimError for wrong usage: one line, exit 2. */
export function usageError(message: string): SeriatimError {
  return new SeriatimError("USAGE", message, { exitCode: 2 });
}

/** A parser for the value of `flag`: a whole number from `min` to `max`. */
export function wholeNumber(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw usageError(`${flag}: ${JSON.stringify(text)} is not a whole number from ${min} to ${max}`);
  };
}

/** Seeds of one run; a run is meant to be watched. */
const SEEDS_MAX = 1_000_000;

/** Parses the value of --seeds: one seed, or `1..100`, both ends included. */
export function seedRange(text: string): [first: number, last: number] {
  const match = /^([0-9]{1,15})(?:\.\.([0-9]{1,15}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first > last)
    throw usageError(`--seeds: ${JSON.stringify(text)} is not a seed, nor a range such as 1..100`);
  if (last - first >= SEEDS_MAX) throw usageError(`--seeds: at most ${SEEDS_MAX} seeds at a time`);
  return [first, last];
}

/** `host:port`, an IPv6 address in brackets. */
export function parseHostPort(text: string): { host: string; port: number } {
  const [, inBrackets, name, port] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = inBrackets ?? name;
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return { host, port: Number(port) };
  throw usageError(`${JSON.stringify(text)} is not HOST:PORT with a port from 1 to 65535`);
}

/** The opposite of parseHostPort. */
export function formatHostPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Makes `command` and all below it refuse an option that is given twice (the last one would win silently), and text that
 * is empty: mostly a shell variable that is not set, and never a name of anything.
 */
export function refuseCarelessText(command: Command): void {
  command.hook("preAction", (_, action) => refuseEmptyArgument(action));
  refuseCarelessOptions(command);
}

function refuseEmptyArgument({ args, registeredArguments }: Command): void {
  const at = args.indexOf("");
  if (at < 0) return;
  const name = (registeredArguments[at] ?? registeredArguments.at(-1)).name();
  throw usageError(`<${name}> is empty`);
}

function refuseCarelessOptions(command: Command): void {
  for (const option of command.options) {
    if (option.isBoolean() || option.variadic) continue;
    const name = option.long ?? option.flags;
    const parse = option.parseArg;
    let given = false;
    option.argParser((text: string, previous: unknown) => {
      if (given) throw usageError(`${name} is given twice`);
      if (text === "") throw usageError(`${name} is empty`);
      given = true;
      return parse === undefined ? text : parse(text, previous);
    });
  }
  for (const below of command.commands) refuseCarelessOptions(below);
}
