// The ring of a publisher's unacknowledged batches under random work, held against a list of what was put in; and what a session does
// behind Accepted, as a table.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  batchHeaderProblem,
  RecordCursor,
  readBatchHeader,
  type TapeAcceptedFields,
  TapeBatch,
  TapeReason,
} from "../../../src/protocol/index.ts";
import { lastGoodOf, Resume, resumeOf } from "../../../src/tape-runtime/client/publish-course.ts";
import { Added, type InFlightBatch, PublishWindow } from "../../../src/tape-runtime/client/publish-window.ts";
import { TapeRefusedError } from "../../../src/tape-runtime/index.ts";

const checksums = new NativeChecksums();

/** The values of the batch at `at`, whose sums have to be right. Looked at a million times: `expect` would take most of the time. */
function valuesAt({ memory }: PublishWindow, { at, length }: InFlightBatch): string[] {
  if (batchHeaderProblem(memory, at) !== TapeReason.None) throw new Error(`no batch at ${at}`);
  const { payloadCrc, payloadBytes } = readBatchHeader(memory.view, at);
  const from = at + TapeBatch.bytes;
  if (checksums.crc32c(memory.bytes.subarray(from, at + length)) !== payloadCrc)
    throw new Error(`the checksum of the batch at ${at} is wrong`);
  const cursor = new RecordCursor();
  cursor.reset(memory.bytes, from, from + payloadBytes);
  const values: string[] = [];
  while (cursor.next()) values.push(Buffer.from(cursor.value()).toString());
  return values;
}

/** What is in the window by a list: batches that are not acknowledged, and those a socket still reads. */
class Model {
  readonly window = new PublishWindow(2_048, 256, checksums);
  epoch = 1;
  open: string[] = [];
  sealed: { batch: InFlightBatch; values: string[] }[] = [];
  held: { batch: InFlightBatch; values: string[] }[] = [];
  settled: number[] = [];
  readonly #prng: Prng;
  #count = 0;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }

  step(): void {
    const what = this.#prng.between(0, 9);
    if (what <= 5) this.#add();
    else if (what === 6) this.#seal();
    else if (what === 7) this.#acknowledge();
    else if (what === 8) this.#release();
    else if (this.#prng.between(0, 5) === 0) this.#lose();
    // Whatever was done: what may still be sent, or is being read, lies as it was written.
    for (const { batch, values } of [...this.sealed, ...this.held]) {
      const found = valuesAt(this.window, batch);
      if (found.join() !== values.join()) expect(found).toEqual(values);
    }
    expect(this.window.unacknowledged).toBe(this.sealed.length);
  }

  #add(): void {
    const value = `${this.#count++} ${"v".repeat(this.#prng.between(0, 90))}`;
    const { hasRoom } = this.window;
    let added = this.window.add(Buffer.from(value));
    if (added === Added.BatchFull) {
      this.#seal();
      added = this.window.add(Buffer.from(value));
    }
    if (added === Added.Yes) this.open.push(value);
    else expect([hasRoom, this.window.hasRoom]).toEqual([false, false]);
  }

  #seal(): void {
    if (this.open.length > 0) void this.window.openPlace().then(({ batch }) => this.settled.push(batch));
    const batch = this.window.seal(7, this.epoch);
    expect(batch === undefined).toBe(this.open.length === 0);
    if (batch === undefined) return;
    batch.isReleased = false;
    this.sealed.push({ batch, values: this.open });
    this.held.push({ batch, values: this.open });
    this.open = [];
  }

  #acknowledge(): void {
    if (this.sealed.length === 0) return;
    const upTo = this.#prng.between(0, this.sealed.length - 1);
    this.window.acknowledge(this.sealed[upTo].batch.batch, 0);
    this.sealed = this.sealed.slice(upTo + 1);
  }

  #release(): void {
    const released = this.held.shift();
    if (released === undefined) return;
    released.batch.isReleased = true;
    this.window.free();
  }

  /** The connection is lost and the session goes on in the next epoch: nothing is read, all is numbered anew. */
  #lose(): void {
    this.held = [];
    this.window.releaseAll();
    this.epoch++;
    this.window.renumber(1, this.epoch);
    expect(this.sealed.map(({ batch }) => batch.batch)).toEqual(this.sealed.map((_, i) => i + 1));
  }

  async drain(): Promise<void> {
    this.#lose();
    this.#seal();
    this.held = [];
    this.window.releaseAll();
    this.window.acknowledge(this.window.nextBatch - 1, 0);
    await Promise.resolve();
  }
}

test("batches lie untouched until they are acknowledged and released, whatever is added and lost meanwhile", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const model = new Model(seed);
    try {
      for (let i = 0; i < 300; i++) model.step();
      await model.drain();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    expect([model.window.bytes, model.window.unacknowledged], `seed ${seed}`).toEqual([0, 0]);
    expect(model.settled.length, `seed ${seed}`).toBeGreaterThan(10);
  }
});

test.each<[what: string, accepted: Partial<TapeAcceptedFields>, ack: number, resume: Resume]>([
  ["everything is there", { lastBatch: 9 }, 2, Resume.Resend],
  ["a part is there", { lastBatch: 7 }, 2, Resume.Resend],
  ["what was acknowledged is there and no more", { lastBatch: 5 }, 1, Resume.Resend],
  ["less than was acknowledged, at order level 2", { lastBatch: 4 }, 1, Resume.Lost],
  ["less than was acknowledged, at order level 1", { lastBatch: 4, order: 1 }, 1, Resume.Resend],
  ["more than was ever sent", { lastBatch: 10 }, 2, Resume.Taken],
  ["another epoch was opened", { epoch: 4, lastBatch: 0 }, 2, Resume.Renumber],
  ["nobody knows what arrived, at ack level 0", { lastBatch: 3 }, 0, Resume.Renumber],
])("behind Accepted, when batches up to 5 of 9 are acknowledged: %s", (_, accepted, ack, resume) => {
  const standing = { epoch: 3, acknowledged: 5, nextBatch: 10, ack };
  const none = {
    topic: 1,
    order: 2,
    ack,
    epoch: 3,
    nextRecord: 1,
    oldestRecord: 1,
    lease_ms: 1,
    lastBatch: 0,
  };
  expect(resumeOf(standing, { ...none, ...accepted })).toBe(resume);
});

test("only a fence that names its last good batch can be mended", () => {
  const end = (reason: TapeReason) => new TapeRefusedError("here", { reason, detail: 5, text: "" });
  expect(lastGoodOf(end(TapeReason.LeaseOver))).toBe(5);
  expect(lastGoodOf(end(TapeReason.Epoch))).toBeUndefined();
  expect(lastGoodOf(new Error("gone") as never)).toBeUndefined();
});
