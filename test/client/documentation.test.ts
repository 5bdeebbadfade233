// The programs that README and docs/client.md show, run as they stand but for the port and where the client lies.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { connectTrading } from "../../src/client/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { generateKey, readKeyRing } from "../../src/runtime/index.ts";
import { until } from "../support/until.ts";

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

function pageText(page: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), "utf8");
}

function programsOf(page: string): string[] {
  return [...pageText(page).matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]);
}

function start(program: string) {
  const file = join(folder, "program.mts");
  writeFileSync(
    file,
    program
      .replace("seriatim/client", CLIENT.href)
      .replaceAll("9009", String(node.orderPort))
      .replaceAll("8080", String(node.httpPort)),
  );
  return spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
}

async function run(program: string): Promise<string> {
  const child = start(program);
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

// Its loop over reports() threw what nobody caught.
test("the program that docs/client.md ends by a signal ends with status 0", async () => {
  const [section] = /## The end by a signal\n.*?(?=\n## )/s.exec(pageText("docs/client.md")) ?? [];
  const [, program] = /```ts no-run\n(.*?)```/s.exec(section ?? "") ?? [];
  const child = start(program);
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "close");
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  const [addresses, key] = [[{ port: node.orderPort }], join(folder, "ann.key")];
  const beside = await connectTrading({ addresses, key, account: 3, instance: 1 });
  // It is told of what happens once it is connected.
  let id = 1_000;
  await until(async () => {
    await beside.submit({ id: ++id, symbol: 0, side: "buy", price: 100, quantity: 5 });
    return output !== "";
  });
  await beside.logout();
  child.kill("SIGINT");
  expect(await closed).toEqual([0, null]);
  expect(output).toMatch(/^(\d+ accepted\n)+$/);
});

test.each(["README.md", "docs/client.md"])("every program of %s imports what it calls", (page) => {
  for (const [, program] of pageText(page).matchAll(/```ts(?: no-run)?\n(.*?)```/gs)) {
    const imported = [...program.matchAll(/^import \{(.*?)\} from/gm)].flatMap(([, names]) =>
      names.match(/\w+/g),
    );
    for (const [name] of program.matchAll(/\b(?:connect[A-Z]\w*|\w+Sync)(?=\()/g))
      expect(imported).toContain(name);
  }
});
