import { describe, expect, test } from "vitest";
import { ChunkPool, OutputQueue } from "../../src/gateway/output-buffer.ts";

function append(queue: OutputQueue, length: number, value: number): boolean {
  const at = queue.claim(length);
  if (at < 0) return false;
  new Uint8Array(queue.view.buffer).fill(value, at, at + length);
  return true;
}

/** Takes all that is queued, range by range. */
function takeAll(queue: OutputQueue): number[][] {
  const ranges: number[][] = [];
  while (queue.range(queue.queued_bytes) > 0) {
    ranges.push(Array.from(queue.bytes.subarray(queue.from, queue.to)));
    queue.gone();
  }
  return ranges;
}

describe("a queue of frames over chunks of 10 bytes", () => {
  test("a frame that does not fit into the rest of a chunk begins the next one", () => {
    const queue = new OutputQueue(new ChunkPool(10, 3));
    for (const value of [1, 2, 3]) append(queue, 4, value);
    expect(queue.queued_bytes).toBe(12);
    expect(takeAll(queue)).toEqual([
      [1, 1, 1, 1, 2, 2, 2, 2],
      [3, 3, 3, 3],
    ]);
    expect(queue.queued_bytes).toBe(0);
  });

  test("a range ends at the limit given, and the next one begins there", () => {
    const queue = new OutputQueue(new ChunkPool(10, 3));
    for (const value of [1, 2]) append(queue, 4, value);
    expect(queue.range(4)).toBe(4);
    queue.gone();
    expect(takeAll(queue)).toEqual([[2, 2, 2, 2]]);
  });

  test("what is appended while a range is out stays behind it", () => {
    const queue = new OutputQueue(new ChunkPool(10, 3));
    append(queue, 4, 1);
    expect(queue.range(4)).toBe(4);
    append(queue, 4, 2);
    append(queue, 4, 3);
    queue.gone();
    expect(takeAll(queue)).toEqual([
      [2, 2, 2, 2],
      [3, 3, 3, 3],
    ]);
  });

  test("the pool's bound refuses a claim, and chunks that are done come back", () => {
    const pool = new ChunkPool(10, 2);
    const queue = new OutputQueue(pool);
    expect([append(queue, 10, 1), append(queue, 10, 2), append(queue, 1, 3)]).toEqual([true, true, false]);
    expect(pool.left).toBe(0);
    expect(queue.queued_bytes).toBe(20);
    expect(takeAll(queue)).toHaveLength(2);
    expect(pool.left).toBe(2);
    expect(append(queue, 10, 4)).toBe(true);
    expect(takeAll(queue)).toEqual([new Array(10).fill(4)]);
  });

  test("dropping all but the range that is out gives every other chunk back", () => {
    const pool = new ChunkPool(10, 4);
    const queue = new OutputQueue(pool);
    for (const value of [1, 2, 3, 4, 5]) append(queue, 4, value);
    queue.range(4);
    queue.drop(true);
    expect([queue.queued_bytes, pool.left]).toEqual([4, 3]);
    queue.gone();
    expect([queue.queued_bytes, pool.left]).toEqual([0, 4]);
    append(queue, 4, 6);
    queue.drop(false);
    expect([queue.queued_bytes, pool.left]).toEqual([0, 4]);
    append(queue, 4, 7);
    expect(takeAll(queue)).toEqual([[7, 7, 7, 7]]);
  });
});
