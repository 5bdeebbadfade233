// Fail-stop: a write or sync that fails at any call index stops the log for good, nothing is reported safe after
// it, nothing is tried again, and what was safe before is there after reopening.

import { describe, expect, test } from "vitest";
import { Prng, SeriatimError, type StorageAccess, type StorageFile } from "../../src/base/index.ts";
import { type DiskFault, SimulatedDisk } from "../../src/lab/index.ts";
import { checkLimits, type LogWriter, openLog, SECTOR_BYTES, scanLog } from "../../src/segment/index.ts";
import { appendFrame, Collector, logPlace, SMALL } from "./support.ts";

function thrownBy(action: () => unknown): SeriatimError {
  try {
    action();
  } catch (error) {
    if (error instanceof SeriatimError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

/** Thirty synced frames over several segments; returns the writer and what stopped it, if anything did. */
function workload(disk: SimulatedDisk): {
  writer: LogWriter | undefined;
  stopped: SeriatimError | undefined;
} {
  let writer: LogWriter | undefined;
  try {
    writer = openLog(logPlace(disk), SMALL).writer;
    for (let i = 0; i < 30; i++) {
      appendFrame(writer, 50);
      writer.sync();
      writer.prepareNext(false);
    }
    return { writer, stopped: undefined };
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    return { writer, stopped: error };
  }
}

function callsOfWorkload(): number {
  const disk = new SimulatedDisk();
  expect(workload(disk).stopped).toBeUndefined();
  return disk.calls;
}

describe("a workload of 30 synced frames", () => {
  const calls = callsOfWorkload();

  test.each<DiskFault>(["EIO", "ENOSPC", "stuck"])(
    "stops for good at a disk call that fails with %s, whichever it is",
    (fault) => {
      let stops = 0;
      for (let call = 1; call <= calls; call++) {
        const disk = new SimulatedDisk();
        disk.failAt(call, fault);
        const { writer, stopped } = workload(disk);
        const safe = writer?.durablePosition ?? 0;
        if (stopped !== undefined && writer !== undefined) {
          stops++;
          const before = disk.calls;
          expect(thrownBy(() => appendFrame(writer, 1))).toBe(stopped);
          expect(thrownBy(() => writer.sync())).toBe(stopped);
          expect(thrownBy(() => writer.prepareNext(true))).toBe(stopped);
          writer.close();
          expect({ call, calls: disk.calls, safe: writer.durablePosition }).toEqual({
            call,
            calls: before,
            safe,
          });
        }
        disk.crash(new Prng(call));
        const found = new Collector();
        openLog(logPlace(disk), SMALL, found.visit);
        expect({ call, enough: found.verified() >= safe }).toEqual({ call, enough: true });
      }
      expect(stops).toBeGreaterThan(50);
    },
  );

  test("goes on when a write is short, and is read back whole", () => {
    for (let call = 1; call <= calls; call++) {
      const disk = new SimulatedDisk();
      disk.failAt(call, "short");
      const { writer, stopped } = workload(disk);
      if (stopped !== undefined) continue; // not a write: a short sync is an I/O error
      writer?.close();
      const found = new Collector();
      openLog(logPlace(disk), SMALL, found.visit);
      expect(found.verified()).toBe(1500);
    }
  });
});

/** Where nothing works beside the writer at the moment, a sync that is begun is done at once. */
class SyncingDisk extends SimulatedDisk {
  override open(path: string, access: StorageAccess): StorageFile {
    const file = super.open(path, access);
    const beginSync = () => {
      file.syncData();
      return "begun" as const;
    };
    return Object.assign(file, { beginSync });
  }
}

// The next sync finds nothing to write and succeeds: what the failed one dropped was called safe, by the closing mark too.
test("a sync that is begun beside the writer and fails stops the log for good", () => {
  const disk = new SyncingDisk();
  const { writer } = openLog(logPlace(disk), SMALL);
  appendFrame(writer, 90);
  expect(writer.beginSync()).toBe("begun");
  writer.sync();
  appendFrame(writer, 90);
  disk.failAt(disk.calls + 1, "EIO");
  const stopped = thrownBy(() => writer.beginSync());
  expect(stopped.code).toBe("EIO");
  for (const next of [() => writer.beginSync(), () => writer.sync(), () => appendFrame(writer, 1)])
    expect(thrownBy(next)).toBe(stopped);
  const { calls } = disk;
  writer.close();
  expect([disk.calls, writer.durablePosition]).toEqual([calls, 90]);
  expect(scanLog(logPlace(disk)).durablePosition).toBe(90);
});

test("what the next process reads after a failed sync is on the disk before it is called safe", () => {
  // A sync alone would write nothing: the kernel keeps the pages of the failed one, and calls them clean.
  for (let seed = 1; seed <= 20; seed++) {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL);
    appendFrame(writer, 90);
    writer.sync();
    appendFrame(writer, 90);
    disk.failAt(disk.calls + 1, "EIO");
    expect(thrownBy(() => writer.sync()).code).toBe("EIO");
    writer.close();
    const next = openLog(logPlace(disk), SMALL).writer;
    expect([next.position, next.durablePosition]).toEqual([180, 180]);
    appendFrame(next, 90);
    next.sync();
    disk.crash(new Prng(seed));
    const found = new Collector();
    openLog(logPlace(disk), SMALL, found.visit);
    expect({ seed, positions: found.verified() }).toEqual({ seed, positions: 270 });
  }
});

test("a disk call that fails, whichever it is, costs nothing safe when the next process goes on and the machine stops", () => {
  const calls = callsOfWorkload();
  for (let call = 1; call <= calls; call++) {
    const disk = new SimulatedDisk();
    disk.failAt(call, "EIO");
    workload(disk);
    const { writer } = workload(disk);
    const safe = writer?.durablePosition ?? 0;
    disk.crash(new Prng(call));
    const found = new Collector();
    openLog(logPlace(disk), SMALL, found.visit);
    expect({ call, positions: found.verified() }).toEqual({ call, positions: safe });
    expect(safe).toBeGreaterThanOrEqual(1500);
  }
});

test("a disk that fills up is found while preparing, and stops the log only when the segment is full", () => {
  const disk = new SimulatedDisk({ capacity_bytes: SMALL.segmentBytes * 1.5 });
  const { writer } = openLog(logPlace(disk), SMALL);
  appendFrame(writer, 100);
  writer.sync();
  expect(writer.prepareNext(true)).toBe(false);
  const message = "cannot write d/log-0000000002.seg.tmp: no space left on the disk (ENOSPC)";
  expect(writer.preallocationFailure?.message).toBe(message);
  expect(writer.failure).toBeUndefined();
  expect(disk.list("d")).toEqual(["log-0000000001.seg"]);
  appendFrame(writer, 100);
  writer.sync();
  appendFrame(writer, 200);
  writer.sync();
  const stopped = thrownBy(() => appendFrame(writer, 200));
  expect([stopped.code, stopped.message]).toEqual(["ENOSPC", message]);
  expect([writer.failure, writer.durablePosition]).toEqual([stopped, 400]);
});

test("a disk that filled up is asked again now and then, and freed space is found", () => {
  const disk = new SimulatedDisk({ capacity_bytes: SMALL.segmentBytes * 2.5 });
  disk.makeDirectory("other");
  const other = disk.create("other/file");
  other.truncate(SMALL.segmentBytes);
  const { writer } = openLog(logPlace(disk), SMALL);
  appendFrame(writer, 100);
  writer.sync();
  writer.prepareNext(true);
  expect(writer.preallocationFailure?.code).toBe("ENOSPC");
  const before = disk.calls;
  for (let turn = 1; turn < 50; turn++) expect(writer.prepareNext(turn % 2 === 0)).toBe(false);
  expect(disk.calls).toBe(before);
  writer.prepareNext(true);
  expect([disk.calls > before, writer.preallocationFailure?.code]).toEqual([true, "ENOSPC"]);
  other.truncate(0);
  for (let turn = 1; turn < 50; turn++) writer.prepareNext(true);
  expect(writer.preallocationFailure?.code).toBe("ENOSPC");
  while (writer.prepareNext(false));
  expect(writer.preallocationFailure).toBeUndefined();
  for (let i = 0; i < 6; i++) appendFrame(writer, 100);
  expect(disk.list("d")).toContain("log-0000000002.seg");
});

test.each<[DiskFault, latches: boolean]>([
  ["EIO", true],
  ["ENOSPC", false],
])("%s while the next segment is prepared, at whichever call: it stops the log: %s", (fault, latches) => {
  for (let call = 1; call <= 3; call++) {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL);
    appendFrame(writer, 100);
    writer.sync();
    disk.failAt(disk.calls + call, fault); // its creation, its zeros, their sync
    if (latches) expect(thrownBy(() => writer.prepareNext(true)).code).toBe(fault);
    else expect([writer.prepareNext(true), writer.preallocationFailure?.code]).toEqual([false, fault]);
    expect({ call, failure: writer.failure?.code }).toEqual({ call, failure: latches ? fault : undefined });
    expect(disk.list("d")).toEqual(["log-0000000001.seg"]);
  }
});

test("a rotation that fails at any call leaves no unnamed segment and no open file behind", () => {
  for (let call = 1; call <= 8; call++) {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL);
    for (let i = 0; i < 4; i++) appendFrame(writer, 100); // the segment is full
    disk.failAt(disk.calls + call, "EIO");
    thrownBy(() => appendFrame(writer, 100));
    writer.close();
    expect({ call, temporaries: disk.list("d").filter((name) => name.endsWith(".tmp")) }).toEqual({
      call,
      temporaries: [],
    });
    expect({ call, open: disk.openFiles }).toEqual({ call, open: 0 });
  }
});

test("closing gives the files back also when its sync fails", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SMALL);
  appendFrame(writer, 100);
  writer.prepareNext(true);
  disk.failAt(disk.calls + 1, "EIO");
  const stopped = thrownBy(() => writer.close());
  expect([stopped.code, writer.failure]).toEqual(["EIO", stopped]);
  expect([disk.list("d"), disk.openFiles]).toEqual([["log-0000000001.seg"], 0]);
});

test("a full disk at the very first segment says which file could not be written, and leaves nothing", () => {
  const disk = new SimulatedDisk({ capacity_bytes: SECTOR_BYTES });
  const { writer } = openLog(logPlace(disk), SMALL);
  expect(thrownBy(() => appendFrame(writer, 1)).message).toBe(
    "cannot write d/log-0000000001.seg.tmp: no space left on the disk (ENOSPC)",
  );
  writer.close();
  expect([disk.list("d"), disk.openFiles]).toEqual([[], 0]);
});

test.each([
  [{ segmentBytes: 8192, frameBytesMax: 8192 }, "segment size 8192 is too small for frames of 8192 bytes"],
  [{ segmentBytes: 10_000, frameBytesMax: 1024 }, "segment size 10000 is not a multiple of 4096 bytes"],
  [{ segmentBytes: 8192, frameBytesMax: 80 }, "frame size 80 is not a multiple of 8 in 88 to 4194304 bytes"],
])("the limits %j are refused", (limits, message) => {
  const error = thrownBy(() => checkLimits(limits));
  expect([error.message, error.exitCode]).toEqual([message, 2]);
});
