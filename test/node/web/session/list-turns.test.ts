// Lists of open orders: at once while they are cheap, and never more than a quarter of the time.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ListTurns } from "../../../../src/node/web/session/list-turns.ts";

let now_us = 0;
let turns: ListTurns;
let made: string[];

beforeEach(() => {
  vi.useFakeTimers();
  now_us = 0;
  made = [];
  turns = new ListTurns({ wallMicros: () => 0, monotonicMicros: () => now_us });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A list that takes so long. */
const list = (name: string, took_ms: number) => () => {
  made.push(name);
  now_us += took_ms * 1000;
};

const always = () => true;

function wait(ms: number): string[] {
  for (let i = 0; i < ms; i++) {
    now_us += 1000;
    vi.advanceTimersByTime(1);
  }
  return made.splice(0);
}

test("cheap lists are made at once, however many", () => {
  for (let i = 0; i < 500; i++) turns.take(list("cheap", 0.01), always);
  expect(made.length).toBe(500);
});

test("dear ones follow one another in the order of asking, and take a quarter of the time", () => {
  for (const name of ["a", "b", "c", "d"]) turns.take(list(name, 100), always);
  expect(wait(0)).toEqual(["a"]);
  expect(wait(279)).toEqual([]);
  expect(wait(1)).toEqual(["b"]);
  expect(wait(299)).toEqual([]);
  expect(wait(1)).toEqual(["c"]);
  turns.take(list("e", 0), always);
  expect(wait(300)).toEqual(["d"]);
  expect(wait(300)).toEqual(["e"]);
});

test("one that is not wanted any more is passed over, and after the close none is made", () => {
  const [unwanted, late] = [list("unwanted", 1), list("late", 1)];
  for (const each of [list("dear", 100), unwanted, list("next", 100), late]) turns.take(each, always);
  turns.drop(unwanted);
  turns.drop(undefined);
  expect(wait(280)).toEqual(["dear", "next"]);
  turns.close();
  expect(vi.getTimerCount()).toBe(0);
  expect(wait(1_000)).toEqual([]);
});

test("time without lists is not saved up", () => {
  wait(10_000);
  for (const name of ["a", "b"]) turns.take(list(name, 100), always);
  expect(wait(279)).toEqual(["a"]);
});

test("one that the copy is too far behind for waits for it", () => {
  let isReady = false;
  turns.take(list("ahead", 0), () => isReady);
  expect(wait(100)).toEqual([]);
  isReady = true;
  expect(wait(2)).toEqual(["ahead"]);
});
