// What another version of the program wrote. It is whole by every checksum, so it is no damage: it is refused as what it is, and no repair
// takes any of it away.

import { SeriatimError } from "../../base/index.ts";
import { tapeEntryVersionProblem, tapeMemoryOf } from "../../protocol/index.ts";
import {
  type LogPlace,
  otherFormatOf,
  readFirstFrameOf,
  SECTOR_BYTES,
  segmentName,
} from "../../segment/index.ts";
import { corruptSegment } from "./segment-files.ts";

export const OTHER_VERSION = "LOG_VERSION";

/** `where`: the file, the offset in it, and what else is known. */
export function otherVersionAt(where: string, why: string): SeriatimError {
  return new SeriatimError(OTHER_VERSION, `${where}: ${why}`);
}

/** What segment `number` is by its header and its first entry, when that is another version's; undefined: this one's, or damaged. */
export function otherVersionOf(log: LogPlace, number: number): SeriatimError | undefined {
  const path = `${log.directory}/${segmentName(log.log, number)}`;
  const format = otherFormatOf(log, number);
  if (format !== undefined) return otherVersionAt(`${path} at offset 0`, format);
  let entry: string | undefined;
  readFirstFrameOf(log, number, ({ bytes, payloadAt }) => {
    entry = tapeEntryVersionProblem(tapeMemoryOf(bytes).view, payloadAt);
  });
  return entry === undefined ? undefined : otherVersionAt(`${path} at offset ${SECTOR_BYTES}`, entry);
}

/** Why a segment can't be begun with: it is another version's, or else damaged, `why` so. */
export function unusableSegment(log: LogPlace, number: number, why: string): SeriatimError {
  return otherVersionOf(log, number) ?? corruptSegment(log, number, why);
}
