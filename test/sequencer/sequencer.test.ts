import { describe, expect, test } from "vitest";
import { COMMAND_BYTES, readTimestamp } from "../../src/protocol/index.ts";
import { createRing, RingConsumer } from "../../src/ring/index.ts";
import { Sequencer } from "../../src/sequencer/index.ts";

const ringOf = (capacity: number) => createRing({ recordBytes: COMMAND_BYTES, capacity });

/** The time the next command gets. */
function timeOfNext(sequencer: Sequencer): number {
  sequencer.claim();
  return readTimestamp(sequencer.words, sequencer.commit());
}

describe("positions", () => {
  test("go on from the log's last one, a slot at a time", () => {
    const sequencer = new Sequencer(ringOf(8), 41, 0);
    expect(sequencer.position).toBe(41);
    for (let position = 42; position <= 44; position++) {
      expect(sequencer.claim()).toBeGreaterThanOrEqual(0);
      expect(sequencer.position).toBe(position - 1);
      sequencer.commit();
      expect(sequencer.position).toBe(position);
    }
  });

  test("are safe when the journal gives their slots back, and not when they are published", () => {
    const ring = ringOf(8);
    const journal = new RingConsumer(ring);
    const sequencer = new Sequencer(ring, 41, 0);
    for (let i = 0; i < 3; i++) timeOfNext(sequencer);
    sequencer.publish();
    expect(sequencer.safePosition).toBe(41);
    expect(journal.available()).toBe(3);
    journal.release(2);
    expect(sequencer.safePosition).toBe(43);
    expect(sequencer.position).toBe(44);
  });

  test("end at the ring's capacity: no slot until one is given back", () => {
    const ring = ringOf(2);
    const journal = new RingConsumer(ring);
    const sequencer = new Sequencer(ring, 0, 0);
    for (let i = 0; i < 2; i++) timeOfNext(sequencer);
    expect(sequencer.claim()).toBe(-1);
    sequencer.publish();
    journal.available();
    journal.release(1);
    expect(sequencer.claim()).toBe(0);
  });
});

describe("time", () => {
  test.each<[what: string, recovered: number, given: readonly number[], commands: readonly number[]]>([
    ["is what was given last", 0, [1_000, 2_000], [1_000, 2_000]],
    ["stands still when the clock steps back", 0, [2_000, 1_500, 1_999], [2_000, 2_000, 2_000]],
    ["goes on when the clock has caught up", 0, [2_000, 1_500, 2_001], [2_000, 2_000, 2_001]],
    ["never lies before the log's last command", 5_000, [4_000, 5_001], [5_000, 5_001]],
    ["is above 32 bits without loss", 0, [1_700_000_000_123_456], [1_700_000_000_123_456]],
  ])("%s", (_, recovered, given, commands) => {
    const sequencer = new Sequencer(ringOf(8), 0, recovered);
    const seen = given.map((wall_us) => {
      sequencer.setTime(wall_us);
      expect(sequencer.time_us).toBeGreaterThanOrEqual(recovered);
      return timeOfNext(sequencer);
    });
    expect(seen).toEqual(commands);
  });

  test("of a log is kept until a time is given", () => {
    expect(timeOfNext(new Sequencer(ringOf(8), 7, 5_000))).toBe(5_000);
  });
});

test("a journal that gave up is seen, and a wait for more ends", async () => {
  const ring = ringOf(8);
  const journal = new RingConsumer(ring);
  const sequencer = new Sequencer(ring, 41, 0);
  timeOfNext(sequencer);
  sequencer.publish();
  const wait = sequencer.whenSafeBeyond(41);
  expect(wait).toBeInstanceOf(Promise);
  expect(sequencer.journalFailed).toBe(false);
  journal.fail();
  await wait;
  expect(sequencer.journalFailed).toBe(true);
  expect(sequencer.safePosition).toBe(41);
  expect(sequencer.whenSafeBeyond(41)).toBeUndefined();
});

test("closing hands over what was committed, then ends the ring", () => {
  const ring = ringOf(8);
  const journal = new RingConsumer(ring);
  const sequencer = new Sequencer(ring, 0, 0);
  timeOfNext(sequencer);
  expect(journal.available()).toBe(0);
  sequencer.close();
  expect(journal.available()).toBe(1);
  expect(journal.ended()).toBe(false);
  journal.release(1);
  expect(journal.ended()).toBe(true);
});
