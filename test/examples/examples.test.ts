// The programs of examples/ that need an exchange or nothing, run as they stand.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { connectOrderEntry } from "../../src/client/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { CutLink } from "../support/cut-link.ts";
import { until } from "../support/until.ts";
import { Example, killExamples } from "./example.ts";

let node: RunningNode | undefined;
afterEach(async () => {
  killExamples();
  await node?.stop();
  node = undefined;
});

// All others import the bundle that was made for the tests.
test("where no bundle is, a program imports the sources", () => {
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { TEST_LAUNCHER, ...env } = process.env;
  const print = "console.log(import.meta.resolve('seriatim/engine'))";
  const args = ["--import", "./tools/from-sources.ts", "--input-type=module", "--eval"];
  const resolvedBy = (environment: NodeJS.ProcessEnv) =>
    execFileSync(process.execPath, [...args, print], { cwd, env: environment, encoding: "utf8" });
  expect(resolvedBy(env)).toMatch(/(?<!dist)\/src\/engine\/index\.ts\n$/);
  expect(resolvedBy({ ...env, TEST_LAUNCHER })).toMatch(/\/dist\/src\/engine\/index\.js\n$/);
  const use = "await import('seriatim').then(({ ExchangeEngine }) => console.log(ExchangeEngine.name))";
  const used = execFileSync(process.execPath, [...args, use], { cwd, env, encoding: "utf8" });
  expect(used).toBe("ExchangeEngine\n");
});

// It was a stack trace of Node's.
test("a program that is not there is one line, status 2", async () => {
  const { status, output, errors } = await new Example("nothere.ts").ended();
  expect({ status, output, errors }).toEqual({
    status: 2,
    output: "",
    errors: "there is no program examples/nothere.ts\n",
  });
});

test("embedded-engine.ts matches orders, refuses one, and copies its state to the last bit", async () => {
  const { status, output } = await new Example("embedded-engine.ts").ended();
  expect(status).toBe(0);
  expect(output.replace(/[0-9a-f]{16}\.\.\./, "HASH")).toBe(`Alice offers gold at two prices:
  account 1: order 1 accepted
  account 1: order 2 accepted
Bob buys 7, at up to 2400.70:
  account 2: order 1 accepted
  order 1 took 5 from order 1 at 2400.50
  order 1 took 2 from order 2 at 2400.70
Alice uses an id that rests already:
  account 1: refused, DuplicateOrderId
Best offer: 3 at 2400.70
The same command on the engine and on its copy:
  account 2: order 2 accepted
  account 2: order 2 accepted
State HASH, copy the same
`);
});

test("exchange-in-a-test.ts passes", async () => {
  const { status, output } = await new Example("exchange-in-a-test.ts").ended();
  expect(status).toBe(0);
  expect(output).toMatch(/pass 2\b/);
});

async function startExchange(simulate: number): Promise<RunningNode> {
  const settings = { orderPort: 0, httpPort: 0, durability: "off", ordersMax: 10_000, simulate } as const;
  node = await startNode(configurationOf(settings), createLog({ level: "silent" }));
  return node;
}

test("market-maker.ts quotes, leans against what it bought and sold, and leaves nothing behind", async () => {
  const exchange = await startExchange(0);
  const maker = new Example("market-maker.ts", String(exchange.orderPort));
  await maker.prints("BTC-USD: 69998.50 / 70001.50");
  const taker = await connectOrderEntry({ port: exchange.orderPort, account: 2 });
  const takes = async (id: number, side: "buy" | "sell", quantity: number) => {
    const answer = await taker.submit({ id, symbol: 0, side, type: "market", quantity });
    expect(answer.accepted).toBe(true);
  };
  await takes(1, "sell", 4);
  await maker.prints("bought 4 at 69998.50, inventory 4");
  // The price is where it traded, and two steps lower for what it has too much.
  await maker.prints("BTC-USD: 69996.00 / 69999.00");
  // Another program of its account hears the same, and trades too: the README's page does.
  const beside = await connectOrderEntry({ port: exchange.orderPort, account: 1 });
  await beside.submit({ id: 1, symbol: 0, side: "sell", price: 6_999_850, quantity: 3 });
  await takes(2, "buy", 3);
  await takes(3, "buy", 5);
  await maker.prints("sold 5 at 69999.00, inventory -1");
  await beside.close();
  await maker.prints("BTC-USD: 69997.50 / 70001.00");
  maker.child.kill("SIGINT");
  const { status, output } = await maker.ended();
  expect(status).toBe(0);
  expect(output).toMatch(/\nended with inventory -1\n$/);
  await taker.close();
  expect(exchange.status().ordersResting).toBe(0);
});

test("market-maker.ts finds the price of a market that lives", async () => {
  const exchange = await startExchange(1_000);
  while (exchange.status().trades < 50) await new Promise((resolve) => setTimeout(resolve, 20));
  // Far too high: its bids meet all that is offered, and it learns.
  const maker = new Example("market-maker.ts", String(exchange.orderPort), "70400");
  while ((maker.output.match(/^(bought|sold) /gm) ?? []).length < 20)
    await new Promise((resolve) => setTimeout(resolve, 20));
  maker.child.kill("SIGINT");
  const { status, output } = await maker.ended();
  expect(status).toBe(0);
  const last = /BTC-USD: (\S+) \/ (\S+)\n(?!.*BTC-USD)/s.exec(output);
  expect(Number(last?.[1])).toBeLessThan(70_200);
});

// npm passes a terminal's Ctrl-C on, and its program gets it twice: the second one ended it before its quotes were cancelled.
test("market-maker.ts leaves nothing behind when the signal comes again while it ends", async () => {
  const exchange = await startExchange(0);
  const link = await CutLink.to(exchange.orderPort, new Prng(1));
  onTestFinished(() => link.close());
  const maker = new Example("market-maker.ts", String(link.port));
  await maker.prints("BTC-USD: 69998.50 / 70001.50");
  await until(() => exchange.status().ordersResting === 2);
  link.hold("there");
  const before = link.came;
  maker.child.kill("SIGINT");
  // Its cancels: it has taken the first signal, and waits for their answers.
  await until(() => link.came > before);
  maker.child.kill("SIGINT");
  link.heal();
  const { status, output } = await maker.ended();
  expect(output).toMatch(/\nended with inventory 0\n$/);
  expect([status, exchange.status().ordersResting]).toEqual([0, 0]);
});

test("no program of ours, nor a page's, is ended by the second of two signals", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const files = [
    "README.md",
    ...["docs", "examples"].flatMap((folder) => textsIn(join(root, folder), folder)),
  ];
  const once = files.filter((file) =>
    /process\.once\("?(SIG|signal)/.test(readFileSync(join(root, file), "utf8")),
  );
  expect(once).toEqual([]);
});

function textsIn(folder: string, name: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return all.filter((file) => /\.(md|ts)$/.test(file)).map((file) => `${name}/${file}`);
}

// It went on in silence for ever: nothing it waited for could come.
test("market-maker.ts ends, and says why, when the exchange goes away", async () => {
  const exchange = await startExchange(0);
  const maker = new Example("market-maker.ts", String(exchange.orderPort));
  await maker.prints("BTC-USD: 69998.50 / 70001.50");
  await exchange.stop();
  const { status, errors } = await maker.ended();
  expect(status).toBe(1);
  expect(errors).toMatch(/^the connection to .*\n$/);
});

/** An exchange with a trader's key: `start` begins it, or begins it again on the same log; port 0 for any. */
async function withTrader(
  run: (key: string, start: (orderPort: number) => Promise<RunningNode>) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-example-"));
  const [key, keys, dataDir] = ["trader.key", "keys.json", "data"].map((name) => join(directory, name));
  generateKey("trader", "trader", key, keys, { accounts: [77] });
  const settings = { httpPort: 0, adminPort: 0, keys, dataDir, ordersMax: 10_000 } as const;
  try {
    await run(key, async (orderPort) => {
      node = await startNode(configurationOf({ ...settings, orderPort }), createLog({ level: "silent" }));
      return node;
    });
  } finally {
    // A node that runs notices within a second that its directory is gone.
    await node?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The program, when it has bought its first slice of 12 lots. */
async function buyingAt({ orderPort }: RunningNode, key: string): Promise<Example> {
  const maker = await connectOrderEntry({ port: orderPort, account: 2 });
  await maker.submit({ id: 1, symbol: 0, side: "sell", price: 7_000_000, quantity: 12 });
  await maker.close();
  const session = new Example("trading-session.ts", key, String(orderPort), "12");
  await session.prints("report 2: bought 5, 5 in all");
  return session;
}

test("trading-session.ts works an order in slices, over a restart of the exchange too", async () => {
  await withTrader(async (key, start) => {
    const first = await start(0);
    const session = await buyingAt(first, key);
    await first.stop();
    const again = await start(first.orderPort);
    const { status, output } = await session.ended();
    expect(status).toBe(0);
    expect(output).toMatch(/\ndisconnected: .*\n(.*\n)*connected\n(.*\n)*ended with 12 lots bought\n$/);
    expect(again.status()).toMatchObject({ ordersResting: 0, trades: 3 });
  });
});

// It waited for the exchange to come back, whatever signal it was sent.
test("trading-session.ts ends at a signal also while the exchange is away", async () => {
  await withTrader(async (key, start) => {
    const exchange = await start(0);
    const session = await buyingAt(exchange, key);
    await exchange.stop();
    session.child.kill("SIGINT");
    const { status, output } = await session.ended();
    expect(status).toBe(0);
    expect(output).toMatch(/the exchange is away .*\nended with [0-9]+ lots bought\n$/);
  });
});

const PORT_WANTED = "port NaN is not an integer from 1 to 65535";
const failing: [words: string, status: 1 | 2, line: string][] = [
  ["market-maker.ts 1", 1, "can't connect to 127.0.0.1:1: nothing listens there"],
  ["market-maker.ts abc", 2, PORT_WANTED],
  ["trading-session.ts", 2, "usage: npm run example examples/trading-session.ts KEY PORT[,PORT...] [lots]"],
  ["trading-session.ts no.key 1", 1, "cannot read no.key: no such file or directory (ENOENT)"],
  [
    "feed-handler.ts 29999",
    2,
    "usage: npm run example examples/feed-handler.ts ticks|levels [host] [port] [messages] [symbols]",
  ],
  ["feed-handler.ts ticks localhost abc", 2, PORT_WANTED],
  ["feed-handler.ts levels localhost abc", 2, PORT_WANTED],
  // The port that somebody gave alone was taken for a host.
  ["recorder.ts 9876", 2, "usage: npm run example examples/recorder.ts [host] [port] [seconds] [directory]"],
  [
    "recorder.ts localhost abc",
    2,
    "usage: npm run example examples/recorder.ts [host] [port] [seconds] [directory]",
  ],
  ["tape-publisher.ts localhost 1", 1, "can't connect to the tape at localhost:1: nothing listens there"],
  [
    "tape-publisher.ts localhost 1 readings many",
    2,
    "usage: npm run example examples/tape-publisher.ts [host] [port] [topic] [readings]",
  ],
  ["tape-subscriber.ts localhost abc", 2, PORT_WANTED],
  [
    "counter.ts package.json",
    1,
    "data directory: cannot use the directory package.json: it is not a directory (ENOTDIR)",
  ],
  [
    "counter.ts --nope",
    2,
    "usage: npm run example -- examples/counter.ts [directory] [--keys FILE --own-key FILE --replication-port N [--replica-of PORT]]",
  ],
];

// Stack traces, or the line on standard output.
test.each(failing)("%s ends with %i and one line on standard error", async (words, status, line) => {
  const [file, ...args] = words.split(" ");
  expect(await new Example(file, ...args).ended()).toEqual({ status, output: "", errors: `${line}\n` });
});
