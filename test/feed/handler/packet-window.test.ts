// Packets that wait for those before them, put and taken out in any order: what is kept, and where.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { PacketWindow } from "../../../src/feed/handler/packet-window.ts";

/** What is kept: the first sequence, the one behind the last, and the bytes, which all are the first sequence. */
function kept(window: PacketWindow): number[][] {
  return Array.from({ length: window.count }, (_, i) => {
    const bytes = window.bytes(i).subarray(window.at(i), window.at(i) + window.length(i));
    return [window.first(i), window.end(i), ...new Set(bytes)];
  });
}

function put(window: PacketWindow, first: number, count = 1): boolean {
  return window.put(new Uint8Array(9).fill(first & 255), 1, 8, first, first + count, first);
}

test.each([1, 2, 3])(
  "packets stand in the order of their sequences, however many pass through, seed %i",
  (seed) => {
    const random = new Prng(seed);
    const window = new PacketWindow(8);
    const plain: number[] = [];
    for (let step = 1, lowest = 1; step <= 2_000; step++) {
      if (!window.isFull && random.chance(0.55)) {
        const first = lowest + random.between(0, 20);
        expect(put(window, first)).toBe(!plain.includes(first));
        if (!plain.includes(first)) plain.push(first);
      } else if (window.count > 0) {
        plain.sort((a, b) => a - b);
        lowest = (plain.shift() as number) + 1;
        window.removeFirst();
      }
      if (step % 333 === 0) {
        window.clear();
        plain.length = 0;
      }
      expect(kept(window)).toEqual(
        plain.toSorted((a, b) => a - b).map((first) => [first, first + 1, first & 255]),
      );
    }
  },
);

test("what lies within a packet that is kept brings nothing new; what reaches beyond it does", () => {
  const window = new PacketWindow(8);
  const steps: [first: number, count: number, isNew: boolean][] = [
    [10, 5, true],
    [10, 5, false],
    [12, 3, false],
    [10, 4, false],
    [10, 6, true],
    [14, 4, true],
    [5, 5, true],
  ];
  for (const [first, count, isNew] of steps)
    expect([first, count, put(window, first, count)]).toEqual([first, count, isNew]);
});
