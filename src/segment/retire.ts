// Removing the oldest segments of a log: whole ones, oldest first, so that what is left has no gap wherever this is
// interrupted. The newest always stays. Needs nothing of the writer, so it may run on another thread than that.

import { SeriatimError } from "../base/index.ts";
import { listLogDirectory, segmentName } from "./directory.ts";
import { headerOf } from "./header.ts";
import type { LogPlace } from "./log.ts";

export interface Retirement {
  /** Names of the files that were removed, oldest first. */
  readonly removed: readonly string[];
  /** What the log begins with now; 0 when it has no segment. */
  readonly firstPosition: number;
}

/**
 * Removes every segment whose positions all lie before `before`: whoever calls knows that a verified snapshot covers
 * them and that nobody else wants them. Durable on return. Throws LOG_CORRUPT for a header that can't be read, with
 * everything from there on left as it is, or what the disk says.
 */
export function retireSegments(place: LogPlace, before: number): Retirement {
  const { storage, directory, log } = place;
  const numbers = listLogDirectory(storage, directory, log).segments;
  const removed: string[] = [];
  let firstPosition = numbers.length === 0 ? 0 : firstPositionOf(place, numbers[0]);
  // A segment ends where the next one begins.
  for (let i = 0; i + 1 < numbers.length; i++) {
    const end = firstPositionOf(place, numbers[i + 1]);
    if (end > before) break;
    const name = segmentName(log, numbers[i]);
    storage.remove(`${directory}/${name}`);
    // Each by itself: a crash must not keep an older one's name and lose a younger one's.
    storage.syncDirectory(directory);
    removed.push(name);
    firstPosition = end;
  }
  return { removed, firstPosition };
}

/** The position that segment `number` begins with, by its header; throws LOG_CORRUPT, or what the disk says. */
export function firstPositionOf(place: LogPlace, number: number): number {
  const header = headerOf(place, number);
  if (typeof header !== "string") return header.firstPosition;
  const path = `${place.directory}/${segmentName(place.log, number)}`;
  throw new SeriatimError("LOG_CORRUPT", `corrupt: ${path} at offset 0: ${header}`);
}
