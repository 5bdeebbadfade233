import { expect, onTestFinished, test, vi } from "vitest";
import { Child } from "../../bench/child.ts";

// It was waited for a minute.
test("a process that has ended answers at once that it has", async () => {
  const child = new Child(import.meta.url, "ended-worker");
  await expect(child.answer()).rejects.toThrow("a process of the bench ended with 3");
  await expect(child.answer()).rejects.toThrow("a process of the bench ended with 3");
  await expect(child.ask({})).rejects.toThrow("a process of the bench ended with 3");
  await child.end();
});

// Whoever waited for its end waited for ever: a process.exit can get stuck.
test("a process that does not end when it is asked to is killed", async () => {
  const child = new Child(import.meta.url, "stuck-worker");
  await child.answer();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const ended = child.end();
  vi.advanceTimersByTime(30_000);
  await ended;
  await expect(child.answer()).rejects.toThrow("a process of the bench was ended by SIGKILL");
});
