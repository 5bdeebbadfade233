// Who may import whom, as a list (folders of later steps included), held against every import in src. The compiler's project
// references stop most wrong imports, but they leak transitively; here every import statement is read.

import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Each layer and what it may import besides itself; later rows are further up. */
const layers: Readonly<Record<string, readonly string[]>> = {
  base: [],
  protocol: ["base"],
  ring: ["base"],
  segment: ["base"],
  engine: ["base", "protocol"],
  sequencer: ["base", "protocol", "ring"],
  journal: ["base", "protocol", "ring", "segment"],
  replication: ["base", "protocol", "ring", "segment"],
  gateway: ["base", "protocol", "ring"],
  feed: ["base", "protocol", "ring", "segment"],
  tape: ["base", "protocol", "ring", "segment"],
  client: ["base", "protocol"],
  platform: ["base"],
  "feed-runtime": ["base", "protocol", "ring", "segment", "feed", "platform"],
  "tape-runtime": ["base", "protocol", "ring", "segment", "tape", "platform"],
  replay: ["base", "protocol", "engine", "segment", "journal"],
  runtime: ["base", "protocol", "ring", "segment", "sequencer", "journal", "replication", "platform"],
  lab: ["all above"],
  node: ["all above"],
  simulation: ["all above"],
  cli: ["all above"],
};

/** Layers that are functions of their input: no packages, no Node, no time, chance or locale. */
const pureLayers = [
  "base",
  "protocol",
  "segment",
  "engine",
  "sequencer",
  "journal",
  "replication",
  "gateway",
  "feed",
  "tape",
  "replay",
];

const impureWords =
  /\b(Date|performance|Intl|process|Worker|fetch|crypto|navigator|(?:set|clear)(?:Timeout|Interval|Immediate)|Math\s*\.\s*random|toLocale\w*|localeCompare)\b/g;

/** Above this a file holds two ideas, generated tables apart; STYLE asks for 300. */
const file_lines_max = 400;

const files = globSync("src/**/*.ts", { cwd: root }).sort();

function layerOf(path: string): string {
  return path.split("/")[1];
}

function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function mayImport(layer: string): readonly string[] {
  if (layers[layer][0] !== "all above") return layers[layer];
  const names = Object.keys(layers);
  return names.slice(0, names.indexOf(layer));
}

/** What a file imports or re-exports, statically or not, types included. */
function importsOf(text: string): string[] {
  const statements = /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;
  return Array.from(text.matchAll(statements), (match) => match[1] ?? match[2]);
}

/** The code without its comments and string literals. */
function codeOf(text: string): string {
  const notCode = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(notCode, '""');
}

/** One line for each import of `path` that the table forbids. */
function forbiddenImports(path: string, text: string): string[] {
  const layer = layerOf(path);
  return importsOf(text).flatMap((specifier) => {
    if (!specifier.startsWith(".")) {
      return pureLayers.includes(layer) ? [`${path}: a pure layer imports ${specifier}`] : [];
    }
    const target = normalize(join(dirname(path), specifier));
    const targetLayer = layerOf(target);
    // The benchmarks are no layer: they stand beside src, above all but the command that runs them.
    if (layer === "cli" && target === "bench/index.ts") return [];
    if (targetLayer === layer && target.startsWith("src/")) return [];
    if (!target.startsWith("src/") || !mayImport(layer).includes(targetLayer)) {
      return [`${path}: ${layer} may not import ${relative("src", target)}`];
    }
    return target === `src/${targetLayer}/index.ts`
      ? []
      : [`${path}: imports ${specifier} past its layer's index.ts`];
  });
}

/** One line for each word of `path` that has no place in a pure layer. */
function impurities(path: string, text: string): string[] {
  if (!pureLayers.includes(layerOf(path))) return [];
  return Array.from(codeOf(text).matchAll(impureWords), ([word]) => `${path}: a pure layer uses ${word}`);
}

/** Everything below a layer folder; src/index.ts alone lies above all layers. */
const layerFiles = files.filter((path) => path.split("/").length > 2);

test("every folder of src is a layer of the table", () => {
  expect(layerFiles.length).toBeGreaterThan(0);
  const unknown = new Set(layerFiles.map(layerOf).filter((layer) => !(layer in layers)));
  expect([...unknown]).toEqual([]);
});

test("no file imports what its layer may not", () => {
  expect(layerFiles.flatMap((path) => forbiddenImports(path, textOf(path)))).toEqual([]);
});

/** One line for each import of a file of the page that it may not have. */
function forbiddenPageImports(path: string, text: string): string[] {
  const allowed = ["src/base/index.ts", "src/protocol/index.ts", "src/client/socket/index.ts"];
  const targets = importsOf(text).filter((specifier) => specifier.startsWith("."));
  return targets
    .map((specifier) => normalize(join(dirname(path), specifier)))
    .filter((target) => !target.startsWith("web/") && !allowed.includes(target))
    .map((target) => `${path}: the page may not import ${target}`);
}

test("the page imports base, protocol and the client's part for browsers, and no Node", () => {
  const pageFiles = globSync("web/**/*.{ts,tsx}", { cwd: root }).filter(
    (path) => path !== "web/vite.config.ts",
  );
  expect(pageFiles.length).toBeGreaterThan(0);
  expect(pageFiles.flatMap((path) => forbiddenPageImports(path, textOf(path)))).toEqual([]);
  const browserFiles = [...pageFiles, ...globSync("src/client/socket/*.ts", { cwd: root })];
  const ofNode = browserFiles.filter((path) =>
    importsOf(textOf(path)).some((name) => name.startsWith("node:")),
  );
  expect(ofNode).toEqual([]);
  expect(forbiddenPageImports("web/a.tsx", 'import { x } from "../src/engine/index.ts";')).toHaveLength(1);
});

test("pure layers know no clock, chance, locale, timer or process", () => {
  expect(layerFiles.flatMap((path) => impurities(path, textOf(path)))).toEqual([]);
});

test(`no file in src has more than ${file_lines_max} lines`, () => {
  const long = files.filter((path) => textOf(path).split("\n").length - 1 > file_lines_max);
  expect(long).toEqual([]);
});

test.each([
  ["src/engine/a.ts", 'import { x } from "../ring/index.ts";', "engine may not import ring/index.ts"],
  [
    "src/engine/a.ts",
    'import type {\n  X,\n} from "../journal/index.ts";',
    "engine may not import journal/index.ts",
  ],
  ["src/ring/a.ts", 'export * from "../protocol/index.ts";', "ring may not import protocol/index.ts"],
  ["src/engine/a.ts", 'import { x } from "../base/crc32c.ts";', "past its layer's index.ts"],
  ["src/engine/a.ts", 'const x = await import("../lab/index.ts");', "engine may not import lab/index.ts"],
  ["src/base/a.ts", 'import { x } from "../../test/x.ts";', "base may not import ../test/x.ts"],
  ["src/node/a.ts", 'import { x } from "../../bench/index.ts";', "node may not import ../bench/index.ts"],
  ["src/lab/a.ts", 'import { x } from "../node/index.ts";', "lab may not import node/index.ts"],
  ["src/gateway/a.ts", 'import "node:net";', "a pure layer imports node:net"],
])("the check sees the wrong import in %s: %s", (path, text, complaint) => {
  expect(forbiddenImports(path, text).join()).toContain(complaint);
});

test.each([
  "Date.now()",
  "new Date()",
  "Math.random()",
  "performance.now()",
  "a.toLocaleString()",
  "a.localeCompare(b)",
  "new Intl.Collator()",
  "setTimeout(f, 1)",
  "process.env.X",
])("the check sees %s in a pure layer, but not in its comments and strings", (code) => {
  expect(impurities("src/engine/a.ts", `const a = ${code}; // why`)).toHaveLength(1);
  expect(impurities("src/engine/a.ts", `// ${code}\n/* ${code} */ const a = "${code}";`)).toEqual([]);
  expect(impurities("src/node/a.ts", code)).toEqual([]);
});
