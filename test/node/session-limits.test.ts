// Limits of sessions with a logon against a whole node, with real keys over real sockets: what the session is told, and what
// metrics and log say of it.

import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Configuration } from "../../src/node/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { type KeyEntry, type KeyLimits, Reason } from "../../src/protocol/index.ts";
import { KeyRing } from "../../src/runtime/index.ts";
import { order } from "../gateway/support.ts";
import { keyOf, TestSession, traders } from "./session-client.ts";

const { pairs, entries } = traders();
const ANN = keyOf(pairs, "ann");
const BOB = keyOf(pairs, "bob");

let node: RunningNode | undefined;
const cleanups: (() => void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  await node?.stop();
});

/** Ann's key has `limits`. */
async function start(some: Partial<Configuration>, limits: KeyLimits = {}) {
  const lines: string[] = [];
  const log = createLog({ level: "info", human: false, write: (line) => lines.push(line) });
  const keys = entries.map((entry): KeyEntry => (entry.name === "ann" ? { ...entry, limits } : entry));
  const loaded = configurationOf({
    orderPort: 0,
    httpPort: 0,
    durability: "off",
    threads: "single",
    ...some,
  });
  const started = await startNode(loaded, log, { keys: new KeyRing(keys) });
  node = started;
  return {
    port: started.orderPort,
    open: async (key: typeof ANN, account: number, instance = 0): Promise<TestSession> => {
      const session = await TestSession.open({ port: started.orderPort, key, account, instance });
      cleanups.push(() => session.pipe.destroy());
      return session;
    },
    metric: async (name: string): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${started.httpPort}/metrics`)).text();
      return Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${name} `))
          ?.split(" ")[1],
      );
    },
    reasons: () => lines.map((line) => JSON.parse(line).reason).filter((reason) => reason !== undefined),
  };
}

const closed = (reason: string) => `seriatim_connections_closed_total{reason="${reason}"}`;

test("who does not log on in time is closed, where everybody must, whatever else is sent; who has stays", async () => {
  const exchange = await start({ openOrderEntry: "off", logonTimeout: 1_500 });
  const ann = await exchange.open(ANN, 1);
  const stranger = connect({ host: "127.0.0.1", port: exchange.port });
  cleanups.push(() => stranger.destroy());
  stranger.resume();
  stranger.write(order(1));
  await once(stranger, "end");
  expect(exchange.reasons()).toEqual(["LogonTimeout"]);
  expect(await exchange.metric(closed("LogonTimeout"))).toBe(1);
  ann.order(1, "buy", 100);
  await ann.until(() => ann.reports.length === 1);
});

test("logons beyond the rate are refused, with the right key too, and counted", async () => {
  const exchange = await start({ logonsPerAddress: 1 });
  const opened = await Promise.allSettled([1, 2, 3, 4, 5].map((instance) => exchange.open(ANN, 1, instance)));
  const refusals = opened.flatMap((one) => (one.status === "rejected" ? [one.reason.reason] : []));
  expect(opened[0].status).toBe("fulfilled");
  // On a slow machine a second may pass meanwhile.
  expect(refusals.length).toBeGreaterThanOrEqual(1);
  expect(new Set(refusals)).toEqual(new Set([Reason.Throttled]));
  expect(await exchange.metric('seriatim_throttled_total{kind="logon"}')).toBe(refusals.length);
  expect(exchange.reasons()).toEqual(refusals.map(() => "LogonRefused"));
});

test("a session over its key's rate is refused and goes on, and can still cancel", async () => {
  const exchange = await start({}, { frames_per_second: 1 });
  const [ann, bob] = [await exchange.open(ANN, 1), await exchange.open(BOB, 5)];
  for (let id = 1; id <= 5; id++)
    ann.pipe.submit(id, { id: BigInt(id), symbol: 0, side: "buy", price: 100, quantity: 1 });
  ann.pipe.cancel(6, { id: 1n, symbol: 0 });
  ann.pipe.flush();
  for (let id = 1; id <= 5; id++) bob.order(id, "buy", 100);
  await ann.until(() => ann.reports.length === 2);
  await bob.until(() => bob.reports.length === 5);
  expect(ann.said).toEqual([2, 3, 4, 5].map((id) => `refused ${id} Throttled`));
  expect(ann.told.at(-1)).toBe("2 Cancelled 1 leaves 0");
  expect(bob.said).toEqual([]);
  expect(await exchange.metric('seriatim_throttled_total{kind="session_orders"}')).toBe(4);
  expect(exchange.reasons()).toEqual([]);
});

test("the sessions of an account share its rate", async () => {
  const exchange = await start({ accountFramesPerSecond: 1 });
  const sessions = [await exchange.open(ANN, 1, 1), await exchange.open(ANN, 1, 2)];
  sessions[0].order(1, "buy", 100);
  await sessions[0].until(() => sessions[0].reports.length === 1);
  for (let id = 2; id <= 4; id++) sessions[1].order(id, "buy", 100);
  await sessions[1].until(() => sessions[1].said.length >= 2);
  expect(new Set(sessions[1].said.map((text) => text.split(" ").at(-1)))).toEqual(new Set(["Throttled"]));
  expect(sessions[0].said).toEqual([]);
});

test("a key has as many sessions as it says, and room for another when one is over", async () => {
  const exchange = await start({}, { connections: 2 });
  const [first] = [await exchange.open(ANN, 1, 1), await exchange.open(ANN, 1, 2)];
  await expect(exchange.open(ANN, 1, 3)).rejects.toMatchObject({ reason: Reason.Throttled });
  await exchange.open(BOB, 1, 3);
  await first.pipe.logout();
  await exchange.open(ANN, 1, 3);
});

test("lists beyond their rate are refused", async () => {
  const exchange = await start({ queriesPerSecond: 1 });
  const ann = await exchange.open(ANN, 1);
  ann.pipe.openOrders(1, {});
  ann.pipe.openOrders(2, {});
  ann.pipe.flush();
  await ann.until(() => ann.said.length === 2);
  expect([...ann.said].sort()).toEqual(["0 open", "refused 2 Throttled"]);
});
