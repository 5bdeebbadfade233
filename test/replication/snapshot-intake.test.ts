// What a replica takes of a snapshot that is sent: parts in order, as many bytes as announced, with the digest announced.

import { beforeEach, expect, test } from "vitest";
import { NativeChecksums } from "../../src/platform/index.ts";
import { SnapshotIntake } from "../../src/replication/snapshot-intake.ts";

const checksums = new NativeChecksums();
const FILE = Buffer.from("a snapshot of thirty bytes, all");
const DIGEST = checksums.blake3(FILE);

let written: Buffer;
let ended: string[];
beforeEach(() => {
  written = Buffer.alloc(0);
  ended = [];
});

function intake(fileBytes = FILE.length, digest: Uint8Array = DIGEST): SnapshotIntake {
  const receiver = {
    write: (bytes: Uint8Array) => {
      written = Buffer.concat([written, bytes]);
    },
    finish: () => ended.push("finish"),
    abandon: () => ended.push("abandon"),
  };
  return new SnapshotIntake({ epoch: 1, fileBytes, position: 9, chain: DIGEST, digest }, receiver, checksums);
}

const part = (from: number, to = FILE.length) => ({ offset: from, bytes: FILE.subarray(from, to) });

test("parts in order are written as they come, and finished once", () => {
  const one = intake();
  expect([one.take(part(0, 10)), one.isWhole, one.take(part(10)), one.isWhole]).toEqual([
    undefined,
    false,
    undefined,
    true,
  ]);
  one.end();
  expect([written.equals(FILE), ended]).toEqual([true, ["finish"]]);
});

test.each<[name: string, (one: SnapshotIntake) => string | undefined, why: string, bytes: number]>([
  ["behind a gap", (one) => one.take(part(10)), "a part begins at byte 10, expected 0", 0],
  [
    "that came already",
    (one) => one.take(part(0, 10)) ?? one.take(part(0, 10)),
    "a part begins at byte 0, expected 10",
    10,
  ],
])("a part %s is refused, and what came is given up", (_, take, why, bytes) => {
  const one = intake();
  expect(take(one)).toBe(why);
  one.end();
  expect([written.length, ended]).toEqual([bytes, ["abandon"]]);
});

test("not a byte is written beyond those announced", () => {
  const one = intake(FILE.length - 1);
  expect([one.take(part(0, 10)), one.take(part(10))]).toEqual([
    undefined,
    `a part ends behind the ${FILE.length - 1} bytes announced`,
  ]);
  expect(written.length).toBe(10);
});

test("another digest than the one announced is refused, nothing is finished", () => {
  const one = intake(FILE.length, checksums.blake3(Buffer.from("another")));
  expect(one.take(part(0))).toBe("the snapshot's digest is not the one announced");
  one.end();
  expect([one.isWhole, ended]).toEqual([false, ["abandon"]]);
});
