// docs/ticks-client.md against the code: each option, state and counter has its line.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TickConnectionCounters, TickCounters, TickState } from "../../../src/feed/index.ts";
import { checkedTickOptions } from "../../../src/feed-runtime/ticks-client/options.ts";

const lines = readFileSync(new URL("../../../docs/ticks-client.md", import.meta.url), "utf8").split("\n");
const firstColumns = lines.filter((line) => line.startsWith("|")).map((line) => line.split("|")[1]);

test.each([
  ["options", Object.keys(checkedTickOptions({ host: "a" }))],
  ["states", Object.values(TickState)],
  ["counters", [...Object.keys(new TickCounters()), ...Object.keys(new TickConnectionCounters())]],
])("all %s are in the tables", (_, names) => {
  expect(names.filter((name) => !firstColumns.some((column) => column.includes(`\`${name}\``)))).toEqual([]);
});
