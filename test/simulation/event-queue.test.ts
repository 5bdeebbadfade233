// Simulated time: by when, then by the order of planning.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { EventQueue } from "../../src/simulation/event-queue.ts";

test("what is planned happens by its time, and at one time in the order of planning", () => {
  const queue = new EventQueue();
  const heard: string[] = [];
  const say = (what: string) => () => void heard.push(`${queue.now_us} ${what}`);
  queue.plan(20, say("b"));
  queue.plan(10, () => {
    say("a")();
    queue.plan(0, say("a, later"));
    queue.plan(10, say("c"));
  });
  queue.plan(10, say("a too"));
  while (queue.step());
  expect(heard).toEqual(["10 a", "10 a too", "10 a, later", "20 b", "20 c"]);
});

test("ten thousand plans of any times come in order", () => {
  const prng = new Prng(1);
  const queue = new EventQueue();
  let last_us = 0;
  let count = 0;
  const look = (): void => {
    expect(queue.now_us).toBeGreaterThanOrEqual(last_us);
    last_us = queue.now_us;
    if (++count < 10_000) queue.plan(prng.between(0, 1_000), look);
  };
  for (let i = 0; i < 100; i++) queue.plan(prng.between(0, 1_000), look);
  while (queue.step());
  expect(count).toBe(10_099);
});

test("nothing is planned for the past", () => {
  expect(() => new EventQueue().plan(-1, () => {})).toThrow("plans ahead");
});
