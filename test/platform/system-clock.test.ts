import { afterEach, expect, test, vi } from "vitest";
import { SystemClock } from "../../src/platform/index.ts";

afterEach(() => vi.restoreAllMocks());

/** Owns both clocks Node has; `wall_ms` is what Date shows. */
function ownedTime() {
  const time = { monotonic_ms: 5_000, wall_ms: performance.timeOrigin + 5_000 };
  vi.spyOn(performance, "now").mockImplementation(() => time.monotonic_ms);
  vi.spyOn(Date, "now").mockImplementation(() => Math.floor(time.wall_ms));
  const pass = (ms: number): void => {
    time.monotonic_ms += ms;
    time.wall_ms += ms;
  };
  return { time, pass };
}

test("wall time has microseconds and agrees with Date to the millisecond", () => {
  const { pass } = ownedTime();
  const clock = new SystemClock();
  const before = clock.wallMicros();
  pass(0.25);
  expect(clock.wallMicros() - before).toBe(250);
  expect(Math.abs(clock.wallMicros() / 1_000 - Date.now())).toBeLessThanOrEqual(1);
});

test.each([3_600_000, -3_600_000])(
  "a wall clock that is set by %i ms is followed within a second",
  (step_ms) => {
    const { time, pass } = ownedTime();
    const clock = new SystemClock();
    const before = clock.wallMicros();
    time.wall_ms += step_ms;
    pass(1_000);
    const moved = clock.wallMicros() - before;
    expect(Math.abs(moved - (step_ms + 1_000) * 1_000)).toBeLessThanOrEqual(1_000);
  },
);

test("monotonic time never goes back when the wall clock does", () => {
  const { time, pass } = ownedTime();
  const clock = new SystemClock();
  const before = clock.monotonicMicros();
  time.wall_ms -= 3_600_000;
  pass(2);
  expect(clock.monotonicMicros() - before).toBe(2_000);
});

test("both times are integers", () => {
  const clock = new SystemClock();
  expect(Number.isSafeInteger(clock.wallMicros())).toBe(true);
  expect(Number.isSafeInteger(clock.monotonicMicros())).toBe(true);
});
