// A replica whose primary's machine has lost power: nothing answers there, not even that nobody listens. It is what failover
// is for, so the replica must come away from it as fast as from a primary that has ended.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { generateKey, openDataDirectory, Replica } from "../../src/runtime/index.ts";
import { SilentAddress } from "../support/silent-address.ts";
import { COUNTER_RULES, Counter } from "./counter.ts";

/** By then the next one is under way. */
const NEXT_TRY_MS = 1_000;
/** The thread closes a journal; a try to connect that it waited for would take two minutes. Between the two, for a busy machine. */
const STOP_MS_MAX = 60_000;

let directory = "";
let silent: SilentAddress;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-silent-"));
  silent = await new SilentAddress().fill();
});
afterEach(async () => {
  await silent.end();
  rmSync(directory, { recursive: true, force: true });
});

test("a replica leaves an address that answers nothing at once, and waits for no connection there", async () => {
  const path = (name: string): string => join(directory, name);
  for (const name of ["north", "south"]) generateKey(name, "replica", path(`${name}.key`), path("keys.json"));
  const hasTried = Promise.withResolvers<string>();
  const news = (line: string): void => {
    if (line.startsWith("follows nobody yet")) hasTried.resolve(line);
  };
  const data = await openDataDirectory(path("south"));
  const keepUntil = vi.spyOn(data.lock, "keepUntil");
  const replica = new Replica({
    ...{ keys: path("keys.json"), ownKey: path("south.key"), rules: COUNTER_RULES },
    ...{ application: () => new Counter(), segmentBytes: 2_097_152, news },
    primaries: [silent],
    directory: data,
  });
  expect(await hasTried.promise).toContain("nothing came in time");
  await new Promise((resolve) => setTimeout(resolve, NEXT_TRY_MS));
  // Its directory is nobody else's while its thread has not ended.
  const [over] = keepUntil.mock.calls[0];
  expect(await Promise.race([over, "works"])).toBe("works");
  const asked_ms = performance.now();
  await replica.stop();
  expect(performance.now() - asked_ms).toBeLessThan(STOP_MS_MAX);
  expect(await Promise.race([over, "works"])).toBeUndefined();
});
