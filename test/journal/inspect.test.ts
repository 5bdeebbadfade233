// Looking at a journal that a node writes, and whose oldest segments it removes meanwhile.

import { expect, test, vi } from "vitest";
import { type JournalOptions, journalPlace, openJournal, verifyJournal } from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { FRAME_HEADER_BYTES, retireSegments, SECTOR_BYTES } from "../../src/segment/index.ts";
import { SEGMENT_BYTES_BEYOND_A_READ, writeAtReads } from "../support/write-at-reads.ts";
import { journalOptions, ordersFrom, RECORD_BYTES } from "./support.ts";

function written(limits: Partial<JournalOptions> = {}) {
  const disk = new SimulatedDisk();
  const place = { ...journalOptions(disk), ...limits };
  const { journal } = openJournal(place, () => {});
  const append = (frames: number): void => {
    for (let i = 0; i < frames; i++) journal.append(ordersFrom(journal.position + 1, 10), 0, 10);
  };
  return { disk, place, journal, append };
}

// What had come between two reads of one file was taken for what a broken frame hides, and looked at once more.
test("a journal that a node writes meanwhile is whole at the first look", () => {
  const { disk, place, append } = written({ segmentBytes: SEGMENT_BYTES_BEYOND_A_READ });
  append(50);
  const list = vi.spyOn(disk, "list");
  writeAtReads(disk, () => append(3));
  expect(verifyJournal(place).verdict).toBe("clean");
  expect(list).toHaveBeenCalledTimes(1);
});

// It was told how many frames to look at, counted from a segment that was no longer there: it met the next frame in the making.
test("a second look ends behind the frame that it is for, also when segments were retired since the first", () => {
  const { disk, place, journal, append } = written();
  for (let segment = 1; segment < 4; segment++) {
    append(5);
    while (journal.prepareNext(true));
    journal.rotate();
  }
  append(5);
  let frames = 5;
  const [open, list] = [disk.open.bind(disk), disk.list.bind(disk)];
  // Of the last frame only the beginning is in view, whichever that is.
  disk.open = (path, access) => {
    const file = open(path, access);
    if (!path.endsWith("4.seg")) return file;
    const { read } = file;
    const readSome: typeof read = (bytes, from, length, position) => {
      const got = read.call(file, bytes, from, length, position);
      const end = SECTOR_BYTES + frames * (FRAME_HEADER_BYTES + 10 * RECORD_BYTES) - position;
      if (end > 100 && end <= got) bytes.fill(0, from + end - 100, from + end);
      return got;
    };
    return Object.assign(file, { read: readSome });
  };
  let looks = 0;
  disk.list = (directory) => {
    if (++looks === 2) {
      retireSegments(journalPlace(place), journal.position);
      append(1);
      frames++;
    }
    return list(directory);
  };
  expect(verifyJournal(place)).toMatchObject({ verdict: "clean", firstPosition: 154, lastPosition: 203 });
  expect(looks).toBe(3);
});
