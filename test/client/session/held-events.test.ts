// Events that are held until who awaited the first logon listens.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HeldEvents } from "../../../src/client/session/held-events.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("events are told a turn later and in order, then at once", () => {
  const events = new HeldEvents();
  const told: string[] = [];
  const tell = (what: string) => events.tell(() => told.push(what));
  tell("first");
  events.letGoSoon();
  tell("second");
  expect(told).toEqual([]);
  vi.runAllTimers();
  tell("third");
  expect(told).toEqual(["first", "second", "third"]);
});

// All behind it were lost, and counted as seen.
test("one whose listener throws takes no other along", () => {
  const events = new HeldEvents();
  const told: string[] = [];
  events.tell(() => {
    throw new Error("a bug of mine");
  });
  events.tell(() => told.push("second"));
  events.letGoSoon();
  expect(() => vi.runAllTimers()).toThrow("a bug of mine");
  vi.runAllTimers();
  expect(told).toEqual(["second"]);
});
