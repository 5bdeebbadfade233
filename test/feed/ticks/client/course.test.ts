// The course of a ticks/1 client: when it connects, waits, calls a server quiet or gone, and stops, on a clock of the test's own.

import { describe, expect, test } from "vitest";
import { TickCourse, type TickCourseTerms, TickDuty } from "../../../../src/feed/index.ts";

const S = 1_000_000;
const MS = 1_000;
const ALMOST_ONE = 1 - 2 ** -32;
const { None, Connect, ConnectTimeout, Quiet, Liveness } = TickDuty;

function courseOf(terms: Partial<TickCourseTerms> = {}): TickCourse {
  const usual = { connectTimeout_ms: 5_000, quiet_ms: 3_000, liveness_ms: 30_000, chance: () => ALMOST_ONE };
  return new TickCourse({ ...usual, maxAttempts: Number.POSITIVE_INFINITY, ...terms }, 0);
}

function goLive(course: TickCourse): void {
  course.opened(S);
  course.heard(S);
}

/** Loses the connection, and waits for as long as it says; returns how long that was, in ms. */
function wait(course: TickCourse, now_us: number): number {
  course.lost(now_us);
  const wait_us = course.dueAt_us - now_us;
  expect(course.check(now_us + wait_us - 1)).toBe(None);
  expect(course.check(now_us + wait_us)).toBe(Connect);
  return Math.round(wait_us / MS);
}

describe("waits between connections", () => {
  test.each([
    [
      "chance near 1: the whole of it",
      ALMOST_ONE,
      [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000],
    ],
    ["chance 0: half of it", 0, [50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]],
  ])("%s", (_, chance, expected) => {
    const course = courseOf({ chance: () => chance });
    let now_us = 0;
    const waits = expected.map(() => {
      const waited_ms = wait(course, now_us);
      now_us += waited_ms * MS;
      return waited_ms;
    });
    expect(waits).toEqual(expected);
  });

  test.each([
    ["stood 5 s and got a frame: the waits begin anew", 5 * S, true, 100],
    ["stood a little less", 5 * S - 1, true, 800],
    ["stood long and got nothing", 29 * S, false, 800],
  ])("a connection that %s", (_, stood_us, hasHeard, expected_ms) => {
    const course = courseOf();
    for (let i = 0; i < 3; i++) wait(course, i * S);
    course.opened(10 * S);
    if (hasHeard) course.heard(10 * S + 1);
    expect(wait(course, 10 * S + stood_us)).toBe(expected_ms);
  });

  test("so many attempts in a row that led nowhere are the end", () => {
    const course = courseOf({ maxAttempts: 3 });
    wait(course, 0);
    wait(course, S);
    course.lost(2 * S);
    expect([course.state, course.dueAt_us]).toEqual(["stopped", Number.POSITIVE_INFINITY]);
  });

  test("a connection that got on has all attempts before it again", () => {
    const course = courseOf({ maxAttempts: 2 });
    wait(course, 0);
    course.opened(S);
    course.heard(S);
    wait(course, 6 * S);
    wait(course, 7 * S);
    course.lost(8 * S);
    expect(course.state).toBe("stopped");
  });
});

describe("states", () => {
  test("connecting, open, live, waiting, connecting", () => {
    const course = courseOf();
    const states: string[] = [course.state];
    course.opened(S);
    states.push(course.state);
    course.heard(2 * S);
    states.push(course.state);
    course.lost(3 * S);
    states.push(course.state);
    course.check(course.dueAt_us);
    states.push(course.state);
    expect(states).toEqual(["connecting", "open", "live", "waiting", "connecting"]);
  });

  test("an attempt may take 5 s", () => {
    const course = courseOf();
    expect([course.check(5 * S - 1), course.check(5 * S)]).toEqual([None, ConnectTimeout]);
    course.lost(5 * S);
    expect(course.state).toBe("waiting");
  });

  test.each<[string, (course: TickCourse) => void]>([
    ["connecting", () => {}],
    ["open", (course) => course.opened(S)],
    ["live", goLive],
    ["waiting", (course) => course.lost(S)],
    ["stopped", (course) => course.stop()],
  ])("stop() while %s ends it, whatever happens afterwards", (state, reach) => {
    const course = courseOf();
    reach(course);
    expect(course.state).toBe(state);
    course.stop();
    course.opened(2 * S);
    course.heard(2 * S);
    course.lost(2 * S);
    expect([course.state, course.dueAt_us, course.check(900 * S)]).toEqual([
      "stopped",
      Number.POSITIVE_INFINITY,
      None,
    ]);
  });
});

describe("silence", () => {
  test("3 s without a frame: quiet, once; 30 s: gone", () => {
    const course = courseOf();
    course.opened(0);
    course.heard(S);
    expect([course.check(4 * S - 1), course.isQuiet]).toEqual([None, false]);
    expect([course.check(4 * S), course.isQuiet, course.dueAt_us]).toEqual([Quiet, true, 31 * S]);
    expect([course.check(5 * S), course.check(31 * S - 1), course.check(31 * S)]).toEqual([
      None,
      None,
      Liveness,
    ]);
  });

  test("a frame ends it", () => {
    const course = courseOf();
    course.opened(0);
    course.heard(S);
    course.check(4 * S);
    course.heard(20 * S);
    expect([course.isQuiet, course.dueAt_us]).toEqual([false, 23 * S]);
  });

  test("a server that never says anything is given up too, 30 s after it answered", () => {
    const course = courseOf();
    course.opened(2 * S);
    expect([course.check(5 * S), course.check(32 * S)]).toEqual([Quiet, Liveness]);
    expect(course.state).toBe("open");
  });

  test("a machine that slept is told at once that the server is gone", () => {
    const course = courseOf();
    course.opened(0);
    course.heard(0);
    expect(course.check(3_600 * S)).toBe(Liveness);
  });
});
