// `seriatim tape repair` on real files: what it prints and changes, what it refuses, and that it needs the directory for itself.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { stdout } from "../../../src/cli/stdout.ts";
import { NativeChecksums, NodeStorage } from "../../../src/platform/index.ts";
import { CatalogLog, TopicLog, topicDirectory } from "../../../src/tape/index.ts";
import { openTapeDirectory } from "../../../src/tape-runtime/index.ts";
import { append, SMALL, START_us, topicPlace } from "../../tape/log/support.ts";

let folder: string;
let data: string;
let topic: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-cli-tape-"));
  data = join(folder, "data");
  topic = topicDirectory(data, 3);
  const storage = new NodeStorage();
  const catalog = new CatalogLog({ storage, checksums: new NativeChecksums(), directory: data });
  const settings = { order: 1, retainBytes: 0, retain_us: 0 };
  catalog.write([{ kind: "topic", topic: { id: 3, name: "md.day", created_us: START_us, ...settings } }], 1);
  catalog.close();
  const log = TopicLog.open(topicPlace(storage, topic), SMALL);
  for (let batch = 1; batch <= 60; batch++) append(log, [{ batch }], START_us);
  log.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

async function repair(...args: string[]) {
  const out = vi.spyOn(stdout, "write").mockImplementation(() => true);
  const err = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const status = await run(["tape", "repair", data, "--topic", ...args]);
  const [said, failed] = [out, err].map((spy) => spy.mock.calls.map(([text]) => String(text)).join(""));
  out.mockRestore();
  err.mockRestore();
  return { status, said, failed };
}

function damage(name: string, offset: number): void {
  const bytes = readFileSync(join(topic, name));
  bytes[offset] ^= 1;
  writeFileSync(join(topic, name), bytes);
}

test("what may have been acknowledged goes only where it is asked for, with its files set aside", async () => {
  const files = readdirSync(topic);
  const [first, last] = [files[0], files[files.length - 1]];
  expect(await repair("md.day")).toEqual({
    status: 0,
    said: `nothing to repair: topic md.day in ${topic} goes on with record 121\n`,
    failed: "",
  });
  damage(last, 4_500);
  const before = readFileSync(join(topic, last));
  const refused = await repair("md.day");
  expect([refused.status, refused.said]).toEqual([1, ""]);
  expect(refused.failed).toMatch(
    new RegExp(
      `not repaired: corrupt: ${topic}/${last} at offset \\d+, .* what would have to go: ${last} from offset \\d+ on; ` +
        "kept would be \\d+ records, 1 to \\d+; with --set-aside DIR that is done, whole copies of these files in DIR first\n$",
    ),
  );
  expect(readFileSync(join(topic, last))).toEqual(before);
  const aside = join(folder, "aside");
  const { status, said, failed } = await repair("md.day", "--set-aside", aside);
  expect([status, failed]).toEqual([0, ""]);
  expect(said.split("\n").map((line) => line.split(":")[0])).toEqual([
    ...["cut", "gone", "set aside", "kept", "whole", ""],
  ]);
  expect(readdirSync(aside)).toEqual([last]);
  expect(readFileSync(join(aside, last))).toEqual(before);
  expect((await repair("md.day")).said).toMatch(/^nothing to repair: /);
  damage(first, 6_000);
  const history = await repair("md.day");
  expect(history.status).toBe(1);
  expect(history.failed).toMatch(
    /the topic is published to all the same; readers can go on with record \d+\n$/,
  );
});

test.each([
  ["a topic that there is not", ["other"], 1, /has no topic other\n$/],
  ["a place in the tape's own directory", ["md.day", "--set-aside", "topics/x"], 2, /own directory/],
])("%s is refused, and nothing is made", async (_, [name, ...rest], status, failed) => {
  const args = rest.map((word) => (word.startsWith("-") ? word : join(data, word)));
  const outcome = await repair(name, ...args);
  expect(outcome.status).toBe(status);
  expect(outcome.failed).toMatch(failed);
  expect(readdirSync(data)).toEqual(["catalog", "topics"]);
});

test("a tape that is at work, or that is not there, is left alone", async () => {
  const lock = await openTapeDirectory(data);
  expect((await repair("md.day")).failed).toMatch(/is in use/);
  await lock.release();
  data = join(folder, "nowhere");
  expect((await repair("md.day")).failed).toMatch(/no such file or directory/);
  expect(existsSync(data)).toBe(false);
});
