// A whole node, and peers that meet its limits: the reason is read where an operator reads it, in metrics and log.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Clock } from "../../src/base/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import { SystemClock } from "../../src/platform/index.ts";
import { Reason } from "../../src/protocol/index.ts";
import { concat, describeStream, hello, order } from "../gateway/support.ts";

const running: { node: RunningNode; peers: Socket[] }[] = [];
afterEach(async () => {
  for (const { node, peers } of running.splice(0)) {
    for (const peer of peers) peer.destroy();
    await node.stop();
  }
});

/** The machine's clock, and what a test lets pass beside it. */
class HastyClock implements Clock {
  ahead_us = 0;
  readonly #clock = new SystemClock();

  wallMicros(): number {
    return this.#clock.wallMicros();
  }

  monotonicMicros(): number {
    return this.#clock.monotonicMicros() + this.ahead_us;
  }
}

async function startExchange(some: Partial<Configuration>) {
  const lines: string[] = [];
  const log = createLog({ level: "info", human: false, write: (line) => lines.push(line) });
  const clock = new HastyClock();
  const loaded = configurationOf({
    orderPort: 0,
    httpPort: 0,
    durability: "off",
    threads: "single",
    ...some,
  });
  const node = await startNode(loaded, log, { clock });
  const peers: Socket[] = [];
  running.push({ node, peers });
  return {
    clock,
    open: async (): Promise<{ peer: Socket; answers: Promise<string[]> }> => {
      const peer = connect({ host: "127.0.0.1", port: node.orderPort });
      peers.push(peer);
      const pieces: Buffer[] = [];
      peer.on("data", (piece: Buffer) => pieces.push(piece));
      const answers = once(peer, "end").then(() => describeStream(concat(...pieces)));
      await once(peer, "connect");
      return { peer, answers };
    },
    openHttp: async (): Promise<Socket> => {
      const peer = connect({ host: "127.0.0.1", port: node.httpPort });
      peers.push(peer);
      peer.on("error", () => {}).resume();
      await once(peer, "connect");
      return peer;
    },
    metric: async (name: string): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${node.httpPort}/metrics`)).text();
      return Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${name} `))
          ?.split(" ")[1],
      );
    },
    /** Lines of connections that ended. */
    ends: () =>
      lines.map((line) => JSON.parse(line)).filter(({ msg }) => String(msg).startsWith("a connection ends")),
  };
}

/** Lets time pass, in steps that the gateway's clock takes whole, until `end`; it may be slow, so a step may be lost. */
async function passUntil(clock: HastyClock, end: Promise<unknown>): Promise<void> {
  let isOver = false;
  void end.then(() => {
    isOver = true;
  });
  while (!isOver) {
    clock.ahead_us += 850_000;
    await new Promise((resolve) => setTimeout(resolve, 110));
  }
}

const closed = (reason: string) => `seriatim_connections_closed_total{reason="${reason}"}`;

test("too many connections of one address: the next one is closed, and the log says of where", async () => {
  const exchange = await startExchange({ connectionsPerAddress: 1 });
  await exchange.open();
  const next = await exchange.open();
  expect(await next.answers).toEqual([]);
  expect(await exchange.metric(closed("AddressFull"))).toBe(1);
  expect(exchange.ends()).toMatchObject([{ level: "info", reason: "AddressFull", address: "127.0.0.1" }]);
});

test("too many HTTP connections of one address: the next one is closed and counted, whatever it asks", async () => {
  const exchange = await startExchange({ connectionsPerAddress: 2 });
  const held = [await exchange.openHttp(), await exchange.openHttp()];
  const third = await exchange.openHttp();
  await once(third, "close");
  held[0].destroy();
  const refused = () => exchange.metric('seriatim_http_refused_total{reason="Address"}').catch(() => 0);
  let count = await refused();
  for (; count === 0; count = await refused()) await new Promise((resolve) => setTimeout(resolve, 5));
  // A look at the metrics may have come before the place was free.
  expect(count).toBeGreaterThanOrEqual(1);
});

test("a frame that is not finished and a silence that is too long end their connections, as metrics and log say", async () => {
  const exchange = await startExchange({ frameTimeout: 2_000, idleTimeout: 4_000 });
  const [slow, silent] = [await exchange.open(), await exchange.open()];
  slow.peer.write(concat(hello(7), order(0).subarray(0, 20)));
  await passUntil(exchange.clock, Promise.all([slow.answers, silent.answers]));
  expect(await slow.answers).toEqual(["HelloAck 7"]);
  expect(await silent.answers).toEqual([]);
  expect([await exchange.metric(closed("FrameTimeout")), await exchange.metric(closed("Idle"))]).toEqual([
    1, 1,
  ]);
  expect(exchange.ends()).toMatchObject([
    { level: "info", reason: "FrameTimeout", address: "127.0.0.1", account: 7 },
    { level: "info", reason: "Idle", account: 0 },
  ]);
});

test("orders over the rate are refused and counted, and nothing is closed or logged for it", async () => {
  const exchange = await startExchange({ openFramesPerSecond: 5, maxQuantity: 1_000 });
  const { peer, answers } = await exchange.open();
  const before = await exchange.metric("seriatim_position");
  peer.end(concat(...Array.from({ length: 8 }, (_, id) => order(id))));
  const refused = [5, 6, 7].map((id) => `Reject ${id} ${Reason.Throttled}`);
  expect((await answers).filter((word) => word.endsWith(` ${Reason.Throttled}`))).toEqual(refused);
  expect(await exchange.metric('seriatim_throttled_total{kind="session_orders"}')).toBe(3);
  expect(await exchange.metric("seriatim_position")).toBe(before + 5);
  expect(exchange.ends()).toEqual([]);
});
