// What keeps a topic's log from being opened, and what has to go of it so that it can be. Reads as an opening does, and changes nothing.
//
//   an opening finds                        then
//   --------------------------------------  ------------------------------------------------------------------------
//   clean, or a torn end                    nothing has to go: any opening cuts what is torn
//   damage behind a file's checkpoint       the file is cut there, and the files behind it go: nothing may follow a gap
//   damage at a file's beginning            that file goes with those behind it, and the one before is looked at
//   the newest file is missing              the mark that says so is cut from the one before
//   no checkpoint in the oldest file        it goes, up to the first that has one: a log begins with one
//   another version's file or entry         refused: it is whole, and a program that knows it can read it
//
// What goes may have been acknowledged: who asks for it has to say so. Damage before the last file keeps nobody from opening.

import { SeriatimError, type Storage } from "../../base/index.ts";
import {
  describeScan,
  FIRST_EPOCH,
  headerOf,
  type LogFrame,
  type LogPlace,
  listLogDirectory,
  SECTOR_BYTES,
  scanLog,
  segmentName,
  segmentNumberOf,
} from "../../segment/index.ts";
import { firstToRead } from "./open-topic.ts";
import { OTHER_VERSION, otherVersionOf } from "./other-version.ts";
import { corruptSegment } from "./segment-files.ts";
import { readSegmentHead } from "./segment-head.ts";
import { TOPIC_LIMITS, type TopicLimits, type TopicPlace, topicLogPlace } from "./topic-place.ts";
import { TopicState } from "./topic-state.ts";

interface RepairCut {
  readonly segment: number;
  readonly name: string;
  readonly offset: number;
  /** Nothing is lost by it: the mark that names the next file, which goes. */
  readonly isMarkOnly: boolean;
}

export interface RepairPlan {
  /** Why an opening refuses the log, with file, offset and reason; undefined: none does. */
  readonly damage: string | undefined;
  /** An opening cuts the log's end, which nobody was told was safe: what and where. */
  readonly torn: string | undefined;
  /** Names of the files that go, in the order in which they may: those behind the damage, the newest first, then the oldest ones. */
  readonly going: readonly string[];
  /** The file that is cut, and where. */
  readonly cut: RepairCut | undefined;
  /** What is left then: records `oldestRecord` up to the one before `nextRecord`. */
  readonly oldestRecord: number;
  readonly nextRecord: number;
}

/** What reading meets first, as far as these files go. */
interface Look {
  readonly state: TopicState;
  readonly fault?: {
    readonly segment: number;
    readonly offset: number;
    readonly words: string;
    /** The log went on in a file that is not there. */
    readonly isNewestMissing?: boolean;
  };
  /** An opening would cut it there. */
  readonly isTorn?: boolean;
}

/** Throws TOPIC_EMPTY, REPAIR_REFUSED when nothing of the log could be kept or another version wrote in it, FOREIGN_DIRECTORY, or what the disk says. */
export function planRepair(place: TopicPlace, limits: TopicLimits = TOPIC_LIMITS): RepairPlan {
  const log = topicLogPlace(place);
  const { segments } = listLogDirectory(log.storage, log.directory, log.log);
  if (segments.length === 0)
    throw new SeriatimError("TOPIC_EMPTY", `${place.directory} holds no topic of a tape`);
  for (const number of segments) refuseOtherVersion(otherVersionOf(log, number));
  const begin = beginning(log, segments);
  let damage = begin === 0 ? undefined : corruptSegment(log, segments[0], "it has no checkpoint").message;
  for (let end = segments.length; begin >= 0 && end > begin; ) {
    const { fault, state, isTorn } = look(log, segments.slice(begin, end), limits);
    // With files behind it that go, an end that looks torn was followed by what was safe.
    const isRefused = fault !== undefined && (isTorn !== true || end < segments.length);
    if (isRefused) {
      damage ??= fault.words;
      const at = segments.findIndex((number) => number >= fault.segment);
      if (fault.offset <= SECTOR_BYTES) {
        end = at;
        continue;
      }
      end = at + 1;
    }
    const last = segments[end - 1];
    const isMarkOnly = fault?.isNewestMissing === true && end < segments.length;
    const gone = [...segments.slice(end).reverse(), ...segments.slice(0, begin)];
    return {
      damage,
      torn: isRefused ? undefined : fault?.words,
      going: gone.map((number) => segmentName(log.log, number)),
      cut: isRefused
        ? { segment: last, name: segmentName(log.log, last), offset: fault.offset, isMarkOnly }
        : undefined,
      oldestRecord: readSegmentHead(log, segments[begin])?.firstRecord ?? state.nextRecord,
      nextRecord: state.nextRecord,
    };
  }
  const why = `${damage ?? `${place.directory}: no file of it has a checkpoint`}; nothing of the log could be kept`;
  throw new SeriatimError("REPAIR_REFUSED", `not repaired: ${why}`);
}

/** `found`: what is wrong with a file or an entry. */
function refuseOtherVersion(found: SeriatimError | undefined): void {
  if (found?.code !== OTHER_VERSION) return;
  const why = `${found.message}; it is not damaged, and a program that knows it can read it`;
  throw new SeriatimError("REPAIR_REFUSED", `not repaired: ${why}`);
}

/** The first segment that a log of several can begin with; -1: none. */
function beginning(log: LogPlace, segments: readonly number[]): number {
  if (segments.length === 1) return 0;
  return segments.findIndex((number) => readSegmentHead(log, number) !== undefined);
}

/** As an opening that sees these segments alone. */
function look(log: LogPlace, segments: readonly number[], { sessionsMax }: TopicLimits): Look {
  const state = new TopicState(sessionsMax);
  const first = firstToRead(log, segments) ?? segments[0];
  const header = headerOf(log, first);
  if (typeof header === "string")
    return { state, fault: { segment: first, offset: 0, words: corruptSegment(log, first, header).message } };
  const names = new Set(segments.map((number) => segmentName(log.log, number)));
  let fault: Look["fault"];
  const visit = (frame: LogFrame): boolean => {
    const wrong = state.tryTake(frame);
    refuseOtherVersion(wrong);
    if (wrong !== undefined)
      fault = { segment: segmentNumberOf(frame.file), offset: frame.offset, words: wrong.message };
    return wrong === undefined;
  };
  const { firstPosition, epoch, anchor } = header;
  const from = { position: firstPosition - 1, epoch: Math.max(epoch, FIRST_EPOCH), chain: anchor };
  const how = { from, writesAhead: true, isSparse: true };
  const scan = scanLog({ ...log, storage: seeing(log.storage, names) }, visit, how);
  if (fault !== undefined) return { state, fault };
  if (scan.fault === undefined) return { state };
  const { file, offset, damage } = scan.fault;
  const isNewestMissing = damage === "newest missing";
  const found = { segment: segmentNumberOf(file), offset, words: describeScan(scan), isNewestMissing };
  return { state, fault: found, isTorn: scan.verdict === "torn" };
}

/** A disk on which a directory holds no other names than these. */
function seeing(storage: Storage, names: ReadonlySet<string>): Storage {
  return {
    open: (path, access) => storage.open(path, access),
    create: (path) => storage.create(path),
    list: (directory) => storage.list(directory).filter((name) => names.has(name)),
    rename: (from, to) => storage.rename(from, to),
    remove: (path) => storage.remove(path),
    makeDirectory: (path) => storage.makeDirectory(path),
    syncDirectory: (directory) => storage.syncDirectory(directory),
  };
}
