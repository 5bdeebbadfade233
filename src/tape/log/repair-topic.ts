// Carries a repair out (repair-plan.ts says which). What has to go is copied elsewhere first, whole files as they are, and safe there before
// the log is touched; then the newest goes first and the cut comes last, so that wherever this is interrupted the log is as damaged as it was, or
// less, and the same repair can be begun again with another place for the copies.

import type { Storage } from "../../base/index.ts";
import { cutRest, headerOf, segmentName, writeFully } from "../../segment/index.ts";
import { inspectTopic } from "./inspect-topic.ts";
import type { RepairPlan } from "./repair-plan.ts";
import { readSegmentHead } from "./segment-head.ts";
import { TopicLog } from "./topic-log.ts";
import { TOPIC_LIMITS, type TopicLimits, type TopicPlace, topicLogPlace } from "./topic-place.ts";

/** Copied at once. */
const COPIED_BYTES = 1024 * 1024;

/** What no repair brings back: damage before the log's last file. */
export interface DamagedHistory {
  readonly damage: string;
  /** Who begins with this record, or a later one, reads on; undefined: nobody does. */
  readonly readableFrom: number | undefined;
}

/**
 * Makes the log one that can be opened, and opens it: a torn end is cut, and what `plan` says goes to the directory `aside`, which is made.
 * Returns the names of the copies there. Nobody else may have the log. Throws EEXIST when a copy's name is taken, or what the disk
 * says; the log is unchanged then unless the disk failed.
 */
export function repairTopic(
  place: TopicPlace,
  plan: RepairPlan,
  aside: string,
  limits: TopicLimits = TOPIC_LIMITS,
): string[] {
  const { storage, directory } = place;
  const { cut, going } = plan;
  const names = cut === undefined || cut.isMarkOnly ? [...going] : [cut.name, ...going];
  if (names.length > 0) {
    storage.makeDirectory(aside);
    for (const name of names) copy(storage, `${directory}/${name}`, `${aside}/${name}`);
    storage.syncDirectory(aside);
  }
  for (const name of going) {
    storage.remove(`${directory}/${name}`);
    storage.syncDirectory(directory);
  }
  if (cut !== undefined) cutFile(place, cut.segment, cut.offset);
  TopicLog.open(place, limits).close();
  return names;
}

/** Of a log that can be opened: what its readers will meet; undefined: all of it is whole. */
export function damagedHistory(place: TopicPlace): DamagedHistory | undefined {
  const { verdict, words, segments } = inspectTopic(place);
  if (verdict !== "corrupt") return undefined;
  const log = topicLogPlace(place);
  const behind = (segments.at(-1)?.number ?? 0) + 1;
  const isThere = place.storage.list(place.directory).includes(segmentName(log.log, behind));
  return { damage: words, readableFrom: isThere ? readSegmentHead(log, behind)?.firstRecord : undefined };
}

function cutFile(place: TopicPlace, segment: number, offset: number): void {
  const log = topicLogPlace(place);
  const header = headerOf(log, segment);
  const file = place.storage.open(`${place.directory}/${segmentName(log.log, segment)}`, "write");
  try {
    cutRest(file, offset, typeof header === "string" ? file.size() : header.segmentBytes);
    file.syncData();
  } finally {
    file.close();
  }
}

function copy(storage: Storage, from: string, to: string): void {
  const source = storage.open(from, "read");
  try {
    const target = storage.create(to);
    try {
      const bytes = new Uint8Array(COPIED_BYTES);
      for (let at = 0; ; ) {
        const got = source.read(bytes, 0, bytes.length, at);
        if (got === 0) break;
        writeFully(target, bytes, got, at);
        at += got;
      }
      target.syncData();
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}
