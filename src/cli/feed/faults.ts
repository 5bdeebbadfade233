// How faults on purpose are written on the command line: NAME, or NAME=VALUE[:VALUE...].
//
//   gap=100, gap=0.01                 a number left out before every 100th data frame, or before each by chance
//   fragment=7                        writes of 1 to so many bytes
//   corrupt=0.01[:header]             a byte of a data frame changed: any, header, payload, checksum
//   disconnect=5000[:reset][:whole]   the end after so many frames: by finish or reset, within a frame or behind a whole one
//   stall=1000[:5]                    nothing written for so many seconds after so many frames

import { CORRUPT_WHERE, type CorruptWhere, type TickFaults } from "../../feed/index.ts";
import { usageError } from "../arguments.ts";

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

const GAP_EVERY_MAX = 1_000_000;
const CHUNK_MAX = 1_000;
const AFTER_MAX = 1_000_000_000;
const STALL_MAX_S = 3_600;
const US_PER_S = 1_000_000;

/** The faults that `words` name; throws a usage error for the first word that names none. */
export function parseFaults(words: readonly string[]): TickFaults {
  const faults: Mutable<TickFaults> = {};
  for (const word of words) {
    const [name, ...rest] = word.split("=");
    const parse = PARSERS[name];
    if (parse === undefined || rest.length > 1 || rest[0] === "") throw refusal(word, name);
    if (name in faults) throw usageError(`--faults: ${name} is given twice`);
    const found = parse(rest.length === 0 ? [] : rest[0].split(":"));
    if (found === undefined) throw refusal(word, name);
    Object.assign(faults, found);
  }
  return faults;
}

type Parser = (values: readonly string[]) => TickFaults | undefined;

const PARSERS: Readonly<Record<string, Parser>> = {
  gap: ([value = "100", ...more]) => {
    const every = whole(value, GAP_EVERY_MAX);
    const probability = chance(value);
    if (more.length > 0) return undefined;
    if (every !== undefined) return { gap: { every } };
    return probability === undefined ? undefined : { gap: { probability } };
  },
  fragment: ([value = "7", ...more]) => {
    const maxChunk = whole(value, CHUNK_MAX);
    return maxChunk === undefined || more.length > 0 ? undefined : { fragment: { maxChunk } };
  },
  corrupt: ([value = "0.01", where = "any", ...more]) => {
    const probability = chance(value);
    if (probability === undefined || !isWhere(where) || more.length > 0) return undefined;
    return { corrupt: { probability, where } };
  },
  disconnect: ([value, ...more]) => {
    const after = value === undefined ? undefined : whole(value, AFTER_MAX);
    if (value !== undefined && after === undefined) return undefined;
    if (more.some((word, i) => !["reset", "whole"].includes(word) || more.indexOf(word) < i))
      return undefined;
    const how = more.includes("reset") ? "reset" : "finish";
    return { disconnect: { ...(after === undefined ? {} : { after }), cut: !more.includes("whole"), how } };
  },
  stall: ([value = "1000", seconds = "5", ...more]) => {
    const after = whole(value, AFTER_MAX);
    const duration_s = whole(seconds, STALL_MAX_S);
    if (after === undefined || duration_s === undefined || more.length > 0) return undefined;
    return { stall: { after, duration_us: duration_s * US_PER_S } };
  },
};

/** How each is written, with its bounds; P is a chance between 0 and 1, as 0.01. */
const FORMS: Readonly<Record<string, string>> = {
  gap: `gap=N (1 to ${GAP_EVERY_MAX}) or gap=P (between 0 and 1)`,
  fragment: `fragment=BYTES (1 to ${CHUNK_MAX})`,
  corrupt: `corrupt=P[:WHERE] (between 0 and 1; ${CORRUPT_WHERE.join(", ")})`,
  disconnect: `disconnect=FRAMES[:reset][:whole] (1 to ${AFTER_MAX})`,
  stall: `stall=FRAMES[:SECONDS] (1 to ${AFTER_MAX}; 1 to ${STALL_MAX_S})`,
};

function refusal(word: string, name: string): Error {
  const all =
    "gap=N, fragment=BYTES, corrupt=P[:WHERE], disconnect=FRAMES[:reset][:whole] or stall=FRAMES[:SECONDS]";
  return usageError(`--faults: ${JSON.stringify(word)} is not ${FORMS[name] ?? all}`);
}

/** A whole number from 1 to `max`. */
function whole(text: string, max: number): number | undefined {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value >= 1 && value <= max ? value : undefined;
}

/** A probability above 0 and below 1. */
function chance(text: string): number | undefined {
  const value = /^0?\.[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  return value > 0 ? value : undefined;
}

function isWhere(text: string): text is CorruptWhere {
  return (CORRUPT_WHERE as readonly string[]).includes(text);
}
