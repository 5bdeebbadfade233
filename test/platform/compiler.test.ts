// A thread that is to compile by itself: the setting is of the process, so it is given back as soon as the thread runs, whatever
// becomes of it. Otherwise the thread that matches would compile everything on itself.

import { EventEmitter } from "node:events";
import type { Worker } from "node:worker_threads";
import { beforeEach, expect, test, vi } from "vitest";
import { compilingByItself } from "../../src/platform/index.ts";

const set = vi.hoisted(() => [] as string[]);
vi.mock("node:v8", async (original) => ({
  ...(await original<typeof import("node:v8")>()),
  setFlagsFromString: (flag: string) => set.push(flag),
}));
beforeEach(() => {
  set.length = 0;
});

const [OFF, ON] = ["--no-concurrent-recompilation", "--concurrent-recompilation"];

const started = () => compilingByItself(() => new EventEmitter() as Worker);

test.each<[name: string, course: readonly string[]]>([
  ["runs, and ends later", ["online", "exit"]],
  ["ends before it runs", ["exit"]],
])("helpers compile again once a thread %s", (_, course) => {
  const thread = started();
  expect(set).toEqual([OFF]);
  for (const event of course) thread.emit(event);
  expect(set).toEqual([OFF, ON]);
});

test("of two threads on their way the last one gives it back", () => {
  const [first, second] = [started(), started()];
  first.emit("online");
  first.emit("exit");
  expect(set).toEqual([OFF]);
  second.emit("online");
  expect(set).toEqual([OFF, ON]);
});

test("a thread that can't be started gives it back too", () => {
  const start = (): Worker => {
    throw new Error("no memory");
  };
  expect(() => compilingByItself(start)).toThrow("no memory");
  expect(set).toEqual([OFF, ON]);
});
