// The project develops on its own Node, whatever the machine has.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("..", import.meta.url);

test("npm scripts run under Node 24 or newer", () => {
  const version = execFileSync("npm", ["exec", "-c", "node --version"], { cwd: root, encoding: "utf8" });
  expect(Number.parseInt(version.slice(1), 10)).toBeGreaterThanOrEqual(24);
});

test("the tests themselves run under Node 24 or newer", () => {
  expect(Number.parseInt(process.versions.node, 10)).toBeGreaterThanOrEqual(24);
});

test("every dependency is pinned to one version", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const versions = Object.entries<string>({ ...dependencies, ...devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});
