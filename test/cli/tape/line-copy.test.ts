// Lines on their way from an input to a topic: what ends the reading, whatever the input does, and what it keeps of what it has read.

import { expect, test } from "vitest";
import { SeriatimError } from "../../../src/base/index.ts";
import { LineCopy } from "../../../src/cli/tape/line-copy.ts";
import type { LineInput } from "../../../src/cli/tape/line-input.ts";
import type { TapePublisher } from "../../../src/tape-runtime/index.ts";
import { heldBytes } from "../../support/held-bytes.ts";

/** A publisher that takes every line, and counts them. */
function taking() {
  const closed = Promise.withResolvers<SeriatimError | undefined>();
  const figures = { records: 0, batches: 1 };
  const publisher = {
    closed: closed.promise,
    figures,
    append: () => ++figures.records > 0,
    close: async () => closed.resolve(undefined),
  };
  return { publisher: publisher as unknown as TapePublisher, figures, fail: closed.resolve };
}

function inputOf(next: LineInput["next"], bytes?: number): LineInput {
  return { bytes, next, close: () => {} };
}

/** As a file's pieces, which a read brings. */
async function comingLater(): Promise<Uint8Array> {
  await new Promise((resolve) => setImmediate(resolve));
  return Buffer.from("one\n");
}

const NEVER = new Promise<never>(() => {});

test("an input is read through without being kept: however much has come, what was published is let go", async () => {
  const { publisher, figures } = taking();
  const pieces = 200;
  let left = pieces;
  let held = Number.POSITIVE_INFINITY;
  const before = await heldBytes();
  const next = async () => {
    // Before the last piece, while it still reads.
    if (left === 1) held = await heldBytes();
    return left-- > 0 ? new Uint8Array(1_000_000).fill(10, -1) : undefined;
  };
  await new LineCopy(publisher, inputOf(next), 1_000_000).run();
  expect(figures.records).toBe(pieces);
  expect(held - before).toBeLessThan(20_000_000);
});

test("a stop ends the reading of an input that says nothing, and of a file it is said that it was not read to its end", async () => {
  const pipe = new LineCopy(
    taking().publisher,
    inputOf(() => NEVER),
    100,
  );
  const running = pipe.run();
  await Promise.resolve();
  pipe.stop();
  await running;
  const file = new LineCopy(taking().publisher, inputOf(comingLater, 1_000_000), 100);
  const reading = file.run();
  file.stop();
  await expect(reading).rejects.toMatchObject({ code: "INTERRUPTED" });
});

test("a publisher that has ended ends the reading of an input that says nothing, with why", async () => {
  const { publisher, fail } = taking();
  const running = new LineCopy(
    publisher,
    inputOf(() => NEVER),
    100,
  ).run();
  fail(new SeriatimError("CONNECTION_LOST", "the tape is gone"));
  await expect(running).rejects.toMatchObject({ code: "CONNECTION_LOST" });
});

test("an input that can't be read on ends it, when all that came is published", async () => {
  const { publisher, figures } = taking();
  const pieces = ["one\ntwo\nthr", "ee"];
  const next = async () => {
    const piece = pieces.shift();
    if (piece === undefined) throw new SeriatimError("INPUT_FAILED", "the disk is gone");
    return Buffer.from(piece);
  };
  await expect(new LineCopy(publisher, inputOf(next), 100).run()).rejects.toMatchObject({
    code: "INPUT_FAILED",
  });
  expect(figures.records).toBe(2);
});
