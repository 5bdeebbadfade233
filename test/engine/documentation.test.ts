// The programs of docs/engine.md, run as they stand; and that the page names all there is.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ExchangeEngine } from "../../src/engine/index.ts";
import * as lab from "../../src/lab/index.ts";
import { Example, killExamples } from "../examples/example.ts";

const page = readFileSync(new URL("../../docs/engine.md", import.meta.url), "utf8");
const programs = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, program]) => program);
const folder = mkdtempSync(join(tmpdir(), "seriatim-documentation-"));
afterAll(() => {
  killExamples();
  rmSync(folder, { recursive: true });
});

const OUTPUTS = [
  [
    "order 7 accepted",
    "order 1 accepted",
    "order 1 took 3 from 7 at 240050",
    "refused: UnknownOrder",
    "[ { price: 240050, total: 2, orders: 1 } ]",
  ],
  ["1004 commands, 394 trades of 5569 lots", "replayed: true restored: true"],
  [
    "engine and twin: agree",
    expect.stringMatching(/^with the fault: cmd .*: event 1: expected quantity \d+, found 10$/),
    "1003 commands shrunk to 3:",
    "version 1",
    "meta seed 1 symbols 1 orders 2 max_qty 1000 max_notional 100000000",
    "cmd reg S0",
    "cmd limit 0 1 S 1 11 GTC",
    "evt accept 1 0 1",
    "cmd limit 0 2 B 1 11 GTC",
    "evt accept 2 0 2",
    "evt trade 3 0 2 1 1 11",
    "snapshot last_seq 3 trades 1",
    "sym 0 bid - ask - orders 0",
  ],
];

test("its programs do what they say", async () => {
  expect(programs).toHaveLength(OUTPUTS.length);
  for (const [i, program] of programs.entries()) {
    const file = join(folder, `program-${i}.mts`);
    writeFileSync(file, program);
    const { status, output } = await new Example(file).ended();
    expect(output.trimEnd().split("\n")).toEqual(OUTPUTS[i]);
    expect(status).toBe(0);
  }
});

test("it names each member of an engine, and each value of the laboratory", () => {
  const members = Object.getOwnPropertyNames(ExchangeEngine.prototype);
  const names = [...members.filter((name) => name !== "constructor"), ...Object.keys(lab)];
  const unnamed = names.filter((name) => !new RegExp(`\`${name}\`|\\.${name}\\(`).test(page));
  expect(names.length).toBeGreaterThan(40);
  expect(unnamed).toEqual([]);
});
