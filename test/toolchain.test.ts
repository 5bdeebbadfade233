// The project develops on its own Node, whatever the machine has.

import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EXCHANGE_RULES } from "../src/node/index.ts";
import { LAUNCHER } from "./support/launcher.ts";

const root = new URL("..", import.meta.url);

test("npm scripts run under Node 24 or newer", () => {
  const version = execFileSync("npm", ["exec", "-c", "node --version"], { cwd: root, encoding: "utf8" });
  expect(Number.parseInt(version.slice(1), 10)).toBeGreaterThanOrEqual(24);
});

test("the tests themselves run under Node 24 or newer", () => {
  expect(Number.parseInt(process.versions.node, 10)).toBeGreaterThanOrEqual(24);
});

// An exported SERIATIM_DURABILITY was that of every node that a test started.
test("settings for an exchange of whoever runs the tests are not theirs", () => {
  const print = `await import("./vitest.config.ts"); const { SERIATIM_ORDER_PORT, SERIATIM_SEED } = process.env;
    console.log([SERIATIM_ORDER_PORT, SERIATIM_SEED].join());`;
  const env = { ...process.env, SERIATIM_ORDER_PORT: "1", SERIATIM_SEED: "7" };
  const args = ["--input-type=module", "--eval", print];
  expect(execFileSync(process.execPath, args, { cwd: root, env, encoding: "utf8" })).toBe(",7\n");
});

test("every dependency is pinned to one version", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const versions = Object.entries<string>({ ...dependencies, ...devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

// npm passes a signal on to its shell alone: a program beside the shell would go on without it.
test("a signal to npm ends what npm runs: the last program takes the shell's place", () => {
  const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const briefs = ["clean", "build", "prepack", "check"];
  const last = Object.entries<string>(scripts).map(([name, script]) => [name, script.split(" && ").at(-1)]);
  const beside = last.filter(([, program]) => !/^([A-Z_]+=\S+ )*exec /.test(program ?? ""));
  expect(beside.map(([name]) => name)).toEqual(briefs);
});

// Otherwise they would start from the sources, as right and twice as dear.
test("threads and processes of nodes start from the bundle, wherever a source starts one", () => {
  const bundle = fileURLToPath(new URL("dist/for-tests/", root));
  expect(LAUNCHER).toBe(`${bundle}bin/seriatim`);
  expect(fileURLToPath(EXCHANGE_RULES)).toBe(`${bundle}dist/src/node/exchange-rules.js`);
  const entries = globSync("src/**/*.ts", { cwd: root }).flatMap((file) => {
    const text = readFileSync(new URL(file, root), "utf8");
    return [...text.matchAll(/(?<!function )entryBeside\([^,]*,/g)].map(([call]) => call);
  });
  expect(entries.length).toBeGreaterThan(10);
  expect(new Set(entries)).toEqual(new Set(["entryBeside(import.meta.url,"]));
});
