// A journal of three small segments and a snapshot beside it, as a start reads them together, with every byte of all four
// files damaged, one at a time: what starts has the state of its position and everything durable, or it is refused, and then
// nothing on the disk has changed.

import { expect, test } from "vitest";
import { type Application, SeriatimError } from "../../../src/base/index.ts";
import {
  journalPlace,
  newestUsable,
  openJournal,
  SnapshotStore,
  takeSnapshot,
} from "../../../src/journal/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { COMMAND_WORDS } from "../../../src/protocol/index.ts";
import { CLOSING_MARK_BYTES, SECTOR_BYTES, scanLog } from "../../../src/segment/index.ts";
import { journalOptions, ordersFrom } from "../support.ts";
import { snapshotPlace } from "./support.ts";

const DISK_SECTOR_BYTES = 512;
/** Orders in each frame; the snapshot is taken behind the fifth, in the second segment. */
const FRAMES = [12, 1, 23, 9, 17, 3, 14, 8, 10];
const SNAPSHOT_BEHIND = 5;

/** A state that is cheap to have, and another one for every history: a sum over all words of all records so far. */
class Tally implements Application {
  #sum = 0;

  get sum(): number {
    return this.#sum;
  }

  apply(words: Int32Array, at: number): void {
    for (let i = at; i < at + COMMAND_WORDS; i++) this.#sum = (Math.imul(this.#sum, 31) + words[i]) | 0;
  }

  snapshot(write: (piece: Uint8Array) => void): void {
    write(new Uint8Array(Int32Array.of(this.#sum).buffer));
  }

  restore(state: Uint8Array<ArrayBuffer>): void {
    this.#sum = new Int32Array(state.buffer, state.byteOffset, 1)[0];
  }

  readonly visit = (words: Int32Array, at: number, count: number): void => {
    for (let i = 0; i < count; i++) this.apply(words, at + i * COMMAND_WORDS);
  };
}

const disk = new SimulatedDisk();
const options = { ...journalOptions(disk), segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: 2048 };
const store = new SnapshotStore(snapshotPlace(disk), { name: "tally", version: 1 });

/** The state behind each frame, by its last position. */
const states = new Map<number, number>();

function writeAll(): void {
  const tally = new Tally();
  const { journal } = openJournal(options, tally.visit);
  FRAMES.forEach((count, i) => {
    const orders = ordersFrom(journal.position + 1, count);
    tally.visit(new Int32Array(orders.buffer), 0, count);
    journal.append(orders, 0, count);
    states.set(journal.position, tally.sum);
    if (i + 1 === SNAPSHOT_BEHIND) takeSnapshot(options, store, new Tally(), journal.durablePosition);
  });
  journal.close();
}

writeAll();
const [snapshot] = store.list();
/** Where each frame ends, in the order of the log. */
const ends: { readonly file: string; readonly end: number; readonly last: number }[] = [];
const whole = scanLog(journalPlace(options), ({ file, offset, frameBytes, firstPosition, count }) => {
  ends.push({ file, end: offset + frameBytes, last: firstPosition + count - 1 });
});
const [first, second, third] = whole.segments;
const files = [first.file, second.file, third.file, snapshot.path];
const sound = new Map(files.map((file) => [file, disk.contents(file)]));
const BYTES = [...sound.values()].reduce((sum, { length }) => sum + length, 0);
const SECTORS = [...sound.values()].reduce(
  (sum, { length }) => sum + Math.ceil(length / DISK_SECTOR_BYTES),
  0,
);
/** The last position of what starts, or this. */
const REFUSED = -1;

/** Starts from what is there, as a node does; the last position, whose state it has, or REFUSED, nothing changed. */
function start(): number {
  const tally = new Tally();
  const { calls } = disk;
  try {
    const { usable } = newestUsable(options, store, tally);
    const from = usable === undefined ? {} : { from: usable.header };
    const { journal } = openJournal({ ...options, ...from }, tally.visit);
    const { position } = journal;
    journal.close();
    if (tally.sum !== states.get(position)) throw new Error(`another state at position ${position}`);
    return position;
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    if (disk.calls !== calls) throw new Error(`refused and changed: ${error.message}`);
    if (!["LOG_CORRUPT", "JOURNAL_BEHIND_SNAPSHOT"].includes(error.code)) throw error;
    return REFUSED;
  }
}

/** As start(), with these bytes in the file's place; the disk is as before afterwards. */
function startWith(file: string, bytes: Uint8Array): number {
  disk.overwrite(file, bytes);
  try {
    return start();
  } finally {
    for (const [path, contents] of sound)
      if (path === file || path === third.file) disk.overwrite(path, contents);
  }
}

/** A file with damage in it: where, and the least position that a start with it may have. */
type Damage = readonly [file: string, at: number, bytes: Uint8Array, least: number];

/** Starts with each; what became of them. Throws for the first that is neither refused nor has what was durable. */
function judge(what: string, of: number, damages: Iterable<Damage>) {
  const counts = { refused: 0, everything: 0, prefix: 0 };
  let judged = 0;
  for (const [file, at, bytes, least] of damages) {
    const position = startWith(file, bytes);
    if (position !== REFUSED && position < least)
      throw new Error(`${what}, ${file} at ${at}: it starts with ${position}, and ${least} was durable`);
    counts[position === REFUSED ? "refused" : position === whole.lastPosition ? "everything" : "prefix"]++;
    judged++;
  }
  const { refused, everything, prefix } = counts;
  const found = `refused ${refused}, everything ${everything}, durable prefix ${prefix}`;
  console.info(`${what}: ${judged}/${of} (${found})`);
  expect(judged).toBe(of);
  return counts;
}

/** Every one that `damage` makes of a file's bytes, for each file. */
function* eachFile(damage: (file: string, bytes: Uint8Array) => Iterable<Damage>): Generator<Damage> {
  for (const [file, bytes] of sound) yield* damage(file, bytes.slice());
}

/** The last position whose frame ends within the last segment's first `size` bytes; only its own cut takes frames away. */
function leastAfterCut(file: string, size: number): number {
  if (file !== third.file) return whole.lastPosition;
  const left = ends.filter((frame) => frame.file !== file || frame.end <= size);
  return left[left.length - 1].last;
}

test("there are three segments, a snapshot in the second, and another state behind each frame", () => {
  expect([files.length, whole.verdict, whole.lastPosition]).toEqual([4, "clean", [...states.keys()].at(-1)]);
  expect(snapshot.position).toBeGreaterThan(second.firstPosition);
  expect(snapshot.position).toBeLessThan(second.lastPosition);
  expect(new Set(states.values()).size).toBe(FRAMES.length);
  expect(start()).toBe(whole.lastPosition);
});

test("with any one byte flipped it starts with everything or is refused", { timeout: 120_000 }, () => {
  const { refused } = judge(
    "flipped bytes",
    BYTES,
    eachFile(function* (file, bytes) {
      for (let at = 0; at < bytes.length; at++) {
        bytes[at] ^= 1 << (at % 8);
        yield [file, at, bytes, whole.lastPosition];
        bytes[at] ^= 1 << (at % 8);
      }
    }),
  );
  // The snapshot has what is in the first segment, and the journal what is in the snapshot; nothing depends on the mark of the second.
  expect(refused).toBe(second.segmentBytes - CLOSING_MARK_BYTES + third.endOffset);
});

test("cut at any byte of any file that a start needs it is refused", { timeout: 120_000 }, () => {
  const { refused } = judge(
    "cuts",
    BYTES,
    eachFile(function* (file, bytes) {
      for (let size = 0; size < bytes.length; size++)
        yield [file, size, bytes.subarray(0, size), leastAfterCut(file, size)];
    }),
  );
  expect(refused).toBe(second.segmentBytes + third.segmentBytes);
});

test("with any 512-byte sector zeroed it starts with what was durable by what is left, or is refused", () => {
  judge(
    "zeroed sectors",
    SECTORS,
    eachFile(function* (file, bytes) {
      for (let at = 0; at < bytes.length; at += DISK_SECTOR_BYTES) {
        const zeroed = bytes.slice().fill(0, at, at + DISK_SECTOR_BYTES);
        yield [file, at, zeroed, leastAfterCut(file, at)];
      }
    }),
  );
});
