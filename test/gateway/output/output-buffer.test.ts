import { describe, expect, test, vi } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { ChunkPool, OutputQueue } from "../../../src/gateway/output/output-buffer.ts";

/** A first chunk of 10 bytes for one queue, and `more` chunks of 10 beside it. */
function tens(more: number): ChunkPool {
  return new ChunkPool({ firstChunk_bytes: 10, chunk_bytes: 10, total_bytes: 10 * (1 + more), queues: 1 });
}

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
    const queue = new OutputQueue(tens(2));
    for (const value of [1, 2, 3]) append(queue, 4, value);
    expect(queue.queued_bytes).toBe(12);
    expect(takeAll(queue)).toEqual([
      [1, 1, 1, 1, 2, 2, 2, 2],
      [3, 3, 3, 3],
    ]);
    expect(queue.queued_bytes).toBe(0);
  });

  test("a range ends at the limit given, and the next one begins there", () => {
    const queue = new OutputQueue(tens(2));
    for (const value of [1, 2]) append(queue, 4, value);
    expect(queue.range(4)).toBe(4);
    queue.gone();
    expect(takeAll(queue)).toEqual([[2, 2, 2, 2]]);
  });

  test("what is appended while a range is out stays behind it", () => {
    const queue = new OutputQueue(tens(2));
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
    const pool = tens(1);
    const queue = new OutputQueue(pool);
    expect([append(queue, 10, 1), append(queue, 10, 2), append(queue, 1, 3)]).toEqual([true, true, false]);
    expect(pool.left_bytes).toBe(0);
    expect(queue.queued_bytes).toBe(20);
    expect(takeAll(queue)).toHaveLength(2);
    expect(pool.left_bytes).toBe(10);
    expect(append(queue, 10, 4)).toBe(true);
    expect(takeAll(queue)).toEqual([new Array(10).fill(4)]);
  });

  test("dropping all but the range that is out gives every other chunk back", () => {
    const pool = tens(3);
    const queue = new OutputQueue(pool);
    for (const value of [1, 2, 3, 4, 5]) append(queue, 4, value);
    queue.range(4);
    queue.drop(true);
    expect([queue.queued_bytes, pool.left_bytes]).toEqual([4, 30]);
    queue.gone();
    expect([queue.queued_bytes, pool.left_bytes]).toEqual([0, 30]);
    append(queue, 4, 6);
    queue.drop(false);
    expect([queue.queued_bytes, pool.left_bytes]).toEqual([0, 30]);
    append(queue, 4, 7);
    expect(takeAll(queue)).toEqual([[7, 7, 7, 7]]);
  });
});

describe("a queue over chunks that grow from 4 to 64 bytes", () => {
  const pool = () => new ChunkPool({ firstChunk_bytes: 4, chunk_bytes: 64, total_bytes: 264, queues: 2 });

  test("sends in one range what outgrew its chunks while nothing of it was out", () => {
    const queue = new OutputQueue(pool());
    for (let value = 1; value <= 16; value++) append(queue, 4, value);
    expect(takeAll(queue)).toEqual([Array.from({ length: 64 }, (_, i) => 1 + Math.floor(i / 4))]);
  });

  test("moves nothing of which a range is out, and what is left behind one that is gone", () => {
    const queue = new OutputQueue(pool());
    append(queue, 4, 1);
    queue.range(4);
    const { bytes } = queue;
    append(queue, 4, 2);
    expect([...bytes.subarray(queue.from, queue.to)]).toEqual([1, 1, 1, 1]);
    queue.gone();
    append(queue, 12, 3);
    expect(queue.range(4)).toBe(4);
    queue.gone();
    append(queue, 10, 4);
    expect(takeAll(queue)).toEqual([[...Array(12).fill(3), ...Array(10).fill(4)]]);
  });

  test("is flushed in time linear to what it holds, however small the steps: nothing is moved to the front", () => {
    const large = { firstChunk_bytes: 1_024, chunk_bytes: 65_536, total_bytes: 4_000_000, queues: 1 };
    const queue = new OutputQueue(new ChunkPool(large));
    for (let frame = 0; frame < 32_768; frame++) append(queue, 32, frame & 0xff);
    const moves = [vi.spyOn(Uint8Array.prototype, "set"), vi.spyOn(Uint8Array.prototype, "copyWithin")];
    const chunks = new Set<Uint8Array>();
    for (let frame = 0; queue.queued_bytes > 0; frame++) {
      expect(queue.range(32)).toBe(32);
      chunks.add(queue.bytes);
      expect(queue.bytes[queue.from]).toBe(frame & 0xff);
      queue.gone();
    }
    // Each chunk where it was written, none twice.
    expect(moves.map((move) => move.mock.calls.length)).toEqual([0, 0]);
    expect(chunks.size).toBe(16);
    vi.restoreAllMocks();
  });

  test("has its first chunk when all other memory is taken", () => {
    const shared = pool();
    const greedy = new OutputQueue(shared);
    while (append(greedy, 4, 1));
    const modest = new OutputQueue(shared);
    expect([append(modest, 4, 2), append(modest, 1, 3)]).toEqual([true, false]);
    expect(greedy.queued_bytes).toBe(256);
  });

  test("never holds more memory than the pool's total, used and unused chunks together, whatever is asked", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const prng = new Prng(seed);
      const shared = new ChunkPool({ firstChunk_bytes: 4, chunk_bytes: 64, total_bytes: 300, queues: 3 });
      const queues = Array.from({ length: 3 }, () => ({ queue: new OutputQueue(shared), sent: 0, got: 0 }));
      for (let step = 0; step < 400; step++) {
        const one = prng.pick(queues);
        if (prng.chance(0.7)) {
          if (append(one.queue, 4, one.sent & 0xff)) one.sent++;
        } else if (one.queue.range(4 * prng.between(0, 20)) > 0) {
          for (let at = one.queue.from; at < one.queue.to; at += 4) {
            expect(one.queue.bytes[at], `seed ${seed}`).toBe(one.got++ & 0xff);
          }
          one.queue.gone();
        }
        expect(shared.left_bytes, `seed ${seed}`).toBeGreaterThanOrEqual(shared.idle_bytes);
      }
      for (const { queue } of queues) takeAll(queue);
      expect(shared.left_bytes, `seed ${seed}`).toBe(288);
    }
  });
});
