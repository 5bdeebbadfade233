// The bytes of the example in snapshot-file.md: format version 1 is read for ever, so these never change.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeUtf8 } from "../../../src/base/index.ts";
import { readSnapshotFile, SnapshotStore } from "../../../src/journal/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { APPLICATION, pointAt, snapshotPlace, stateOf } from "./support.ts";

const golden = readFileSync(new URL("../../golden/snapshot-1.snap", import.meta.url));
const path = "snapshots/snapshot-0000000000000007.snap";
const TEXT = "one after another";

test("a snapshot is written as exactly the bytes of the golden file", () => {
  const disk = new SimulatedDisk();
  const file = new SnapshotStore(snapshotPlace(disk), APPLICATION).write(pointAt(7), stateOf(TEXT));
  expect(file.path).toBe(path);
  expect(Buffer.from(disk.contents(path)).toString("hex")).toBe(golden.toString("hex"));
});

test("the golden file of version 1 is read as what it says", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("snapshots");
  disk.create(path);
  disk.overwrite(path, new Uint8Array(golden));
  const { header, state } = readSnapshotFile(snapshotPlace(disk), path);
  expect(decodeUtf8(state)).toBe(TEXT);
  expect(header).toMatchObject({ ...pointAt(7), application: APPLICATION, stateBytes: 17 });
});

test("the specification prints the bytes of the golden file, none left out but zeros", () => {
  const url = new URL("../../../src/journal/snapshot/snapshot-file.md", import.meta.url);
  const rows = readFileSync(url, "utf8").matchAll(/^([0-9a-f]{4}|\s{4}) {2}((?:[0-9a-f]{2}(?: {1,2}|$))+)/gm);
  const printed = Buffer.alloc(golden.length);
  let at = 0;
  for (const [, offset, hex] of rows) {
    if (offset.trim() !== "") at = Number.parseInt(offset, 16);
    at += printed.write(hex.replaceAll(" ", ""), at, "hex");
  }
  expect(printed.toString("hex")).toBe(golden.toString("hex"));
});
