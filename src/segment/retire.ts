// Removing the oldest segments of a log: whole ones, oldest first, so that what is left has no gap wherever this is
// interrupted. The newest always stays. Needs nothing of the writer, so it may run on another thread than that.

import { SeriatimError } from "../base/index.ts";
import { listLogDirectory, segmentName } from "./directory.ts";
import { isOwnEpoch } from "./epoch.ts";
import { headerOf } from "./header.ts";
import type { LogLimits } from "./limits.ts";
import type { LogPlace } from "./log.ts";

/**
 * Removes the segments whose positions all lie before `before`, the newest `keep` of them left out; returns their names,
 * oldest first. Whoever calls knows that a verified snapshot covers them and that nobody else wants them. Durable on return;
 * throws what the disk says.
 */
export function retireSegments(place: LogPlace, before: number, keep = 0): string[] {
  const { storage, directory, log } = place;
  const { segments } = listLogDirectory(storage, directory, log);
  const names = segments.map((number) => segmentName(log, number));
  const going = names.slice(0, Math.max(0, coveredBefore(place, segments, before) - keep));
  for (const name of going) removeSegment(place, name);
  return going;
}

/** Each by itself: a crash must not keep an older one's name and lose a younger one's. */
function removeSegment({ storage, directory }: LogPlace, name: string): void {
  storage.remove(`${directory}/${name}`);
  storage.syncDirectory(directory);
}

/**
 * Removes segment `number`, which is the oldest of a log that knows its segments and what they hold, and not the newest.
 * Durable on return.
 */
export function retireOldest(place: LogPlace, number: number): void {
  removeSegment(place, segmentName(place.log, number));
}

/**
 * Whether the file of segment `number` may become another segment: what is left of it there is told from what is written by
 * positions, in a log whose frames nobody imitates.
 */
export function isReusable(
  place: LogPlace,
  number: number,
  { segmentBytes, preallocation }: LogLimits,
): boolean {
  const header = headerOf(place, number);
  if (typeof header === "string" || preallocation !== "sparse") return false;
  return isOwnEpoch(header.epoch) && header.segmentBytes === segmentBytes;
}

/** A segment ends where the next one begins; one whose header has rotted, where the next one that can tell does. */
function coveredBefore(place: LogPlace, segments: readonly number[], before: number): number {
  for (let i = segments.length - 1; i > 0; i--) {
    const header = headerOf(place, segments[i]);
    if (typeof header !== "string" && header.firstPosition <= before) return i;
  }
  return 0;
}

/** The position that segment `number` begins with, by its header; throws LOG_CORRUPT, or what the disk says. */
export function firstPositionOf(place: LogPlace, number: number): number {
  const header = headerOf(place, number);
  if (typeof header !== "string") return header.firstPosition;
  const path = `${place.directory}/${segmentName(place.log, number)}`;
  throw new SeriatimError("LOG_CORRUPT", `corrupt: ${path} at offset 0: ${header}`);
}
