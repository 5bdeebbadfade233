// When snapshots are taken: a shadow that the test owns says when it is done, and how.

import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import type { StateInMemory } from "../../src/journal/index.ts";
import {
  type ShadowStage,
  type SnapshotSchedule,
  Snapshots,
  type SnapshotTaken,
} from "../../src/runtime/index.ts";

/** What happened, in order. */
let told: string[];
let released: number;
let shadow: HeldShadow;

function takenAt(position: number): SnapshotTaken {
  const none = { retired: [], refused: [], notRemoved: undefined };
  return { position, path: "p", stateHash: "", stateBytes: 0, applied: 0, ...none };
}

class HeldShadow implements ShadowStage {
  readonly asked: { durable: number; done: (error?: SeriatimError) => void }[] = [];

  take(durable: number): Promise<SnapshotTaken> {
    told.push(`shadow to ${durable}`);
    return new Promise((resolve, reject) => {
      const { asked } = this;
      asked.push({ durable, done });
      function done(error?: SeriatimError): void {
        if (error !== undefined) reject(error);
        else {
          resolve(takenAt(durable));
        }
      }
    });
  }

  async stop(): Promise<void> {
    for (const { done } of this.asked) done(new SeriatimError("BROKEN_OFF", "broken off"));
  }
}

beforeEach(() => {
  told = [];
  released = 0;
  shadow = new HeldShadow();
});

function snapshots(every: number, fromMemory?: SnapshotSchedule["fromMemory"]): Snapshots {
  const log = {
    beganWith: 100,
    get position() {
      return released;
    },
    sync: async () => released,
  };
  const listener = {
    taken: ({ position }: SnapshotTaken) => told.push(`taken ${position}`),
    notTaken: (error: unknown) => told.push(`not taken: ${(error as SeriatimError).code}`),
  };
  return new Snapshots({ log, shadow, every, listener, ...(fromMemory && { fromMemory }) });
}

/** The node's tick when `position` is the last one released. */
async function tickAt(all: Snapshots, position: number): Promise<void> {
  released = position;
  all.tick();
  await nextTurn();
}

test("one is taken when enough commands followed the last, the one of the start included", async () => {
  const all = snapshots(50);
  for (const position of [100, 149, 150, 210]) await tickAt(all, position);
  expect(told).toEqual(["shadow to 150"]);
  shadow.asked[0].done();
  await nextTurn();
  for (const position of [199, 200]) await tickAt(all, position);
  expect(told).toEqual(["shadow to 150", "taken 150", "shadow to 200"]);
});

// One whose thread hung was waited for without a word, and no other one was ever taken.
test("one that is not done for long is told as not taken, and still waited for", async () => {
  const all = snapshots(50);
  await tickAt(all, 150);
  for (let ticks = 1; ticks <= 600; ticks++) all.tick();
  expect([told, all.status.failures]).toEqual([
    ["shadow to 150", "not taken: SNAPSHOT_LATE", "not taken: SNAPSHOT_LATE"],
    2,
  ]);
  shadow.asked[0].done();
  await nextTurn();
  expect([told.at(-1), all.status.position]).toEqual(["taken 150", 150]);
});

test("with 0 none is taken but on request", async () => {
  const all = snapshots(0);
  await tickAt(all, 1_000_000);
  expect(told).toEqual([]);
  const asked = all.request();
  await nextTurn();
  shadow.asked[0].done();
  expect((await asked).position).toBe(1_000_000);
});

test("all who ask while one is taken share the next, which has what came meanwhile", async () => {
  const all = snapshots(0);
  released = 200;
  const first = all.request();
  await nextTurn();
  released = 300;
  const [second, third] = [all.request(), all.request()];
  await nextTurn();
  expect(told).toEqual(["shadow to 200"]);
  shadow.asked[0].done();
  expect((await first).position).toBe(200);
  await nextTurn();
  shadow.asked[1].done();
  expect([(await second).position, (await third).position]).toEqual([300, 300]);
  expect(shadow.asked.length).toBe(2);
});

test("whoever asks between the end of one and the beginning of the next shares the next", async () => {
  const all = snapshots(0);
  const third = all.request().then(() => all.request());
  await nextTurn();
  const second = all.request();
  shadow.asked[0].done();
  await nextTurn();
  expect(shadow.asked.length).toBe(2);
  shadow.asked[1].done();
  await Promise.all([second, third]);
  expect(shadow.asked.length).toBe(2);
});

test("one that can't be taken is told, and not tried again before as many commands have come", async () => {
  const all = snapshots(50);
  await tickAt(all, 160);
  shadow.asked[0].done(new SeriatimError("ENOSPC", "no space left"));
  await nextTurn();
  for (const position of [161, 209, 210]) await tickAt(all, position);
  expect(told).toEqual(["shadow to 160", "not taken: ENOSPC", "shadow to 210"]);
});

test("a request is taken after one that failed", async () => {
  const all = snapshots(0);
  const first = all.request();
  await nextTurn();
  const second = all.request();
  shadow.asked[0].done(new SeriatimError("EIO", "failed"));
  await expect(first).rejects.toMatchObject({ code: "EIO" });
  await nextTurn();
  shadow.asked[1].done();
  await second;
});

test("the status names the newest there is, of the start if need be, and counts those that failed", async () => {
  const all = snapshots(50);
  expect(all.status).toEqual({ position: 100, failures: 0 });
  await tickAt(all, 160);
  shadow.asked[0].done(new SeriatimError("ENOSPC", "no space left"));
  await nextTurn();
  expect(all.status).toEqual({ position: 100, failures: 1 });
  await tickAt(all, 210);
  shadow.asked[1].done();
  await nextTurn();
  expect(all.status).toEqual({ position: 210, failures: 1 });
});

test("a stop while the journal is still asked begins no shadow", async () => {
  const all = snapshots(50);
  const asked = all.request();
  const stopping = all.stop();
  await expect(asked).rejects.toMatchObject({ code: "SNAPSHOT_ENDED" });
  await stopping;
  expect(told).toEqual([]);
});

test("a stop breaks off what is taken, and who waits or asks later is refused", async () => {
  const all = snapshots(50);
  const first = all.request();
  await nextTurn();
  const second = all.request();
  const ends = Promise.allSettled([first, second]);
  await all.stop();
  await tickAt(all, 1_000);
  expect((await ends).map((end) => end.status === "rejected" && end.reason.code)).toEqual([
    "BROKEN_OFF",
    "SNAPSHOT_ENDED",
  ]);
  await expect(all.request()).rejects.toMatchObject({ code: "SNAPSHOT_ENDED" });
  expect(told).toEqual(["shadow to 0"]);
});

describe("when the log can't be read", () => {
  const damaged = new SeriatimError("LOG_DAMAGED", "corrupt: journal-1.seg");

  /** Its application has position 300 in memory. */
  function withMemory(): Snapshots {
    return snapshots(0, {
      onDamage: (why) => void told.push(`damage: ${why}`),
      state: async () => ({ position: 300, timestamp_us: 1, session: 0, state: new Uint8Array() }),
      keep: async ({ position }) => {
        told.push(`keep ${position}`);
        return takenAt(position);
      },
    });
  }

  test("one is made of the state in memory, and it is said where the log is damaged", async () => {
    const asked = withMemory().request();
    await nextTurn();
    shadow.asked[0].done(damaged);
    expect((await asked).position).toBe(300);
    expect(told).toEqual(["shadow to 0", "damage: corrupt: journal-1.seg", "keep 300", "taken 300"]);
  });

  test("none is made of it for what else goes wrong", async () => {
    const asked = withMemory().request();
    await nextTurn();
    shadow.asked[0].done(new SeriatimError("ENOSPC", "no space left"));
    await expect(asked).rejects.toMatchObject({ code: "ENOSPC" });
    expect(told).toEqual(["shadow to 0", "not taken: ENOSPC"]);
  });

  test("a stop while the state is made keeps none of it", async () => {
    const { promise, resolve } = Promise.withResolvers<StateInMemory>();
    const all = snapshots(0, {
      onDamage: () => {},
      state: () => promise,
      keep: async ({ position }) => {
        told.push(`keep ${position}`);
        return takenAt(position);
      },
    });
    const asked = all.request();
    await nextTurn();
    shadow.asked[0].done(damaged);
    await nextTurn();
    const stopping = all.stop();
    resolve({ position: 300, timestamp_us: 1, session: 0, state: new Uint8Array() });
    await expect(asked).rejects.toMatchObject({ code: "SNAPSHOT_ENDED" });
    await stopping;
    expect(told).toEqual(["shadow to 0"]);
  });

  test("one that is wanted is taken at the next tick, the one wanted after it ten ticks later", async () => {
    const all = withMemory();
    for (let tick = 1; tick <= 12; tick++) {
      all.want();
      await tickAt(all, 0);
      if (tick === 1) shadow.asked[0].done();
      await nextTurn();
      expect(shadow.asked.length, `tick ${tick}`).toBe(tick < 11 ? 1 : 2);
    }
  });
});
