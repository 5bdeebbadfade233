// What is said of a log that can't be read: each place once, however often who meets it.

import { expect, test } from "vitest";
import type { Log } from "../../src/node/log.ts";
import { LogDamage } from "../../src/node/log-damage.ts";

function damageOf(lines: string[]): LogDamage {
  return new LogDamage({ error: (line: string) => lines.push(line) } as unknown as Log);
}

test("two places that are met by turns are one line each, and health keeps to the first", () => {
  const lines: string[] = [];
  const damage = damageOf(lines);
  expect(damage.why).toBeUndefined();
  for (let i = 0; i < 5; i++) for (const place of ["a at offset 1", "b at offset 2"]) damage.found(place);
  expect(lines.map((line) => line.slice(-13))).toEqual(["a at offset 1", "b at offset 2"]);
  expect(damage.why).toBe("a at offset 1");
});

test("a disk that loses place after place does not fill the log", () => {
  const lines: string[] = [];
  const damage = damageOf(lines);
  for (let round = 0; round < 2; round++) for (let i = 0; i < 100; i++) damage.found(`offset ${i}`);
  expect(lines.length).toBe(64);
});
