// The programs that README and docs/client.md show, run as they stand but for the port and where the client lies.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { generateKey, readKeyRing } from "../../src/runtime/index.ts";

const CLIENT = new URL("../../src/client/index.ts", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "seriatim-documentation-"));
let node: RunningNode;
beforeAll(async () => {
  const [own, keys] = [join(folder, "ann.key"), join(folder, "keys.json")];
  generateKey("ann", "trader", own, keys, { accounts: [3] });
  const settings = { orderPort: 0, httpPort: 0, durability: "off" } as const;
  const log = createLog({ level: "silent" });
  node = await startNode(configurationOf(settings), log, { keys: readKeyRing(keys) });
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

function programsOf(page: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), "utf8");
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]);
}

async function run(program: string): Promise<string> {
  const file = join(folder, "program.mts");
  writeFileSync(
    file,
    program
      .replace("seriatim/client", CLIENT.href)
      .replaceAll("9009", String(node.orderPort))
      .replaceAll("8080", String(node.httpPort)),
  );
  const child = spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const text of child.stdout) output += text;
  return output;
}

const pages: [page: string, outputs: RegExp[]][] = [
  ["README.md", [/^accepted as event 1\n$/]],
  [
    "docs/client.md",
    [
      /^resting, 5 open\n1 accepted 5\n2 massCancelled 0\n3 cancelled 0\nnext time from report 4\n$/,
      /^10000 answered\n$/,
      /^restingFill 2 at 70000\n$/,
      /^3 accepted, once\n$/,
      /^accepted\n$/,
    ],
  ],
];

test.each(pages)("the programs of %s do what they say", async (page, outputs) => {
  const programs = programsOf(page);
  expect(programs).toHaveLength(outputs.length);
  for (const [i, program] of programs.entries()) expect(await run(program)).toMatch(outputs[i]);
});
