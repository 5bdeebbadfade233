// `seriatim tape inspect` on real files: what it prints, and that damage is exit 1 with its place.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SeriatimError } from "../../src/base/index.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { registerTape } from "../../src/cli/tape.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { CatalogLog, TopicLog, topicDirectory } from "../../src/tape/index.ts";
import { append, SMALL, START_us, topicPlace } from "../tape/log/support.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "seriatim-cli-tape-"));
  const storage = new NodeStorage();
  const catalog = new CatalogLog({ storage, checksums: new NativeChecksums(), directory: data });
  const settings = { order: 1, retainBytes: 0, retain_us: 0 };
  const topic = { id: 3, name: "md.day", created_us: START_us, ...settings };
  catalog.write([{ kind: "topic", topic }], START_us);
  catalog.close();
  const log = TopicLog.open(topicPlace(storage, topicDirectory(data, 3)), SMALL);
  for (let batch = 1; batch <= 30; batch++) append(log, [{ batch, records: 4 }], START_us);
  log.close();
});
afterEach(() => rmSync(data, { recursive: true }));

function run(...args: string[]): { out: string; error: SeriatimError | undefined } {
  const program = new Command().exitOverride();
  registerTape(program);
  let out = "";
  const write = vi.spyOn(stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    program.parse(["tape", ...args], { from: "user" });
    return { out, error: undefined };
  } catch (error) {
    return { out, error: error as SeriatimError };
  } finally {
    write.mockRestore();
  }
}

test("a data directory is said topic by topic, by name, as lines and as JSON", () => {
  expect(run("inspect", data)).toEqual({
    error: undefined,
    out: `tape ${data}: 1 topic with a log
topic 3 md.day: records 1 to 120, 30 batches in 2 segments, 18528 bytes, 1 publisher, last 2023-11-14T22:13:20.000Z
`,
  });
  const { topics } = JSON.parse(run("inspect", data, "--json").out);
  expect(topics).toMatchObject([{ id: 3, name: "md.day", records: 120, nextRecord: 121, verdict: "clean" }]);
});

test("one topic's directory is said with its segments and publishers", () => {
  const topic = topicDirectory(data, 3);
  const { out, error } = run("inspect", topic);
  expect(error).toBe(undefined);
  expect(out).toContain(`\n${topic}/tape-0000000002.seg: from record `);
  expect(out).toContain("\npublisher 7: epoch 1, last batch 30, 2023-11-14T22:13:20.000Z\n");
});

test("damage is said with its place, after all that is whole, and is exit status 1", () => {
  const path = join(topicDirectory(data, 3), "tape-0000000001.seg");
  const bytes = readFileSync(path);
  bytes[9_000] ^= 1;
  writeFileSync(path, bytes);
  const { out, error } = run("inspect", data);
  expect(out).toContain("topic 3 md.day: records 1 to ");
  expect(error).toMatchObject({ code: "LOG_CORRUPT", exitCode: 1 });
  expect(error?.message).toContain(`corrupt: ${path} at offset `);
});

// One topic's directory that could not be read was the end of it: nothing was said of the others.
test("a topic that can't be read is said among the others, and is exit status 1", () => {
  const path = join(topicDirectory(data, 2), "notes.txt");
  mkdirSync(topicDirectory(data, 2));
  writeFileSync(path, "");
  const { out, error } = run("inspect", data);
  const why = `${topicDirectory(data, 2)} is not a tape directory: it holds notes.txt`;
  expect(out.split("\n").slice(0, 3)).toEqual([
    `tape ${data}: 2 topics with a log`,
    `topic 2 that the catalog does not have: not read: ${why}`,
    expect.stringMatching(/^topic 3 md\.day: records 1 to 120, /),
  ]);
  expect(error).toMatchObject({ code: "FOREIGN_DIRECTORY", exitCode: 1, message: why });
});

test("a directory of something else is refused by name", () => {
  const other = join(data, "other");
  mkdirSync(join(other, "journal"), { recursive: true });
  expect(run("inspect", other).error?.message).toBe(`${other} is not a tape directory: it holds journal`);
  expect(run("inspect", join(other, "journal")).error?.message).toBe(
    `${other}/journal holds no topic of a tape`,
  );
});
