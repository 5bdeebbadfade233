// What a disk that gives nothing is told as: to the reader as a reason, to whoever runs the tape in the disk's own words.

import { expect, test } from "vitest";
import { type Storage, storageError } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { TapeReason, tapeMemory } from "../../../src/protocol/index.ts";
import { TopicLog, TopicReader } from "../../../src/tape/index.ts";
import { TopicReads } from "../../../src/tape/serving/topic-reads.ts";
import { append, endOf, SMALL, START_us, topicPlace } from "../log/support.ts";

/** Reads of a topic on `storage`, which `log` has written; and the notices that came of them. */
function readsOn(disk: SimulatedDisk, storage: Storage) {
  const log = TopicLog.open(topicPlace(disk), SMALL);
  append(log, [{ batch: 1 }], START_us);
  const notices: string[] = [];
  const reads = new TopicReads(
    [tapeMemory(new ArrayBuffer(8_192))],
    () => new TopicReader(topicPlace(storage)),
    (topic, { code, message }) => notices.push(`${topic} ${code} ${message}`),
  );
  return { reads, notices, end: endOf(log) };
}

/** Where this call is answered with an error of the system's. */
function failing(disk: SimulatedDisk, call: "open" | "list", code: string): Storage {
  const fail = (path: string) => {
    throw storageError(code, call, path);
  };
  const asEver = { list: disk.list.bind(disk), open: disk.open.bind(disk) };
  return Object.assign(Object.create(disk) as Storage, asEver, { [call]: fail });
}

test("a disk that can't be read ends who reads there, and is said with the file and what the system says", () => {
  const disk = new SimulatedDisk();
  const { reads, notices, end } = readsOn(disk, failing(disk, "open", "EIO"));
  expect(reads.read(0, 3, 1, end)).toEqual({ reason: TapeReason.LogFailed, detail: 0 });
  expect(reads.locate(3, START_us, end)).toEqual({ reason: TapeReason.LogFailed, detail: 0 });
  expect(notices).toEqual(
    Array(2).fill(expect.stringMatching(/^3 EIO cannot open t\/tape-0000000001\.seg: .*EIO/)),
  );
});

test("a topic that was deleted meanwhile is nobody's failure", () => {
  const disk = new SimulatedDisk();
  const { reads, notices, end } = readsOn(disk, failing(disk, "list", "ENOENT"));
  expect(reads.read(0, 3, 1, end)).toEqual({ reason: TapeReason.LogFailed, detail: 0 });
  expect(notices).toEqual([]);
});
