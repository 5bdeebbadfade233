// The bitmap against a sorted set, at every size a window can have.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BITMAP_SIZE_MAX, TickBitmap } from "../../src/engine/tick-bitmap.ts";

const SIZES = [4096, 8192, 16384, 32768, BITMAP_SIZE_MAX];

/** The set, written the obvious way. */
class SortedSet {
  readonly members = new Set<number>();

  atOrBelow(i: number): number {
    return Math.max(-1, ...[...this.members].filter((member) => member <= i));
  }

  atOrAbove(i: number): number {
    const found = Math.min(...[...this.members].filter((member) => member >= i));
    return found === Number.POSITIVE_INFINITY ? -1 : found;
  }
}

/** Where a step from one word to the next can go wrong: around multiples of 32, 1024 and 32768, and at both ends. */
function edgesOf(size: number): number[] {
  const edges = new Set<number>();
  for (const unit of [32, 1024, 32768, size]) {
    for (const edge of [0, unit, 2 * unit, size / 2, size - unit, size]) {
      for (let i = edge - 2; i <= edge + 1; i++) if (i >= 0 && i < size) edges.add(i);
    }
  }
  return [...edges];
}

function expectNeighbours(bitmap: TickBitmap, set: SortedSet, i: number): void {
  expect([bitmap.atOrBelow(i), bitmap.atOrAbove(i)]).toEqual([set.atOrBelow(i), set.atOrAbove(i)]);
}

describe.each(SIZES)("a bitmap of %i", (size) => {
  const edges = edgesOf(size);

  test("is empty at first and again after every edge was added and removed", () => {
    const bitmap = new TickBitmap(size);
    for (const i of edges) bitmap.add(i);
    for (const i of edges) bitmap.remove(i);
    for (const i of edges) expect([bitmap.atOrBelow(i), bitmap.atOrAbove(i)]).toEqual([-1, -1]);
  });

  test("finds a single member from every edge, over any gap", () => {
    for (const member of edges) {
      const bitmap = new TickBitmap(size);
      bitmap.add(member);
      for (const i of edges) {
        const below = member <= i ? member : -1;
        const above = member >= i ? member : -1;
        if (bitmap.atOrBelow(i) !== below || bitmap.atOrAbove(i) !== above)
          expect.fail(`member ${member} asked from ${i}`);
      }
    }
  });

  test("answers like a sorted set after any additions and removals", () => {
    const place = fc.oneof(fc.constantFrom(...edges), fc.nat(size - 1));
    const steps = fc.array(fc.tuple(fc.boolean(), place), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.array(place, { minLength: 1, maxLength: 20 }), (changes, questions) => {
        const bitmap = new TickBitmap(size);
        const set = new SortedSet();
        for (const [adds, i] of changes) {
          if (adds) {
            bitmap.add(i);
            set.members.add(i);
          } else {
            bitmap.remove(i);
            set.members.delete(i);
          }
        }
        for (const i of [...questions, ...set.members]) expectNeighbours(bitmap, set, i);
      }),
      { numRuns: 200 },
    );
  });
});

test("a full bitmap finds each member at its own place", () => {
  const bitmap = new TickBitmap(4096);
  for (let i = 0; i < 4096; i++) bitmap.add(i);
  for (let i = 0; i < 4096; i++) {
    if (bitmap.atOrBelow(i) !== i || bitmap.atOrAbove(i) !== i) expect.fail(`place ${i}`);
  }
});

test("a bitmap of size 0, which an empty window has, holds nothing", () => {
  expect(new TickBitmap(0).atOrAbove(0)).toBe(-1);
});
