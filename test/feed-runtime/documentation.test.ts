// The programs that docs/market-data.md shows, run as they stand but for the port and where the library lies.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";

const LIBRARIES = {
  "seriatim/feed": new URL("../../src/feed-runtime/public.ts", import.meta.url).href,
  "seriatim/protocol": new URL("../../src/protocol/public.ts", import.meta.url).href,
};
const folder = mkdtempSync(join(tmpdir(), "seriatim-documentation-"));
let node: RunningNode;
beforeAll(async () => {
  const settings = { orderPort: 0, httpPort: 0, mdPort: 0, durability: "off", simulate: 500 } as const;
  node = await startNode(configurationOf({ ...settings, ordersMax: 20_000 }), createLog({ level: "silent" }));
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

const page = readFileSync(fileURLToPath(new URL("../../docs/market-data.md", import.meta.url)), "utf8");
const programs = [...page.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]);
const outputs = [
  /^best \d+ at \d+, \d+ at \d+\n0 lost, 0 wrong books\n$/,
  /^\S+: \d+ at [\d.]+\n(update true|it may be old)\n$/,
  /^recorded\ntake 1 of 1, channel\n$/,
];

/** Three processes begin at once, on whatever machine. */
const PROGRAM_MS = 60_000;

test("each program of the page has an output here", () => {
  expect(programs).toHaveLength(outputs.length);
});

test.concurrent.each(outputs.map((output, at) => [at + 1, output] as const))(
  "program %i does what the page says",
  async (number, output) => {
    const file = join(folder, `program-${number}.mts`);
    let text = programs[number - 1].replaceAll("9011", String(node.mdPort));
    for (const [name, href] of Object.entries(LIBRARIES)) text = text.replaceAll(`"${name}"`, `"${href}"`);
    writeFileSync(file, text);
    const child = spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    for await (const more of child.stdout) said += more;
    expect(said).toMatch(output);
  },
  PROGRAM_MS,
);
