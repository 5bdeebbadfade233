// Names of a log's files. Segment 7 of the log `journal` is `journal-0000000007.seg`; while it is being made it is
// `journal-0000000007.seg.tmp`, and gets its name only when its zeros and its header are safe. So a `.tmp` file is
// an interrupted creation and holds nothing; anything else in the directory is not ours and is never touched.

import { SeriatimError, type Storage } from "../base/index.ts";
import { mayLackName } from "./may-lack.ts";

/** Digits of the number in a name: names sort as numbers do, up to ten thousand million segments. */
const NUMBER_DIGITS = 10;
/** What every finished segment's name ends with. */
export const SEGMENT_SUFFIX = ".seg";
const TEMPORARY_SUFFIX = ".tmp";

export function segmentName(log: string, number: number): string {
  return `${log}-${String(number).padStart(NUMBER_DIGITS, "0")}${SEGMENT_SUFFIX}`;
}

/** The number in a segment's name, or at the end of its path. */
export function segmentNumberOf(path: string): number {
  return Number(/-([0-9]+)\.seg$/.exec(path)?.[1]);
}

export function temporaryName(log: string, number: number): string {
  return segmentName(log, number) + TEMPORARY_SUFFIX;
}

export interface LogDirectory {
  /** Numbers of the segments, ascending. */
  readonly segments: readonly number[];
  /** Names of unfinished segments. */
  readonly temporaries: readonly string[];
  /** Whether it may lack what was once safe in it (may-lack.ts). */
  readonly mayLack: boolean;
}

/** What lies in the directory of the log named `log`; throws when something in it is not that log's. */
export function listLogDirectory(storage: Storage, directory: string, log: string): LogDirectory {
  const segments: number[] = [];
  const temporaries: string[] = [];
  let mayLack = false;
  const ours = new RegExp(`^${log}-([0-9]{${NUMBER_DIGITS}})\\${SEGMENT_SUFFIX}(\\${TEMPORARY_SUFFIX})?$`);
  for (const name of storage.list(directory)) {
    if (name === mayLackName(log)) {
      mayLack = true;
      continue;
    }
    const match = ours.exec(name);
    if (match === null) {
      throw new SeriatimError(
        "FOREIGN_DIRECTORY",
        `${directory} is not a ${log} directory: it holds ${name}`,
      );
    }
    if (match[2] === undefined) segments.push(Number(match[1]));
    else temporaries.push(name);
  }
  return { segments, temporaries, mayLack };
}
