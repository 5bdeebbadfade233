import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { run } from "../../src/cli/main.ts";
import { LAUNCHER } from "../support/launcher.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "seriatim-start-"));
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

class Run {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const options = { cwd: folder, env: { ...process.env, ...env } };
    this.child = spawn(process.execPath, [LAUNCHER, ...args], options);
    running.push(this.child);
    this.child.stdout?.on("data", (text: Buffer) => {
      this.stdout += text.toString();
    });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.stderr += text.toString();
    });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (status) => {
        resolve({ status, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** The ports of the ready line. */
  async ready(): Promise<{ orderPort: string; http: string }> {
    const seen = () => /orders on 127\.0\.0\.1:(\d+), (http:\S+),/.exec(this.stdout);
    while (seen() === null && this.child.exitCode === null) await new Promise((r) => setTimeout(r, 10));
    const found = seen();
    if (found === null) throw new Error(`it ended instead: ${this.stderr}`);
    return { orderPort: found[1], http: found[2] };
  }
}

const seriatim = (...args: string[]) => new Run(args).ended;

/** Small files, so that preallocating them costs a test nothing. */
const QUICK = ["--order-port", "0", "--http-port", "0", "--segment-bytes", "2097152", "--orders-max", "1000"];

function start(dataDir: string, ...more: string[]): Run {
  return new Run(["start", "--data-dir", dataDir, ...QUICK, ...more]);
}

const one = (line: string) => expect.stringMatching(new RegExp(`^seriatim: ${line}\n$`));

test("an exchange starts, trades, ends by a signal, and goes on where it stopped", async () => {
  const session = join(ROOT, "examples/session.txt");
  const answers = readFileSync(session, "utf8")
    .match(/^(evt|reject) .*\n/gm)
    ?.join("");
  const first = start("goes-on");
  const { orderPort, http } = await first.ready();
  expect(await seriatim("send", "--port", orderPort, session)).toEqual({
    status: 0,
    stdout: answers,
    stderr: "",
  });
  const before = (await (await fetch(`${http}/healthz`)).json()) as { position: number };
  expect(before).toMatchObject({ status: "ok", connections: 0, position: 15, durablePosition: 15 });
  first.child.kill("SIGTERM");
  expect(await first.ended).toMatchObject({ status: 0 });

  const second = start("goes-on");
  const metrics = await (await fetch(`${(await second.ready()).http}/metrics`)).text();
  expect(metrics).toContain("\nseriatim_position 15\n");
  expect(metrics).toContain("\nseriatim_orders_resting 2\n");
  second.child.kill("SIGINT");
  expect(await second.ended).toMatchObject({ status: 0 });

  expect(second.stderr).toMatch(/"signal":"SIGINT","msg":"stopping".*\n.*"position":15,"msg":"stopped"/);

  // One line and no other: the log is not replayed first.
  const other = await start("goes-on", "--symbols", "X", "--max-quantity", "5").ended;
  const symbols = "--symbols is X, but this log was begun with symbols BTC-USD:2:50,[^;]*";
  const quantity = "--max-quantity is 5, but this log was begun with max-quantity 1000000";
  const what = "leave these settings out or start a new data directory";
  expect(other).toMatchObject({ status: 2, stderr: one(`${symbols}; ${quantity}: ${what}`) });

  const { stdout } = await seriatim("journal", "inspect", "--frames", "goes-on");
  const year = new Date().getUTCFullYear();
  expect(stdout).toMatch(new RegExp(`positions 1 to 5, \\d+ bytes, epoch 1, ${year}-`));
});

test("a damaged journal is shown as far as it holds, and named with its damage", async () => {
  const node = start("damaged");
  await node.ready();
  node.child.kill("SIGTERM");
  await node.ended;
  expect(await seriatim("journal", "inspect", "damaged")).toMatchObject({ status: 0 });
  const journal = join(folder, "damaged/journal");
  const file = openSync(join(journal, readdirSync(journal)[0]), "r+");
  writeSync(file, "xxxx", 4_200);
  closeSync(file);
  expect(await seriatim("journal", "inspect", "damaged")).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^journal damaged\/journal: /),
    stderr: expect.stringMatching(
      /^seriatim: corrupt: damaged\/journal\/\S+ at offset 4096, position 1: .*was durable\)\n$/,
    ),
  });
});

test("settings come from the environment and a file as well", async () => {
  writeFileSync(join(folder, "node.json"), '{ "http-port": 0, "symbols": ["ONE"], "durability": "off" }');
  const env = { SERIATIM_ORDER_PORT: "0", SERIATIM_CONFIG: "node.json", SERIATIM_LOG_LEVEL: "silent" };
  const node = new Run(["start"], env);
  await node.ready();
  node.child.kill("SIGTERM");
  expect(await node.ended).toEqual({
    status: 0,
    stdout: expect.stringContaining("NO JOURNAL (--durability off)"),
    stderr: "",
  });
});

test("a variable that is no setting is a warning of the node, and a line of a client of it", async () => {
  const env = { SERIATIM_ORDERPORT: "1" };
  const says = "SERIATIM_ORDERPORT is no setting and changes nothing, is SERIATIM_ORDER_PORT meant?";
  const node = new Run(["start", "--durability", "off", ...QUICK], env);
  const { orderPort } = await node.ready();
  expect(JSON.parse(node.stderr.split("\n")[0])).toMatchObject({ level: "warn", msg: says });
  const session = join(ROOT, "examples/session.txt");
  const sent = await new Run(["send", "--port", orderPort, session], env).ended;
  expect(sent).toMatchObject({ status: 0, stderr: `seriatim: ${says}\n` });
  const topics = await new Run(["tape", "topics", "--port", "1"], env).ended;
  expect(topics).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^[^\n]*ORDERPORT[^\n]*\n[^\n]*\n$/),
  });
  const tape = new Run(["tape", "serve", "--port", "0", "--data-dir", "unknown-tape"], env);
  await expect.poll(() => tape.stdout).toMatch(/is ready/);
  expect(tape.stderr).toContain(says);
});

/** As `seriatim ARGS`, in this process. */
async function inProcess(args: readonly string[]): Promise<{ status: number; stderr: string }> {
  let stderr = "";
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  const status = await run(args);
  write.mockRestore();
  return { status, stderr };
}

test("what can't be started says why in one line", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as { port: number };
  const path = (name: string) => join(folder, name);
  mkdirSync(path("foreign"));
  writeFileSync(path("foreign/notes.txt"), "mine");
  writeFileSync(path("file"), "");
  writeFileSync(path("bad.json"), '{\n  "host": "127.0.0.1",\n}\n');
  const inUse = start("in-use");
  await inUse.ready();
  const ports = ["--order-port", "0", "--http-port", "0"];
  const cases: [args: string[], status: number, line: string][] = [
    [["--order-port", String(port)], 1, `order-port ${port} on 127.0.0.1 is in use`],
    [["--order-port", "0", "--http-port", String(port)], 1, `http-port ${port} on 127.0.0.1 is in use`],
    [
      [...ports, "--data-dir", path("foreign")],
      1,
      ".*/foreign is not a seriatim data directory: it holds notes.txt",
    ],
    [
      [...ports, "--data-dir", path("file")],
      2,
      "data directory: cannot use the directory .*/file: it is not a directory \\(ENOTDIR\\)",
    ],
    [[...ports, "--data-dir", path("in-use")], 1, `.*/in-use is in use by process ${inUse.child.pid}`],
    [
      [...ports, "--data-dir", path("none"), "--accounts", "a=70000"],
      2,
      "--accounts: a=70000, but this exchange has accounts 0 to 65535",
    ],
    [
      ["--host", "192.0.2.1"],
      2,
      "host 192.0.2.1 can be reached by other machines, which needs TLS \\(tls-cert and tls-key\\) and a trader or reader in a keys file .*",
    ],
    [
      ["--host", "127.0.0.1", "--tls-cert", path("none.pem"), "--tls-key", path("none.pem")],
      2,
      "tls-cert: cannot read .*/none.pem: no such file or directory \\(ENOENT\\)",
    ],
    [[...ports, "--order-port", "2"], 2, "--order-port is given twice"],
    [["--order-port", "8080"], 2, "order-port and http-port are both 8080: each needs its own"],
    [["--orders", "1"], 2, "unknown option '--orders'.*"],
    [["--threads", "many"], 2, '--threads: "many" is not one of spread, single'],
    [["--config", path("bad.json")], 2, ".*/bad.json:3: not JSON: Expected double-quoted property name"],
    [["extra"], 2, "too many arguments for 'start'.*"],
  ];
  for (const [args, status, line] of cases) {
    expect(await inProcess(["start", ...args]), args.join(" ")).toEqual({ status, stderr: one(line) });
  }
  // What is refused has not begun a log.
  expect(readdirSync(path("none"))).toEqual([]);
  holder.close();
});

test("send ends with 1 when nobody is there, and when the exchange lacks a symbol", async () => {
  const session = join(ROOT, "examples/session.txt");
  const node = start("elsewhere", "--symbols", "BTC-USD");
  const { orderPort } = await node.ready();
  expect(await seriatim("send", "--port", orderPort, session)).toMatchObject({
    status: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^seriatim: .*\/session\.txt:\d+: the exchange at \S+ has no symbol ETH-USD/,
    ),
  });
  node.child.kill("SIGKILL");
  await node.ended;
  expect(await seriatim("send", "--port", orderPort, session)).toMatchObject({
    status: 1,
    stderr: one("can't connect to 127.0.0.1:\\d+: nothing listens there"),
  });
});
