// A commit worker on its own thread, on real files: the same results as on the test's thread, an end that leaves nothing behind,
// and a failure that is told.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { NodeStorage } from "../../../src/platform/index.ts";
import { FRAME_HEADER_BYTES } from "../../../src/segment/index.ts";
import { CommitResultKind, ORDERING_LIMITS } from "../../../src/tape/index.ts";
import { CommitThread } from "../../../src/tape-runtime/threads/commit-thread.ts";
import { BUFFER_BYTES, batchBytes, batchesOf, resultText, SMALL_TOPICS } from "../../tape/commit/support.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-commit-"));
  directories.push(directory);
  return directory;
}

/** A worker, and a pool of buffers as small as it is simple. */
class Thread {
  readonly told: string[] = [];
  readonly notices: string[] = [];
  readonly stage: CommitThread;
  readonly #buffers: SharedArrayBuffer[];
  readonly #free: number[];
  #waiting: (() => void) | undefined;

  constructor(directory: string, buffers = 1) {
    this.#buffers = Array.from({ length: buffers }, () => new SharedArrayBuffer(BUFFER_BYTES));
    this.#free = this.#buffers.map((_, i) => i);
    this.stage = new CommitThread(
      {
        ...{ directory, buffers: this.#buffers, connectionsMax: 16, topicsMax: 16 },
        ...{ topicLimits: SMALL_TOPICS, orderingLimits: ORDERING_LIMITS },
      },
      {
        result: (result) => {
          this.told.push(resultText(result));
          if (result.kind === CommitResultKind.Released) this.#free.push(result.buffer);
        },
        drained: () => this.#waiting?.(),
        notice: (topic, error) => this.notices.push(`${topic} ${error.code}`),
      },
    );
  }

  /** Until something like it was told. */
  until(line: string): Promise<void> {
    return this.#when(() => this.told.some((told) => told.startsWith(line)));
  }

  async #when(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  /** Gives a part, once there is a buffer for it. */
  async put(connection: number, topic: number, ...batches: Uint8Array[]): Promise<void> {
    await this.#when(() => this.#free.length > 0);
    const buffer = this.#free.pop() as number;
    const bytes = new Uint8Array(this.#buffers[buffer]);
    let at = FRAME_HEADER_BYTES;
    for (const batch of batches) {
      bytes.set(batch, at);
      at += batch.length;
    }
    this.stage.commands.part(
      connection,
      topic,
      buffer,
      FRAME_HEADER_BYTES,
      at - FRAME_HEADER_BYTES,
      batches.length,
    );
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
    await thread.put(10, 1, batchBytes(first), batchBytes(first + 1));
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
  await thread.put(10, 1, batchBytes(1), batchBytes(2));
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

test("order of one connection under several workers: each topic's log has every connection's batches in their order, once", async () => {
  const directory = temporaryDirectory();
  const threads = [new Thread(directory, 32), new Thread(directory, 32)];
  const topics = [1, 2, 3, 4];
  const of = (topic: number): Thread => threads[topic % threads.length];
  for (const topic of topics) {
    const { commands } = of(topic).stage;
    commands.openTopic(topic, 2, { bytes: 0, age_us: 0 });
    for (const publisher of [1, 2, 3]) commands.openSession(10 * topic + publisher, topic, publisher, 1, 1);
  }
  const next = new Map<number, number>();
  const prng = new Prng(5);
  for (let part = 0; part < 400; part++) {
    const topic = prng.pick(topics);
    const publisher = prng.between(1, 3);
    const connection = 10 * topic + publisher;
    const batch = (next.get(connection) ?? 0) + 1;
    next.set(connection, batch);
    await of(topic).put(connection, topic, batchBytes(batch, { publisher }));
  }
  await Promise.all(threads.map(({ stage }) => stage.close()));
  for (const topic of topics) {
    const log = batchesOf(new NodeStorage(), topic, directory);
    for (const publisher of [1, 2, 3]) {
      const own = log.filter((entry) => entry.startsWith(`${publisher}.`));
      const sent = next.get(10 * topic + publisher) ?? 0;
      expect(own).toEqual(Array.from({ length: sent }, (_, i) => `${publisher}.1.${i + 1}`));
    }
  }
});

test("a worker that fails says so, whoever waits for it is woken, and closing tells why", async () => {
  const thread = new Thread(temporaryDirectory());
  thread.stage.commands.openTopic(1, 1, { bytes: 0, age_us: 0 });
  thread.stage.commands.openSession(10, 1, 7, 1, 1);
  // No buffer has this number.
  thread.stage.commands.part(10, 1, 99, FRAME_HEADER_BYTES, 136, 1);
  thread.stage.publish();
  const failure = await thread.stage.failed;
  expect([failure.code, failure.exitCode]).toEqual(["BUG", 1]);
  await expect(thread.stage.close()).rejects.toBe(failure);
});
