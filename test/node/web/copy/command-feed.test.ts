// From the node's engine to the web's copy of it: the same state, of what is released and of nothing else, however far the
// copy falls behind.

import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { RecordBuffer } from "../../../../src/base/index.ts";
import { ExchangeEngine } from "../../../../src/engine/index.ts";
import { CommandFeed, type Handover } from "../../../../src/node/web/copy/command-feed.ts";
import { type EventListener, Follower } from "../../../../src/node/web/copy/follower.ts";
import { entryBeside } from "../../../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, EventFlag, EventWord } from "../../../../src/protocol/index.ts";
import { Ring, RingConsumer } from "../../../../src/ring/index.ts";
import { hashOf, Primary } from "../support.ts";

const primaries: Primary[] = [];
afterEach(() => {
  for (const primary of primaries.splice(0)) primary.feed.close();
});

function primaryOf(...options: ConstructorParameters<typeof Primary>): Primary {
  const primary = new Primary(...options);
  primaries.push(primary);
  return primary;
}

/** What a listener was told, as short words. */
class Heard implements EventListener {
  isAwaited = true;
  resets = 0;
  flushes = 0;
  commands = 0;
  onEvents(events: RecordBuffer): void {
    for (let at = 0; at < events.count * EVENT_WORDS; at += EVENT_WORDS)
      if (((events.words[at + EventWord.kindReasonCommandFlags] >>> 24) & EventFlag.Last) !== 0)
        this.commands++;
  }
  /** Commands that ended, and those that did when the listener had all of their events. */
  ended = 0;
  endedWhole = 0;
  endCommand(): void {
    this.ended++;
    if (this.commands === this.ended) this.endedWhole++;
  }
  onReset(): void {
    this.resets++;
  }
  flush(): void {
    this.flushes++;
  }
}

/** A follower on this thread of whatever `primary` hands over. */
function followed(commands: number, ringRecords: number, rest?: () => Promise<void>) {
  const heard = new Heard();
  const failures: unknown[] = [];
  let follower: Follower<EventListener> | undefined;
  const primary = primaryOf(commands, ringRecords, (handover) => {
    if (follower !== undefined) return follower.follow(handover);
    follower = new Follower(
      handover,
      () => heard,
      (error) => failures.push(error),
      rest,
    );
  });
  const caughtUpWith = async (position: number): Promise<Follower<EventListener>> => {
    while (follower?.position !== position) await nextTurn();
    expect(failures).toEqual([]);
    return follower;
  };
  return { primary, heard, caughtUpWith };
}

/** Records of a handover's ring that can be seen. */
function visible({ ring }: Handover): number {
  return new RingConsumer(Ring.attach(ring)).available();
}

describe("what a reader is given", () => {
  test("is the state at once when all of it is released, then each command after its release", () => {
    const primary = primaryOf(1_000, 64);
    const [handover] = primary.handovers;
    expect(handover.position).toBe(5);
    primary.apply(10);
    expect(visible(handover)).toBe(0);
    primary.release(8);
    expect(visible(handover)).toBe(3);
    primary.release(15);
    expect(visible(handover)).toBe(10);
    expect(primary.handovers.length).toBe(1);
  });

  test("after an overrun is nothing of the state before its position is released", async () => {
    const primary = primaryOf(1_000, 16);
    primary.apply(20);
    expect(primary.overruns).toBe(1);
    primary.apply(5);
    primary.release();
    const [first] = primary.handovers;
    const consumer = new RingConsumer(Ring.attach(first.ring));
    expect(consumer.available()).toBe(16);
    consumer.release(16);
    while (primary.feed.resyncs === 0) await nextTurn();
    expect(primary.handovers.map(({ position }) => position)).toEqual([5, 30]);
    expect(consumer.ended()).toBe(true);

    primary.apply(17);
    primary.release();
    expect(primary.overruns).toBe(2);
    const second = new RingConsumer(Ring.attach(primary.handovers[1].ring));
    second.release(second.available());
    primary.apply(3);
    while (primary.feed.resyncs === 1) await nextTurn();
    primary.apply(2);
    primary.release(49);
    expect(primary.handovers.length).toBe(2);
    primary.release(51);
    expect(primary.handovers.at(-1)?.position).toBe(50);
    expect(visible(primary.handovers[2])).toBe(1);
  });
});

test("a reader that can read the journal is given a new ring, and no state, when its position is released", async () => {
  const handovers: Handover[] = [];
  let position = 5;
  const application = { snapshotWithoutReports: () => snapshots++ };
  let snapshots = 0;
  const feed = new CommandFeed({
    ...{ application, position: () => position, ringRecords: 4, resyncInterval_ms: 1, hasJournal: true },
    handOver: (handover) => handovers.push(handover),
    onOverrun: () => {},
  });
  feed.begin(5);
  const words = new Int32Array(COMMAND_WORDS);
  for (; position < 12; position++) feed.committed(words, 0);
  feed.released(9);
  const consumer = new RingConsumer(Ring.attach(handovers[0].ring));
  consumer.release(4);
  while (feed.resyncs === 0) await nextTurn();
  feed.released(11);
  expect(handovers.length).toBe(1);
  feed.released(12);
  expect(handovers.map(({ position: at, snapshot }) => [at, snapshot === undefined])).toEqual([
    [5, false],
    [12, true],
  ]);
  expect(snapshots).toBe(1);
  feed.close();
});

test("a feed that is closed shows a reader that is at work nothing that was not released", async () => {
  const { primary, heard, caughtUpWith } = followed(1_000, 64);
  const [{ ring }] = primary.handovers;
  primary.apply(10);
  primary.release(8);
  await caughtUpWith(8);
  // As of a replica whose history turns out to be none: what its primary never released is set aside, and another log is shown.
  primary.feed.close();
  for (let i = 0; i < 10; i++) await nextTurn();
  expect(heard.commands).toBe(3);
  expect(new RingConsumer(Ring.attach(ring)).ended()).toBe(true);
});

describe("a follower", () => {
  test("has the engine's state after every batch, and hears every command once", async () => {
    const { primary, heard, caughtUpWith } = followed(20_000, 65_536);
    let batch = 1;
    while (primary.left > 0) {
      primary.apply(Math.min(batch, primary.left));
      batch = (batch * 7 + 3) % 2_999;
      primary.release();
      const copy = await caughtUpWith(primary.position);
      expect(copy.engine.sequence).toBe(primary.engine.sequence);
    }
    const copy = await caughtUpWith(primary.position);
    expect(hashOf(copy.engine)).toBe(hashOf(primary.engine));
    expect(heard.commands).toBe(primary.position - 5);
    expect([heard.ended, heard.endedWhole]).toEqual([heard.commands, heard.commands]);
    expect(heard.resets).toBe(1);
    expect(primary.feed.resyncs).toBe(0);
  });

  test("that falls behind again and again begins anew each time, and ends with the same state", async () => {
    const { primary, heard, caughtUpWith } = followed(20_000, 256);
    while (primary.left > 0) {
      const before = primary.feed.resyncs;
      primary.apply(Math.min(900, primary.left));
      primary.release(primary.position - 100);
      if (primary.left === 0) break;
      primary.release();
      while (primary.feed.resyncs === before) await nextTurn();
    }
    primary.release();
    while (primary.feed.resyncs < primary.overruns) await nextTurn();
    const copy = await caughtUpWith(primary.position);
    expect(hashOf(copy.engine)).toBe(hashOf(primary.engine));
    expect(primary.overruns).toBeGreaterThan(20);
    expect(heard.resets).toBe(1 + primary.feed.resyncs);
    // The engine's own commands went on all the while: what was missed was taken from the snapshots.
    expect(heard.commands).toBeLessThan(primary.position / 2);
  });

  test("takes no more than its share of commands before it flushes", async () => {
    const { primary, heard, caughtUpWith } = followed(8_192, 16_384);
    primary.apply(primary.left);
    primary.release();
    await caughtUpWith(primary.position);
    expect(heard.flushes).toBeGreaterThanOrEqual(1 + 8);
  });

  test("rests when it has taken all there is, unless somebody waits for each command", async () => {
    const rests: (() => void)[] = [];
    const rest = () => new Promise<void>((resolve) => rests.push(resolve));
    const { primary, heard, caughtUpWith } = followed(5_000, 16_384, rest);
    const come = (): void => {
      primary.apply(10);
      primary.release();
    };
    for (let i = 0; i < 5; i++) {
      come();
      await caughtUpWith(primary.position);
    }
    expect(rests.length).toBe(0);

    heard.isAwaited = false;
    come();
    const { position } = await caughtUpWith(primary.position);
    const { flushes } = heard;
    for (let i = 0; i < 5; i++) {
      come();
      await nextTurn();
    }
    expect([rests.length, heard.flushes]).toEqual([1, flushes]);
    expect(primary.position).toBe(position + 50);
    rests[0]();
    await caughtUpWith(primary.position);
    expect([rests.length, heard.flushes]).toEqual([2, flushes + 1]);
  });

  test("does not rest between turns: what came at once is taken at once, however many turns it is", async () => {
    let rests = 0;
    const rest = () => new Promise<void>(() => rests++);
    const { primary, heard } = followed(3_000, 4_096, rest);
    heard.isAwaited = false;
    primary.apply(3_000);
    primary.release();
    await expect.poll(() => rests).toBe(1);
    expect(heard.commands).toBe(3_000);
  });

  test("applies what is visible when it is told to finish, and nothing that comes later", async () => {
    let follower: Follower<EventListener> | undefined;
    const primary = primaryOf(5_000, 16_384, (handover) => {
      follower = new Follower(
        handover,
        () => new Heard(),
        () => {},
      );
    });
    primary.apply(4_000);
    primary.release(3_000);
    follower?.finish();
    expect(follower?.position).toBe(3_000);
    primary.release();
    for (let i = 0; i < 3; i++) await nextTurn();
    expect(follower?.position).toBe(3_000);
    const engine = new ExchangeEngine();
    const [{ snapshot, position }] = primary.handovers;
    engine.restore(snapshot as Uint8Array, position);
    const words = Ring.attach(primary.handovers[0].ring).words;
    const events = new RecordBuffer(EVENT_WORDS, 64, () => {});
    for (let i = 0; i < 2_995; i++) engine.apply(words, i * COMMAND_WORDS, events);
    expect(hashOf(follower?.engine as ExchangeEngine)).toBe(hashOf(engine));
  });

  test("on another thread ends with the same state, though it overruns on the way", async () => {
    const worker = new Worker(entryBeside(import.meta.url, "follower-worker"));
    const primary = primaryOf(200_000, 4_096, (handover) => worker.postMessage(handover));
    while (primary.left > 0) {
      primary.apply(Math.min(500, primary.left));
      primary.release(primary.position - 50);
      await nextTurn();
    }
    primary.release();
    while (primary.feed.resyncs < primary.overruns) await nextTurn();
    const answer = await new Promise((resolve) => {
      worker.on("message", resolve);
      worker.postMessage(primary.position);
    });
    expect(answer).toBe(hashOf(primary.engine));
    await worker.terminate();
  });
});
