import { expect, test } from "vitest";
import { TextOutput } from "../../src/cli/stdout.ts";

/** An output whose writes take `most` bytes each, after failing with `codes` one after another. */
function output(most: number, ...codes: (string | undefined)[]) {
  let written = "";
  let calls = 0;
  const text = new TextOutput((bytes, at) => {
    const code = codes[calls++];
    if (code !== undefined) throw Object.assign(new Error("as thrown"), { code });
    const piece = Buffer.from(bytes.subarray(at, at + most));
    written += piece.toString("latin1");
    return piece.length;
  });
  return { text, written: () => written, calls: () => calls };
}

test("a disk that takes a part of a write is given the rest", () => {
  const { text, written } = output(3);
  expect(text.write("a whole line\n")).toBe(true);
  expect(written()).toBe("a whole line\n");
});

test("a pipe that is full for now is tried again", () => {
  const { text, written, calls } = output(100, "EAGAIN", undefined, "EAGAIN");
  text.write("one\n");
  text.write("two\n");
  expect([written(), calls()]).toEqual(["one\ntwo\n", 4]);
});

test("when nobody reads, nothing is written any more and every write says so", () => {
  const { text, calls } = output(100, "EPIPE");
  expect([text.write("one\n"), text.write("two\n"), text.writeLines(["three"])]).toEqual([
    false,
    false,
    false,
  ]);
  expect(calls()).toBe(1);
});

test("a disk that is full is an error that says where", () => {
  const { text } = output(4, undefined, "ENOSPC");
  expect(() => text.write("a whole line\n")).toThrow("standard output can't be written: as thrown");
});

test("lines are written in order, however many", () => {
  const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}`);
  const { text, written, calls } = output(1_000_000);
  expect(text.writeLines(lines)).toBe(true);
  expect(written()).toBe(`${lines.join("\n")}\n`);
  expect(calls()).toBeGreaterThan(1);
});
