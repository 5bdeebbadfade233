// What the commands of the tape are made of, by itself: lines of any bytes, where to begin, the bar of progress.

import { describe, expect, test } from "vitest";
import { bytesText, SeriatimError } from "../../../src/base/index.ts";
import { ConnectionWords } from "../../../src/cli/tape/connection-words.ts";
import { parseFrom } from "../../../src/cli/tape/from-option.ts";
import { LineSplitter } from "../../../src/cli/tape/line-splitter.ts";
import { Progress, progressText } from "../../../src/cli/tape/progress.ts";

function split(chunks: readonly (string | Uint8Array)[], bytes_max = 8): string[] {
  const splitter = new LineSplitter(bytes_max);
  const lines: string[] = [];
  const take = (line: Uint8Array) => lines.push(Buffer.from(line).toString("latin1"));
  try {
    for (const chunk of chunks) for (const line of splitter.push(Buffer.from(chunk))) take(line);
    const last = splitter.end();
    if (last !== undefined) take(last);
  } catch (error) {
    lines.push((error as Error).message);
  }
  return lines;
}

const TOO_LONG = (line: number) => `line ${line} has more than 8 bytes: a record has to fit into one batch`;

describe("lines", () => {
  test.each<[what: string, chunks: (string | Uint8Array)[], lines: string[]]>([
    ["nothing", [], []],
    ["a line", ["one\n"], ["one"]],
    ["a line whose LF is missing", ["one"], ["one"]],
    ["empty lines, each of them one", ["\n\none\n\n"], ["", "", "one", ""]],
    ["a line over three chunks", ["o", "n", "e\n"], ["one"]],
    ["two lines and a half, and the rest", ["one\ntwo\nth", "ree"], ["one", "two", "three"]],
    ["an LF alone in a chunk", ["one", "\n", "two"], ["one", "two"]],
    ["CR, which is a byte like any other", ["one\r\n"], ["one\r"]],
    ["any bytes", [Uint8Array.of(0, 255, 10, 254)], ["\u0000\u00ff", "\u00fe"]],
    ["the longest line", ["12345678\n"], ["12345678"]],
    ["one byte over, in one chunk", ["one\n123456789\ntwo\n"], ["one", TOO_LONG(2)]],
    ["one byte over, in pieces", ["one\n12345", "6789"], ["one", TOO_LONG(2)]],
    ["one byte over without its end", ["one\n123456789"], ["one", TOO_LONG(2)]],
    ["one byte over at the LF", ["12345678", "9\n"], [TOO_LONG(1)]],
  ])("are %s", (_what, chunks, lines) => {
    expect(split(chunks)).toEqual(lines);
  });

  test("are the same however the stream is cut", () => {
    const text = "a\n\nbb\nccc\n\n\ndddd";
    for (let at = 0; at <= text.length; at++)
      expect(split([text.slice(0, at), text.slice(at)])).toEqual(split([text]));
  });
});

test.each<[text: string, from: ReturnType<typeof parseFrom>]>([
  ["start", "start"],
  ["end", "end"],
  ["1", { record: 1 }],
  ["9007199254740991", { record: 9_007_199_254_740_991 }],
  ["2026-01-31", { time_us: 1_769_817_600_000_000 }],
  ["2028-02-29", { time_us: 1_835_395_200_000_000 }],
  ["2026-01-31T09:30Z", { time_us: 1_769_851_800_000_000 }],
  ["2026-01-31T09:30:00.250+01:00", { time_us: 1_769_848_200_250_000 }],
])("--from %s is a place in a topic", (text, from) => {
  expect(parseFrom(text)).toEqual(from);
});

test.each([
  "",
  "0",
  "-1",
  "1.5",
  "first",
  "2026-01-31T09:30",
  "2026-13-01",
  "2026-02-30",
  "2026-02-29",
  "2026-04-31",
  "2026-02-30T09:30:00Z",
  "2026-01-31T25:00Z",
  "09:30",
  "2999-01-31",
  "1e3",
  "9007199254740992",
])("--from %j is none", (text) => {
  expect(() => parseFrom(text)).toThrow(
    /^--from: .* is not start, end, a record's number from 1, nor a time/,
  );
});

test("a bar of progress says how much, of how much, how fast", () => {
  expect(progressText(0, 4_096, 0)).toBe("[------------------------]   0 %  0 B of 4.0 KiB");
  expect(progressText(1_024, 4_096, 2)).toBe("[######------------------]  25 %  1.0 KiB of 4.0 KiB, 512 B/s");
  expect(progressText(5_000, 4_096, 1)).toBe(
    "[########################] 100 %  4.9 KiB of 4.0 KiB, 4.9 KiB/s",
  );
  expect(progressText(0, 0, 1)).toContain("100 %");
  expect(bytesText(3 * 1_024 ** 4)).toBe("3.0 TiB");
});

test("a bar of progress is written over on a terminal, taken away in the end, and not there in a pipe", () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const piped = new Progress(10, { isTTY: false, write });
  piped.show(5);
  piped.end();
  expect(written).toEqual([]);
  const shown = new Progress(10, { isTTY: true, write });
  shown.show(5);
  shown.end();
  expect(written[0]).toMatch(/^\r\[#{12}-{12}\] {2}50 % {2}5 B of 10 B/);
  expect(written.at(-1)).toBe("\r\u001b[K");
});

test("why a connection was lost is said once, until it is another reason", () => {
  const said: string[] = [];
  const { onState } = new ConnectionWords((text) => said.push(text));
  const [lost, full] = [new SeriatimError("A", "it is lost"), new SeriatimError("B", "it is full")];
  for (const [state, why] of [
    ["connected", undefined],
    ["reconnecting", lost],
    ["connected", undefined],
    ["reconnecting", lost],
    ["reconnecting", full],
    ["reconnecting", full],
    ["standby", undefined],
    ["closed", full],
  ] as const)
    onState(state, why);
  expect(said).toEqual([
    "seriatim: it is lost; trying again\n",
    "seriatim: it is full; trying again\n",
    "seriatim: another member of the group is active: standing by\n",
  ]);
});
