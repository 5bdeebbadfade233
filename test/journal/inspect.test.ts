// Looking at a journal that a node writes, and whose oldest segments it removes meanwhile.

import { expect, test } from "vitest";
import { journalPlace, openJournal, verifyJournal } from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { retireSegments, SECTOR_BYTES } from "../../src/segment/index.ts";
import { journalOptions, ordersFrom } from "./support.ts";

/** More than is read at once: so what lies behind the last frame is read a moment later than that frame. */
const SEGMENT_BYTES = SECTOR_BYTES + 10 * 1024 * 1024;

// The second look was told how many frames to look at, counted from a segment that was no longer there: it met the next frame in the making.
test("a journal is whole by two looks also when segments are retired between them", () => {
  const disk = new SimulatedDisk();
  const options = { ...journalOptions(disk), segmentBytes: SEGMENT_BYTES };
  const { journal } = openJournal(options, () => {});
  const append = (frames: number): void => {
    for (let i = 0; i < frames; i++) journal.append(ordersFrom(journal.position + 1, 10), 0, 10);
  };
  for (let segment = 1; segment < 4; segment++) {
    append(50);
    while (journal.prepareNext(true));
    journal.rotate();
  }
  append(50);
  const open = disk.open.bind(disk);
  let isRetired = false;
  disk.open = (path, access) => {
    const file = open(path, access);
    if (!path.endsWith("4.seg") || access !== "read") return file;
    if (!isRetired) {
      isRetired = true;
      retireSegments(journalPlace(options), journal.position);
    }
    const { read } = file;
    const readAndWrite: typeof read = (...args) => {
      const got = read.apply(file, args);
      append(3);
      return got;
    };
    return Object.assign(file, { read: readAndWrite });
  };
  expect(verifyJournal(options)).toMatchObject({ verdict: "clean", firstPosition: 1504 });
});
