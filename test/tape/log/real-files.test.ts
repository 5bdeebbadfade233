// A topic's log on a real disk: read while another thread writes it, and opened after its writer was killed.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { entryBeside, NodeStorage } from "../../../src/platform/index.ts";
import { tapeMemory } from "../../../src/protocol/index.ts";
import { inspectTopic, TopicLog, TopicReader } from "../../../src/tape/index.ts";
import { endOf, LARGE, readAll, recordsIn, type SeenRecord, topicPlace } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-topic-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Records are numbered without a gap, and batches of the one publisher too. */
function expectOneHistory(seen: readonly SeenRecord[], first = 1): void {
  let [record, batch] = [first - 1, seen[0]?.batch ?? 0];
  for (const next of seen) {
    if (next.record !== record + 1) throw new Error(`record ${next.record} comes behind ${record}`);
    if (next.batch !== batch && (next.batch !== batch + 1 || next.index !== 0))
      throw new Error(`batch ${next.batch} comes behind ${batch}`);
    ({ record, batch } = next);
  }
}

test("reader never sees a torn batch", async () => {
  const place = topicPlace(new NodeStorage(), join(folder, "read"));
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const last = 400;
  const worker = new Worker(entryBeside(import.meta.url, "part-writer-worker"), {
    workerData: { directory: place.directory, last, progress },
  });
  const ended = new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
  try {
    const [reader, into] = [new TopicReader(place), tapeMemory(new SharedArrayBuffer(512 * 1024))];
    const seen: SeenRecord[] = [];
    Atomics.wait(progress, 0, 0, 10_000);
    let cursor = reader.locate({ kind: "record", value: 1 }, { nextPosition: 2, nextRecord: 2 });
    while ((seen.at(-1)?.batch ?? 0) < last) {
      const nextPosition = Atomics.load(progress, 0);
      if ("oldestRecord" in cursor) throw new Error("nothing was removed");
      const read = reader.read(cursor, nextPosition, into, into.bytes.length);
      if ("oldestRecord" in read) throw new Error("nothing was removed");
      // Checks each record of each batch against what its writer put there.
      for (const record of recordsIn(into, read.bytes)) seen.push(record);
      if (read.bytes === 0) Atomics.wait(progress, 0, nextPosition, 100);
      cursor = read.cursor;
    }
    expectOneHistory(seen);
    await ended;
    expect(seen.at(-1)?.record).toBe(progress[1] - 1);
    reader.close();
  } finally {
    await worker.terminate();
  }
});

/** Kills the process behind the `lines`-th line it says; returns its last whole line as a number. */
async function killedAfter(child: ChildProcess, lines: number): Promise<number> {
  let text = "";
  const closed = once(child, "close");
  child.stdout?.on("data", (piece: Buffer) => {
    text += piece;
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  });
  await closed;
  expect(child.signalCode).toBe("SIGKILL");
  return Number(text.split("\n").at(-2));
}

test("clean reopen after SIGKILL of a writing process: all that was synced is there, and no torn batch", async () => {
  const place = topicPlace(new NodeStorage(), join(folder, "killed"));
  const entry = fileURLToPath(entryBeside(import.meta.url, "killed-writer-worker"));
  const prng = new Prng(5);
  for (let round = 1; round <= 2; round++) {
    const child = spawn(process.execPath, [entry, place.directory, String(round)]);
    const safe = await killedAfter(child, prng.between(3, 25));
    const log = TopicLog.open(place, LARGE);
    expect({ round, enough: log.nextRecord >= safe }).toEqual({ round, enough: true });
    const reader = new TopicReader(place);
    const into = tapeMemory(new ArrayBuffer(1024 * 1024));
    const seen = readAll(reader, { kind: "record", value: 1 }, endOf(log), into);
    if (typeof seen === "number") throw new Error("nothing was removed");
    expectOneHistory(seen);
    expect(seen.at(-1)?.record).toBe(log.nextRecord - 1);
    reader.close();
    log.close();
    expect(inspectTopic(place)).toMatchObject({ verdict: "clean", nextRecord: log.nextRecord });
  }
});
