// Aligned lines: each line of both sides once and in order, and never more differences than edits.

import fc from "fast-check";
import { expect, test } from "vitest";
import { alignLines } from "../../src/replay/align-lines.ts";

/** What happened to a line: nothing, changed, left out, one added behind it. */
const EDITS = ["keep", "keep", "keep", "change", "leave out", "add"] as const;

test("whatever was edited, every line is paired once, in order, and each edit is one difference at most", () => {
  const edits = fc.array(fc.constantFrom(...EDITS), { maxLength: 40 });
  fc.assert(
    fc.property(edits, (kinds) => {
      const expected = kinds.map((_, i) => `line ${i}`);
      const found = kinds.flatMap((kind, i) => {
        if (kind === "keep") return [expected[i]];
        if (kind === "change") return [`changed ${i}`];
        return kind === "add" ? [expected[i], `added ${i}`] : [];
      });
      const pairs = alignLines(expected, found);
      expect(pairs.flatMap(([e]) => (e === undefined ? [] : [expected[e]]))).toEqual(expected);
      expect(pairs.flatMap(([, f]) => (f === undefined ? [] : [found[f]]))).toEqual(found);
      const different = pairs.filter(
        ([e, f]) => e === undefined || f === undefined || expected[e] !== found[f],
      );
      expect(different.length).toBeLessThanOrEqual(kinds.filter((kind) => kind !== "keep").length);
      expect(different.length > 0).toBe(kinds.some((kind) => kind !== "keep"));
    }),
  );
});

test("a line that is the copy of a later one is one difference", () => {
  expect(alignLines(["a", "b", "c", "d"], ["a", "d", "c", "d"])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
});

test("of two lines that were exchanged one is out of place: missing here, too many there", () => {
  expect(alignLines(["a", "b", "c"], ["b", "a", "c"])).toEqual([
    [undefined, 0],
    [0, 1],
    [1, undefined],
    [2, 2],
  ]);
});
