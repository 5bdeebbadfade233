// The bytes of the example in src/segment/segment.md: the format can't change without this test saying so.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeUtf8 } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { NodeStorage } from "../../src/platform/index.ts";
import {
  FRAME_HEADER_BYTES,
  type LogWriter,
  openLog,
  SECTOR_BYTES,
  scanLog,
} from "../../src/segment/index.ts";
import { GOLDEN_FRAMES, GOLDEN_LOG, GOLDEN_LOG_CONTINUED, writeGoldenLog } from "./golden-log.ts";
import { logPlace } from "./support.ts";

const HEADER = `
  73657269 6174696d 01000000 00100000 00200000 00000000 01000000 00000000 01000000 00000000 01000000 00000000`;
const HEADER_CRC = "55616876";
const FIRST_FRAME = `
  4652414d d2fef2b4 025a2f8a 98976221 79584964 49ac0286 914808e8 0be39836 d025b015 c062b4ba 11000000 02000000
  01000000 00000000 01000000 00000000 01401e18 240a0600 00000000 00000000 6f6e6520 61667465 7220616e 6f746865
  72000000 00000000`;
const SECOND_FRAME = `
  4652414d 629abc7a ae877faa 96f85827 d6c6235f 34d92c98 37939a8a 05d74032 ef650b74 177798ee 08000000 01000000
  03000000 00000000 01000000 00000000 02401e18 240a0600 02000000 00000000 616e6420 7468656e`;
const CLOSING_MARK = `
  444f4e45 84c0a12e ae877faa 96f85827 d6c6235f 34d92c98 37939a8a 05d74032 ef650b74 177798ee 03000000 00000000`;
/** In the closing mark's place, when the log goes on in another segment. */
const CONTINUATION_MARK = `
  4e455854 84c0a12e ae877faa 96f85827 d6c6235f 34d92c98 37939a8a 05d74032 ef650b74 177798ee 03000000 00000000`;

function goldenSegment(): Uint8Array {
  const bytes = Buffer.alloc(2 * SECTOR_BYTES);
  const put = (hex: string, at: number) => bytes.write(hex.replaceAll(/\s/g, ""), at, "hex");
  put(HEADER, 0);
  put(HEADER_CRC, SECTOR_BYTES - 4);
  const first = put(FIRST_FRAME, SECTOR_BYTES);
  const second = put(SECOND_FRAME, SECTOR_BYTES + first);
  put(CLOSING_MARK, SECTOR_BYTES + first + second);
  return new Uint8Array(bytes);
}

const limits = { segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: SECTOR_BYTES };
const path = "d/log-0000000001.seg";

function append(writer: LogWriter, text: string, count: number, timestamp_us: number): void {
  const payload = encodeUtf8(text);
  writer.frame.bytes.set(payload, FRAME_HEADER_BYTES);
  writer.append(payload.length, count, timestamp_us);
}

test("two frames are written as exactly the bytes of the specification's example", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), limits);
  append(writer, "one after another", 2, 1_700_000_000_000_001);
  writer.sync();
  append(writer, "and then", 1, 1_700_000_000_000_002);
  writer.close();
  expect(Buffer.from(disk.contents(path)).toString("hex")).toBe(Buffer.from(goldenSegment()).toString("hex"));
});

test("the bytes of the specification's example are read as what they say", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("d");
  disk.create(path);
  disk.overwrite(path, goldenSegment());
  const seen: object[] = [];
  const scan = scanLog(logPlace(disk), (frame) => {
    const text = Buffer.from(frame.bytes).toString(
      "utf8",
      frame.payloadAt,
      frame.payloadAt + frame.payloadBytes,
    );
    const { offset, firstPosition, count, epoch, timestamp_us, durablePosition } = frame;
    seen.push({ text, offset, firstPosition, count, epoch, timestamp_us, durablePosition });
  });
  expect(scan).toMatchObject({ verdict: "clean", lastPosition: 3, durablePosition: 3, epoch: 1, frames: 2 });
  expect(seen).toEqual([
    {
      text: "one after another",
      offset: 4096,
      firstPosition: 1,
      count: 2,
      epoch: 1,
      timestamp_us: 1_700_000_000_000_001,
      durablePosition: 0,
    },
    {
      text: "and then",
      offset: 4200,
      firstPosition: 3,
      count: 1,
      epoch: 1,
      timestamp_us: 1_700_000_000_000_002,
      durablePosition: 2,
    },
  ]);
});

/** The bytes that the specification prints: a log that ended, and the mark of one that goes on. */
function examples(): string[] {
  const specification = readFileSync(new URL("../../src/segment/segment.md", import.meta.url), "utf8");
  const [, ...blocks] = specification.slice(specification.indexOf("## Example")).split(/^```$/m);
  return blocks.filter((_, i) => i % 2 === 0);
}

test("the specification prints the bytes that are pinned here", () => {
  const rows = [...examples()[0].matchAll(/^([0-9a-f]{4}|\s{4}) {2}((?:[0-9a-f]{2}(?: {1,2}|$))+)/gm)];
  const golden = goldenSegment();
  let at = 0;
  let checked = 0;
  for (const [, offset, hex] of rows) {
    if (offset.trim() !== "") at = Number.parseInt(offset, 16);
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect({ at, hex: Buffer.from(golden.subarray(at, at + bytes.length)).toString("hex") }).toEqual({
      at,
      hex: bytes.toString("hex"),
    });
    at += bytes.length;
    checked += bytes.length;
  }
  expect(checked).toBeGreaterThan(200);
});

test.each([
  ["from before continuation marks", GOLDEN_LOG, [false, false, false]],
  ["with continuation marks", GOLDEN_LOG_CONTINUED, [true, false, false]],
])("the kept log of version 1 %s is read as what was written into it", (_, log, continued) => {
  const seen: object[] = [];
  const scan = scanLog(logPlace(new NodeStorage(), log), ({ bytes, payloadAt, payloadBytes, ...frame }) => {
    const text = Buffer.from(bytes).toString("utf8", payloadAt, payloadAt + payloadBytes);
    seen.push({ text, count: frame.count, epoch: frame.epoch });
  });
  expect(seen).toEqual(GOLDEN_FRAMES);
  expect(scan).toMatchObject({ verdict: "clean", lastPosition: 56, durablePosition: 56, epoch: 2 });
  expect(scan.segments.map(({ firstPosition, epoch }) => [firstPosition, epoch])).toEqual([
    [1, 1],
    [4, 1],
    [54, 1],
  ]);
  expect(scan.segments.map(({ isContinued }) => isContinued)).toEqual(continued);
  expect(Buffer.from(scan.chain).toString("hex")).toBe(
    "e070e3d498beaf3e32956b75d7465a6045be69cbf7733ad5418f3efac4ba92e0",
  );
});

test("what is written today is the kept log with continuation marks, byte for byte", () => {
  const disk = new SimulatedDisk();
  writeGoldenLog(logPlace(disk));
  const kept = readdirSync(GOLDEN_LOG_CONTINUED);
  expect(disk.list("d")).toEqual(kept);
  for (const name of kept) {
    const file = readFileSync(join(GOLDEN_LOG_CONTINUED, name));
    expect([name, Buffer.compare(disk.contents(`d/${name}`), file)]).toEqual([name, 0]);
  }
});

test("the kept log from before them is that one without its mark, and is written on", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("d");
  for (const name of readdirSync(GOLDEN_LOG)) {
    const [before, now] = [GOLDEN_LOG, GOLDEN_LOG_CONTINUED].map((log) => readFileSync(join(log, name)));
    // The second segment is full but for 16 bytes: no room.
    if (name === "log-0000000001.seg") now.fill(0, now.indexOf("NEXT"), now.indexOf("NEXT") + 48);
    expect([name, Buffer.compare(before, now)]).toEqual([name, 0]);
    disk.create(`d/${name}`);
    disk.overwrite(`d/${name}`, before);
  }
  const old = disk.image("d");
  const { writer } = openLog(logPlace(disk), limits);
  append(writer, "and on", 1, 1_700_000_000_000_009);
  writer.close();
  expect(scanLog(logPlace(disk))).toMatchObject({ verdict: "clean", lastPosition: 57 });
  for (const name of ["log-0000000001.seg", "log-0000000002.seg"])
    expect(disk.contents(`d/${name}`)).toEqual(old.get(name));
});

test("a segment that is left is marked with the bytes of the specification's example", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), limits);
  append(writer, "one after another", 2, 1_700_000_000_000_001);
  writer.sync();
  append(writer, "and then", 1, 1_700_000_000_000_002);
  writer.beginSegment();
  const bytes = Buffer.from(disk.contents(path));
  expect(bytes.subarray(0x10c0, 0x10f0).toString("hex")).toBe(CONTINUATION_MARK.replaceAll(/\s/g, ""));
  const printed = [...examples()[1].matchAll(/^.{4} {2}((?:[0-9a-f]{2}(?: |$))+)/gm)];
  expect(printed.map(([, hex]) => hex.replaceAll(" ", "")).join("")).toBe(
    CONTINUATION_MARK.replaceAll(/\s/g, ""),
  );
});
