import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { heapBytesPer } from "../../bench/allocations.ts";
import { measure, summarize } from "../../bench/harness.ts";
import { writeSection } from "../../bench/report.ts";

describe("measuring", () => {
  test("runs the cases in turn, drops the first round, and takes ratios pair by pair", async () => {
    const order: string[] = [];
    let round = 0;
    const values = { slow: [999, 10, 40, 30], fast: [1, 5, 10, 10] };
    const one = (name: "slow" | "fast") => ({
      name,
      unit: "ns",
      better: "lower" as const,
      run: () => {
        order.push(name);
        return values[name][name === "slow" ? round : round++];
      },
    });
    const rows = await measure(
      [one("slow"), one("fast")],
      [{ name: "slow / fast", of: "slow", to: "fast", aim: { atLeast: 2 } }],
      3,
    );
    expect(order).toEqual(["slow", "fast", "slow", "fast", "slow", "fast", "slow", "fast"]);
    expect(rows).toEqual([
      { name: "slow", unit: "ns", median: 30, best: 10, worst: 40 },
      { name: "fast", unit: "ns", median: 10, best: 5, worst: 10 },
      // 10/5, 40/10, 30/10: not the ratio of the medians.
      { name: "slow / fast", unit: "ratio", median: 3, best: 4, worst: 2, aim: { atLeast: 2 } },
    ]);
  });

  test("the median of an even number of values lies between the middle two", () => {
    expect(summarize("x", "s", "higher", [1, 4, 2, 3])).toMatchObject({ median: 2.5, best: 4, worst: 1 });
  });
});

describe("counting allocations", () => {
  const kept: unknown[] = new Array(16);

  test("sees an object per message, however many messages there are", async () => {
    const allocate = (count: number) => {
      for (let i = 0; i < count; i++) kept[i & 15] = { a: i, b: i, c: i };
    };
    allocate(100_000);
    // Three fields and a header of three words: 48 bytes.
    const bytes = await heapBytesPer(1_000_000, allocate);
    expect(bytes).toBeGreaterThan(40);
    expect(bytes).toBeLessThan(70);
  });

  test("sees next to nothing where nothing is allocated", async () => {
    const words = new Int32Array(16);
    const work = (count: number) => {
      for (let i = 0; i < count; i++) words[i & 15] += i;
    };
    work(100_000);
    expect(await heapBytesPer(1_000_000, work)).toBeLessThan(0.5);
  });
});

test("a section of the benchmark page replaces the one of the same bench and leaves the others", () => {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-report-"));
  const page = join(directory, "BENCHMARKS.md");
  writeSection(page, "engine", "## engine\n\nfirst\n");
  writeSection(page, "codec", "## codec\n\nother\n");
  writeSection(page, "engine", "## engine\n\nsecond\n");
  const text = readFileSync(page, "utf8");
  expect(text.match(/^## .*$/gm)).toEqual(["## codec", "## engine"]);
  expect(text).toContain("second");
  expect(text).not.toContain("first");
  rmSync(directory, { recursive: true });
});
