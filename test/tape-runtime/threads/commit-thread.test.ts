// A commit worker on its own thread, on real files: the same results as on the test's thread, an end that leaves nothing behind,
// and a failure that is told.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { NodeStorage } from "../../../src/platform/index.ts";
import { FRAME_HEADER_BYTES } from "../../../src/segment/index.ts";
import { ORDERING_LIMITS } from "../../../src/tape/index.ts";
import { CommitThread } from "../../../src/tape-runtime/index.ts";
import { BUFFER_BYTES, batchBytes, resultText, SMALL_TOPICS } from "../../tape/commit/support.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-commit-"));
  directories.push(directory);
  return directory;
}

class Thread {
  readonly told: string[] = [];
  readonly notices: string[] = [];
  readonly buffer = new SharedArrayBuffer(BUFFER_BYTES);
  readonly stage: CommitThread;
  #waiting: (() => void) | undefined;

  constructor(directory: string) {
    this.stage = new CommitThread(
      {
        ...{ directory, buffers: [this.buffer], connectionsMax: 16, topicsMax: 16 },
        ...{ topicLimits: SMALL_TOPICS, orderingLimits: ORDERING_LIMITS },
      },
      {
        result: (result) => this.told.push(resultText(result)),
        drained: () => this.#waiting?.(),
        notice: (topic, error) => this.notices.push(`${topic} ${error.code}`),
      },
    );
  }

  /** Until something like it was told. */
  async until(line: string): Promise<void> {
    while (!this.told.some((told) => told.startsWith(line))) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  put(...batches: Uint8Array[]): void {
    const bytes = new Uint8Array(this.buffer);
    let at = FRAME_HEADER_BYTES;
    for (const batch of batches) {
      bytes.set(batch, at);
      at += batch.length;
    }
    this.stage.commands.part(10, 1, 0, FRAME_HEADER_BYTES, at - FRAME_HEADER_BYTES, batches.length);
    this.stage.publish();
  }
}

test("a worker's thread opens, orders, writes, acknowledges, and goes on after a restart where it was", async () => {
  const directory = temporaryDirectory();
  for (const [last, first] of [
    [0, 1],
    [2, 3],
  ]) {
    const thread = new Thread(directory);
    thread.stage.commands.openTopic(1, 2, { bytes: 0, age_us: 0 });
    thread.stage.commands.openSession(10, 1, 7, 1, 2);
    thread.stage.publish();
    await thread.until("SessionOpened");
    thread.put(batchBytes(first), batchBytes(first + 1));
    await thread.until("Ack");
    await thread.stage.close();
    const begins = last === 0 ? ["Visible 1"] : [];
    expect(thread.told).toEqual([
      ...["TopicOpened", ...begins, `SessionOpened 10 epoch 1 last ${last}`],
      ...["Released 0", `Visible ${first + 2}`, `Ack 10 batch ${first + 1} next ${first + 2}`],
    ]);
    expect(thread.stage.figures()).toMatchObject({ batches: 2, duplicates: 0 });
  }
});

test("what was given before the end is committed, also when nobody waits for it", async () => {
  const directory = temporaryDirectory();
  const thread = new Thread(directory);
  thread.stage.commands.openTopic(1, 1, { bytes: 0, age_us: 0 });
  thread.stage.commands.openSession(10, 1, 7, 1, 1);
  thread.put(batchBytes(1), batchBytes(2));
  await thread.stage.close();
  expect(thread.told).toContain("Ack 10 batch 2 next 3");
});

test("a topic whose log can't be opened is refused with a reason, and the others go on", async () => {
  const directory = temporaryDirectory();
  const storage = new NodeStorage();
  storage.makeDirectory(join(directory, "topics"));
  storage.create(join(directory, "topics", "00000002")).close();
  const thread = new Thread(directory);
  thread.stage.commands.openTopic(2, 1, { bytes: 0, age_us: 0 });
  thread.stage.commands.openTopic(1, 1, { bytes: 0, age_us: 0 });
  thread.stage.publish();
  await thread.until("TopicOpened LogFailed");
  await thread.until("TopicOpened");
  await thread.stage.close();
  expect(thread.told).toEqual(["TopicOpened LogFailed", "TopicOpened"]);
  expect(thread.notices).toHaveLength(1);
});
