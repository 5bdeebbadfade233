// A whole node that trades and publishes is killed in the middle: in the end its topic holds each report once, in order, equal to a
// replay of its journal.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { SeriatimError } from "../../../src/base/index.ts";
import { inspectJournal } from "../../../src/journal/index.ts";
import type { CopyBatch } from "../../../src/node/drop-copy/batcher.ts";
import { JournalCourse } from "../../../src/node/drop-copy/journal-course.ts";
import { EXCHANGE_RECORDS } from "../../../src/node/exchange-records.ts";
import { NativeChecksums, NodeStorage, SystemClock } from "../../../src/platform/index.ts";
import { TapeSubscriber } from "../../../src/tape-runtime/index.ts";
import { killNodes, NodeProcess } from "../../crash/node-process.ts";
import { readTopic, TopicInMemory } from "./support.ts";

const TRADERS_PER_SECOND = 2_000;
/** In its stride. */
const REPORTS_BEFORE = 500;

const dir = mkdtempSync(join(tmpdir(), "seriatim-drop-copy-"));
afterAll(() => {
  killNodes();
  rmSync(dir, { recursive: true, force: true });
});

function start(rate: number): Promise<NodeProcess> {
  return NodeProcess.start([
    ...["--data-dir", dir, "--simulate", String(rate), "--segment-bytes", "16777216"],
    ...["--orders-max", "10000", "--tape-port", "0", "--tape-publish", "reports"],
    ...["--tape-staging", "2", "--tape-delivery", "2", "--tape-segment-bytes", "8388608"],
  ]);
}

/** What one publisher that nobody ends makes of the journal. */
function replayed(): TopicInMemory {
  const topic = new TopicInMemory();
  const parts = { storage: new NodeStorage(), checksums: new NativeChecksums() };
  const place = { journal: { ...parts, directory: join(dir, "journal") }, snapshots: join(dir, "none") };
  const streams = [{ stream: "reports", last: undefined }] as const;
  const released = inspectJournal({ ...place.journal, rules: EXCHANGE_RECORDS }).lastPosition;
  const onBatch = (batch: CopyBatch) => topic.take(batch);
  const course = new JournalCourse({ place, clock: new SystemClock(), streams, onBatch }, released);
  while (course.step(released));
  course.cut();
  course.close();
  return topic;
}

/** Each record's place in the log and its report, which has all that happened. */
function recordsOf(topic: TopicInMemory): string[] {
  return topic.records.map(({ value }, i) => {
    const { position, index } = topic.places[i];
    return `${position} ${index} ${Buffer.from(value).toString("hex")}`;
  });
}

test("a node that is killed while it publishes goes on where its topics end, and in the end they hold each report once", async () => {
  const node = await start(TRADERS_PER_SECOND);
  await expect.poll(() => published(node)).toBeGreaterThan(REPORTS_BEFORE);
  await node.end("SIGKILL");
  const last = await start(0);
  const told = recordsOf(replayed());
  await expect.poll(() => published(last)).toBe(told.length);
  expect(recordsOf(await readTopic(last.tapePort, "reports"))).toEqual(told);
  expect(await last.end("SIGTERM")).toBe(0);
});

/** Reports in the topic; 0 while there is no topic. */
async function published(node: NodeProcess): Promise<number> {
  const at = { port: node.tapePort, topic: "exchange.reports", from: "end" } as const;
  try {
    const subscriber = await TapeSubscriber.connect(at);
    const { nextRecord } = subscriber.accepted;
    await subscriber.close();
    return nextRecord - 1;
  } catch (error) {
    expect((error as SeriatimError).code).toBe("TOPIC_UNKNOWN");
    return 0;
  }
}
