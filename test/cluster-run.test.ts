// `npm run cluster` as a new user has it: beside another exchange, ended from outside.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, onTestFinished, test } from "vitest";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const RUN = join(cwd, "tools/cluster/run.ts");
/** The last one of the documented order ports. */
const ORDER_PORT = 9011;

/** A cluster that npm runs, by what it prints. */
class NpmCluster {
  readonly said: string[] = [];
  readonly ended: Promise<unknown[]>;
  readonly #npm: ChildProcess;

  constructor(...options: string[]) {
    const args = ["run", "cluster", "--", "--free-ports", ...options];
    this.#npm = spawn("npm", args, { cwd, detached: true, stdio: ["ignore", "pipe", "inherit"] });
    this.ended = once(this.#npm, "close");
    const output = createInterface({ input: this.#npm.stdout as NodeJS.ReadableStream });
    output.on("line", (line) => this.said.push(line));
  }

  async whenSaid(what: RegExp): Promise<void> {
    while (!this.said.some((line) => what.test(line))) await sleep(50);
  }

  /** Its page's port and its process. */
  node(name: string): { port: number; pid: number } {
    const what = new RegExp(`${name} +\\w+ +http://127.0.0.1:(\\d+) +process (\\d+)`);
    const [, port, pid] = what.exec(this.said.join("\n")) ?? [];
    return { port: Number(port), pid: Number(pid) };
  }

  /** Kills a node; before it is started again, its page's port is somebody else's, who says to be the primary. */
  async replace(name: string): Promise<void> {
    const { port, pid } = this.node(name);
    process.kill(pid, "SIGKILL");
    await this.whenSaid(new RegExp(`^cluster +${name} has ended: SIGKILL$`));
    const other = createServer((_, response) =>
      response.end('{"status":"ok","role":"primary","position":9}'),
    );
    onTestFinished(() => void other.close());
    await once(other.listen(port, "127.0.0.1"), "listening");
  }

  terminate(): void {
    this.#npm.kill("SIGTERM");
  }

  /** Whoever of its process group is left ends the nodes. */
  async end(): Promise<void> {
    try {
      process.kill(-(this.#npm.pid as number), "SIGTERM");
      await this.ended;
    } catch {
      // Nobody is.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const directory = mkdtempSync(join(tmpdir(), "a cluster's directory-"));
const cluster = new NpmCluster("--simulate", "20", "--data-dir", directory);

afterAll(async () => {
  await cluster.end();
  rmSync(directory, { recursive: true });
});

/** Another cluster, which can't be. */
async function runBeside(...options: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [RUN, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    said.stdout += chunk;
    // It was refused nothing: so that it does not stay.
    if (said.stdout.includes("is ready")) child.kill("SIGTERM");
  });
  child.stderr.on("data", (chunk) => {
    said.stderr += chunk;
  });
  const [status] = await once(child, "close");
  return { status, ...said };
}

// It asked the port, not its own node: it was "ready", and its traders traded with whoever had the port.
test("a port in use is one line with what helps: nothing is started", async () => {
  const other = createServer((_, response) => response.end()).listen(ORDER_PORT, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening").catch(() => {}); // somebody else has it: as good
  const { status, stdout, stderr } = await runBeside();
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(
    /^cluster: port \d+ on 127.0.0.1 is in use; `npm run cluster -- --free-ports` takes free ones\n$/,
  );
});

test("the directory of a running cluster is refused with the line of its lock", async () => {
  await cluster.whenSaid(/^traders /);
  const owner = cluster.node("north").pid;
  const stderr = `cluster: the directory ${join(directory, "north")} is in use by process ${owner}\n`;
  expect(await runBeside("--free-ports", "--data-dir", directory)).toEqual({ status: 1, stdout: "", stderr });
});

// The key's path was two words.
test("the command that lets another node lead can be given as it was printed", async () => {
  await cluster.whenSaid(/^traders /);
  const [, command] = /^cluster +and let \w+ lead: (.*)$/m.exec(cluster.said.join("\n")) ?? [];
  const { status, stderr } = spawnSync("sh", ["-c", command], { cwd, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("north is the primary") });
});

// It was taken for the primary, and its own node started again every five seconds for good.
test("who answers on the port of a node that has ended is not taken for it; when none can begin again, all ends", async () => {
  await cluster.whenSaid(/^traders /);
  for (const name of ["south", "west"]) {
    await cluster.replace(name);
    await cluster.whenSaid(new RegExp(`^${name} +seriatim: http-port \\d+ on 127.0.0.1 is in use$`));
    await cluster.whenSaid(
      new RegExp(`^cluster +${name} has ended: exit status 1; it is not started again$`),
    );
  }
  expect(cluster.said.filter((line) => line.includes("is the primary now"))).toEqual([]);
  process.kill(cluster.node("north").pid, "SIGKILL");
  expect(await cluster.ended).toEqual([1, null]);
});

// npm's shell took the signal, and everything else stayed.
test("SIGTERM for npm ends all nodes in order", async () => {
  const ended = new NpmCluster("--simulate", "20");
  onTestFinished(() => ended.end());
  await ended.whenSaid(/^traders /);
  ended.terminate();
  await ended.ended;
  const names = ["north", "south", "west"];
  expect(names.filter((name) => isAlive(ended.node(name).pid))).toEqual([]);
  for (const name of names) await ended.whenSaid(new RegExp(`^${name} .* stopped position=`));
});
