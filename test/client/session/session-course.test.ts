// When a session connects, says that it lives and gives up, on a clock of the test's own.

import { describe, expect, test } from "vitest";
import { SessionCourse, SessionDuty } from "../../../src/client/index.ts";

const S = 1_000_000;
const MS = 1_000;

function courseOf(addresses: number, chance = 0.999_999, patience_us = 3_600 * S): SessionCourse {
  return new SessionCourse({ addresses, patience_us }, () => chance, 0);
}

describe("connecting again", () => {
  test("one address: 100 ms, doubled up to 30 s", () => {
    const course = courseOf(1);
    const waits = Array.from({ length: 11 }, (_, i) => course.lost(i));
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  });

  test("chance takes up to a quarter off", () => {
    expect(courseOf(1, 0).lost(0)).toBe(75);
    expect(courseOf(1, 0.5).lost(0)).toBe(88);
  });

  test("several addresses are tried without a wait, and each round that failed waits longer", () => {
    const course = courseOf(3);
    const tries = Array.from({ length: 7 }, (_, i) => [course.lost(i), course.address]);
    expect(tries).toEqual([
      [0, 1],
      [0, 2],
      [100, 0],
      [0, 1],
      [0, 2],
      [200, 0],
      [0, 1],
    ]);
  });

  test("a connection that stood a second begins anew, one that was closed at once does not", () => {
    const course = courseOf(1);
    expect([course.lost(0), course.lost(0)]).toEqual([100, 200]);
    course.loggedOn(1_000, 5 * S);
    expect(course.lost(5 * S + S - 1)).toBe(400);
    course.loggedOn(1_000, 8 * S);
    expect(course.lost(9 * S)).toBe(100);
  });

  test("its patience ends, counted from the last connection that got on", () => {
    const course = courseOf(1, 0.999_999, 10 * S);
    course.loggedOn(1_000, 0);
    expect(course.lost(20 * S)).toBe(100);
    expect(course.lost(30 * S - 50 * MS)).toBe(50);
    expect(course.lost(30 * S)).toBeUndefined();
  });

  // It waited for the session's patience, three days by default, for an exchange that had gone for good.
  test("who only wants to log out has a minute's patience, or less if that was all there was", () => {
    const course = courseOf(1);
    expect(course.lost(1_000 * S)).toBe(100);
    course.leaves(2_000 * S);
    expect(course.lost(2_060 * S - 50 * MS)).toBe(50);
    expect(course.lost(2_060 * S)).toBeUndefined();
    const hasty = courseOf(1, 0.999_999, 10 * S);
    hasty.leaves(5 * S);
    expect([hasty.patience_ms, hasty.lost(15 * S)]).toEqual([10_000, undefined]);
  });

  test("a connection over which the logout could be said begins the minute anew", () => {
    const course = courseOf(1);
    course.leaves(0);
    course.loggedOn(1_000, 50 * S);
    expect(course.lost(100 * S)).toBe(100);
    expect(course.lost(159 * S)).toBe(200);
    expect(course.lost(160 * S)).toBeUndefined();
  });
});

describe("a connection that stands", () => {
  const { None, Heartbeat, GiveUp } = SessionDuty;
  const rows: readonly [
    at_ms: number,
    reads: number,
    writes: number,
    isPaused: boolean,
    duty: SessionDuty,
  ][] = [
    [250, 0, 0, false, None],
    [500, 0, 0, false, None],
    [750, 0, 0, false, Heartbeat],
    [1_000, 1, 1, false, None],
    [1_500, 1, 2, false, None],
    [2_250, 1, 2, false, Heartbeat],
    // Three heartbeats of silence, in which it went on saying that it lives.
    [3_999, 1, 3, false, None],
    [4_000, 1, 4, false, GiveUp],
    // Who reads nothing on purpose hears nothing.
    [5_000, 1, 5, true, None],
    [7_999, 1, 6, false, None],
    [8_000, 1, 7, false, GiveUp],
    [8_000, 2, 8, false, None],
  ];

  test("says something every heartbeat, and is given up after three without a word", () => {
    const course = courseOf(1);
    course.loggedOn(1_000, 0);
    expect(course.dutyInterval_ms).toBe(250);
    let [before_ms, read, written] = [0, 0, 0];
    for (const [at_ms, reads, writes, isPaused, duty] of rows) {
      // It is asked every 250 ms; between two rows nothing came or went.
      for (let ms = before_ms + 250; ms < at_ms; ms += 250) course.duty(ms * MS, read, written, false);
      expect(course.duty(at_ms * MS, reads, writes, isPaused), `at ${at_ms}`).toBe(duty);
      [before_ms, read, written] = [at_ms, reads, writes];
    }
  });

  // A machine that was paused with its exchange gave up every session of it, and cancelled on disconnect: what the exchange had said
  // was still to be read.
  test("is not given up for the time that this program stood still, and is for the rest of it", () => {
    const course = courseOf(1);
    course.loggedOn(1_000, 0);
    expect(course.duty(250 * MS, 1, 1, false)).toBe(None);
    expect(course.duty(60_000 * MS, 1, 1, false)).toBe(Heartbeat);
    const later = [60_250, 60_500, 60_750, 61_000, 61_250, 61_500, 61_750, 62_000, 62_250];
    expect(later.map((ms) => course.duty(ms * MS, 1, ms, false))).not.toContain(GiveUp);
    expect(course.duty(62_500 * MS, 1, 2, false)).toBe(GiveUp);
  });

  test("counts of the connection before mean nothing", () => {
    const course = courseOf(1);
    course.loggedOn(1_000, 0);
    course.duty(500 * MS, 7, 7, false);
    course.lost(500 * MS);
    course.loggedOn(1_000, 600 * MS);
    expect(course.duty(1_350 * MS, 0, 0, false)).toBe(Heartbeat);
  });
});
