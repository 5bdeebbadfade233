import { expect, test } from "vitest";
import { Child } from "../../bench/child.ts";

// It was waited for a minute.
test("a process that has ended answers at once that it has", async () => {
  const child = new Child(import.meta.url, "ended-worker");
  await expect(child.answer()).rejects.toThrow("a process of the bench ended with 3");
  await expect(child.answer()).rejects.toThrow("a process of the bench ended with 3");
  await expect(child.ask({})).rejects.toThrow("a process of the bench ended with 3");
  await child.end();
});
