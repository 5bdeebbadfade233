// Replicas' rows in shared memory: what a look at them says, and what it must never say.

import { Worker } from "node:worker_threads";
import { expect, test, vi } from "vitest";
import { entryBeside } from "../../src/platform/index.ts";
import { ACK_VIEW_BYTES, AckView, NodeRows } from "../../src/replication/index.ts";

function look(view: AckView, durable = 5): [replica: number, inMemory: number, persisted: number][] {
  const rows = new NodeRows();
  view.read(rows, durable);
  return Array.from({ length: rows.count }, (_, i) => [rows.replica[i], rows.inMemory[i], rows.persisted[i]]);
}

/** At a row of a replica that is connected. */
const LOOKS = 50_000;
const PRIMARY: [number, number, number] = [-1, Number.POSITIVE_INFINITY, 5];

test("only connected replicas have a row; positions beyond 32 bits are kept whole", () => {
  const view = new AckView(new ArrayBuffer(ACK_VIEW_BYTES));
  expect(look(view)).toEqual([PRIMARY]);
  view.join(1, 9, 7);
  expect(look(view)).toEqual([PRIMARY, [1, 9, 7]]);
  view.join(0, 2 ** 40 + 3, 2 ** 40);
  view.acknowledge(1, 10, 8);
  expect(look(view)).toEqual([PRIMARY, [0, 2 ** 40 + 3, 2 ** 40], [1, 10, 8]]);
  view.leave(0);
  expect(look(view)).toEqual([PRIMARY, [1, 10, 8]]);
});

test("a replica that comes again is seen with what it has then, not with what it had", () => {
  const view = new AckView(new ArrayBuffer(ACK_VIEW_BYTES));
  view.join(0, 900, 900);
  view.leave(0);
  view.leave(0);
  view.join(0, 3, 2);
  expect(look(view)).toEqual([PRIMARY, [0, 3, 2]]);
});

test("every change counts on, so that who waits hears of it", () => {
  const view = new AckView(new ArrayBuffer(ACK_VIEW_BYTES));
  view.say(10);
  const seen = [view.changes];
  const said = [() => view.acknowledge(0, 2, 2), () => view.acknowledge(0, 11, 11)];
  for (const change of [() => view.join(0, 1, 1), ...said, () => view.leave(0)]) {
    change();
    expect(seen).not.toContain(view.changes);
    seen.push(view.changes);
  }
});

// A replica that left was cleared behind the wake-up: who looked in the middle kept it as connected, and nothing told him to look again.
test("whoever is woken finds the row as it stays", () => {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const view = new AckView(memory);
  const words = new Int32Array(memory);
  const woken = vi.spyOn(Atomics, "notify");
  try {
    for (const change of [() => view.join(0, 7, 6), () => view.acknowledge(0, 9, 8), () => view.leave(0)]) {
      let atWake: number[] = [];
      woken.mockImplementation(() => {
        atWake = [...words];
        return 0;
      });
      change();
      expect(atWake).toEqual([...words]);
    }
  } finally {
    woken.mockRestore();
  }
});

test("who waits is woken by what may let something out, not by an acknowledgement of what is released", () => {
  const view = new AckView(new SharedArrayBuffer(ACK_VIEW_BYTES));
  view.join(0, 1, 1);
  view.say(10);
  const isWoken = (inMemory: number, persisted: number, replica = 0): boolean => {
    const wait = Atomics.waitAsync(view.words, 0, view.changes);
    view.acknowledge(replica, inMemory, persisted);
    // Whoever still waits is counted now.
    return wait.async && Atomics.notify(view.words, 0) === 0;
  };
  expect([isWoken(10, 1), isWoken(10, 10), isWoken(11, 10), isWoken(11, 11)]).toEqual([
    ...[false, false],
    ...[true, true],
  ]);
  // What a disk has counts as had in memory, whatever is said of that: it may let out too.
  view.join(1, 10, 10);
  expect(isWoken(10, 11, 1)).toBe(true);
  expect(look(view)).toEqual([PRIMARY, [0, 11, 11], [1, 11, 11]]);
});

test("a row that another thread writes at full speed is never seen cut in two, nor ahead of its connection", async () => {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const view = new AckView(memory);
  // It ends when it has been seen often enough, however busy the machine is.
  const enough = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { memory, enough };
  const writer = new Worker(entryBeside(import.meta.url, "ack-view-worker"), { workerData });
  const ended = new Promise((resolve) => writer.once("exit", resolve));
  let looks = 0;
  while (looks < LOOKS) {
    for (let i = 0; i < 2_000; i++) {
      for (const [replica, inMemory, persisted] of look(view)) {
        // The writer keeps both halves of a position and both positions equal, and no connected row below 2^33.
        if (replica < 0) continue;
        looks++;
        expect([persisted, inMemory % 2 ** 32]).toEqual([inMemory, Math.floor(inMemory / 2 ** 32)]);
        expect(inMemory).toBeGreaterThan(2 ** 32);
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  Atomics.store(enough, 0, 1);
  await ended;
});
