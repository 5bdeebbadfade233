// Recorded flows against the engine and the twin: good ones are reproduced line by line, bad ones are caught at their
// one bad line. The shared flows come from another exchange and lie beside the project, not in it; the project's own
// were recorded with the twin (`seriatim lab generate`) and are always there.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { recordFlow } from "../../src/lab/index.ts";
import { formatFlow, parseFlow } from "../../src/protocol/index.ts";
import { checkFlow, replayFlow } from "../../src/replay/index.ts";

const root = join(import.meta.dirname, "../..");
const RECORDED = join(root, "test/conformance/recorded");
const SHARED = join(root, "../shared/conformance/flows");

const textOf = (directory: string, file: string) => readFileSync(join(directory, file), "latin1");
/** The lines that say something. */
const linesOf = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

function expectReproduced(directory: string, file: string): void {
  const text = textOf(directory, file);
  const parsed = parseFlow(text, file);
  expect(replayFlow(parsed.flow)).toEqual(linesOf(text));
  expect(formatFlow(recordFlow(parsed.flow))).toEqual(linesOf(text));
  const check = checkFlow(parsed);
  expect(check.differences).toEqual([]);
  expect(check.compared).toBeGreaterThan(0);
}

describe("the project's own flows are reproduced", () => {
  const files = readdirSync(RECORDED).filter((file) => file.endsWith(".txt"));
  test("there are at least eight", () => expect(files.length).toBeGreaterThanOrEqual(8));
  test.each(files)("%s", (file) => expectReproduced(RECORDED, file));
});

describe("one wrong line of a flow is reported, and that line alone", () => {
  const text = textOf(RECORDED, "plain-seed1.txt");
  const lines = text.split("\n");
  const firstOf = (start: string) => lines.findIndex((line) => line.startsWith(start));
  const starts = [
    "evt accept",
    "evt trade",
    "evt cancel",
    "reject",
    "snapshot",
    "sym",
    "level 1 B",
    "level 1 A",
  ];
  test.each(starts)("a '%s' line", (start) => {
    const at = firstOf(start);
    expect(at).toBeGreaterThan(0);
    const found =
      start === "reject"
        ? lines[at].replace(/\w+$/, "Halted")
        : lines[at].replace(/\d+(?=\D*$)/, (last) => `${Number(last) + 1}`);
    const damaged = parseFlow(lines.with(at, found).join("\n"));
    expect(checkFlow(damaged).differences).toEqual([{ line: at + 1, expected: lines[at], found }]);
  });

  test("a missing event, reported where it should follow", () => {
    const at = firstOf("evt accept");
    const differences = checkFlow(parseFlow(lines.toSpliced(at, 1).join("\n"))).differences;
    expect(differences).toEqual([{ line: at, expected: lines[at], found: undefined }]);
  });

  test("a missing level", () => {
    const at = firstOf("level");
    const differences = checkFlow(parseFlow(lines.toSpliced(at, 1).join("\n"))).differences;
    expect(differences).toMatchObject([{ expected: lines[at], found: undefined }]);
  });

  test("a level's price", () => {
    for (const start of ["level 1 B", "level 1 A"]) {
      const at = firstOf(start);
      const [price, quantity] = lines[at].split(" ").slice(-2);
      const found = `${start} ${Number(price) - 1} ${quantity}`;
      const { differences } = checkFlow(parseFlow(lines.with(at, found).join("\n")));
      expect(differences).toEqual([{ line: at + 1, expected: lines[at], found }]);
    }
  });

  test("a level that is not there", () => {
    const at = lines.findLastIndex((line) => line.startsWith("level 1 A"));
    const extra = "level 1 A 9999999 1";
    const { differences } = checkFlow(parseFlow(lines.toSpliced(at + 1, 0, extra).join("\n")));
    expect(differences).toEqual([{ line: at + 2, expected: undefined, found: extra }]);
  });

  /** The first accept that two trades follow. */
  const sweep = lines.findIndex((_, i) =>
    ["evt accept", "evt trade", "evt trade"].every((start, k) => lines[i + k].startsWith(start)),
  );

  test.each([0, 1, 2])("line %i of a command's events missing", (k) => {
    const at = sweep + k;
    const { differences } = checkFlow(parseFlow(lines.toSpliced(at, 1).join("\n")));
    expect(differences).toEqual([{ line: at, expected: lines[at], found: undefined }]);
  });

  test("a trade twice, and one with the sequence of the next", () => {
    const at = sweep + 1;
    const twice = checkFlow(parseFlow(lines.toSpliced(at, 0, lines[at]).join("\n")));
    expect(twice.differences).toMatchObject([{ expected: undefined, found: lines[at] }]);
    const [, , sequence, ...rest] = lines[at].split(" ");
    const found = `evt trade ${Number(sequence) + 1} ${rest.join(" ")}`;
    const shifted = checkFlow(parseFlow(lines.with(at, found).join("\n")));
    expect(shifted.differences).toEqual([{ line: at + 1, expected: lines[at], found }]);
  });

  test("an event that did not happen", () => {
    const at = firstOf("evt accept");
    const extra = "evt trade 9 0 1 1 1 1";
    const { differences } = checkFlow(parseFlow(lines.toSpliced(at + 1, 0, extra).join("\n")));
    expect(differences).toEqual([{ line: at + 2, expected: undefined, found: extra }]);
  });
});

describe.skipIf(!existsSync(SHARED))(
  `the shared flows (${SHARED}; skipped where that folder is missing)`,
  () => {
    const files = existsSync(SHARED) ? readdirSync(SHARED).sort() : [];
    const named = (...starts: string[]) =>
      files.filter((file) => starts.some((start) => file.startsWith(start)));
    const bad = named("stream_bad_");
    const good = named("prop_", "stream_", "shrunk_").filter((file) => !bad.includes(file));

    test("are all there: at least 27 good ones and 8 bad ones, the malformed one among them", () => {
      expect(good.length).toBeGreaterThanOrEqual(27);
      expect(bad.length + named("bad_snapshot").length).toBeGreaterThanOrEqual(8);
    });

    test.for(good)("%s is reproduced", (file) => expectReproduced(SHARED, file));

    test.for(bad)("%s is caught at its one bad line", (file) => {
      const text = textOf(SHARED, file);
      const parsed = parseFlow(text, file);
      const { differences } = checkFlow(parsed);
      expect(differences).toHaveLength(1);
      const [{ line, expected, found }] = differences;
      const lines = text.split("\n");
      expect(lines[line - 1]).toBe(found);
      // With that line mended the flow is good: it was the only one.
      expect(checkFlow(parseFlow(lines.with(line - 1, expected!).join("\n"))).differences).toEqual([]);
    });

    test("a level of another symbol is refused as malformed, with its line", () => {
      const file = "bad_snapshot_level_symbol.txt";
      expect(() => parseFlow(textOf(SHARED, file), file)).toThrow(
        `${file}:9: a level of symbol 1 under 'sym 0'`,
      );
    });
  },
);

test.skipIf(existsSync(SHARED))("without the shared flows only the project's own are tested", () => {
  console.log(`no shared flows at ${SHARED}: the project's own recorded flows stand in for them`);
});
