// A node whose order port fails: it ends in order, what is in flight answered, and says why.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { TransportHandler } from "../../src/base/index.ts";
import { configurationOf, createLog, startNode } from "../../src/node/index.ts";
import { marketFeedOptions } from "../../src/node/market-data-settings.ts";
import { listenForOrders } from "../../src/node/order-listeners.ts";
import { type NetListenAddress, NetTransport } from "../../src/platform/index.ts";
import { describeStream, order } from "../gateway/support.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-listener-"));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

test("a node whose order port fails serves who is there, then ends in order with the reason", async () => {
  const settings = {
    ...{
      dataDir: join(folder, "data"),
      orderPort: 0,
      httpPort: 0,
      segmentBytes: 4_194_304,
      ordersMax: 1_000,
    },
    threads: "single" as const,
  };
  const lines: string[] = [];
  const log = createLog({ level: "error", human: false, write: (line) => lines.push(line) });
  const servers: Server[] = [];
  const { listen } = Server.prototype;
  vi.spyOn(Server.prototype, "listen").mockImplementation(function (this: Server, ...args: unknown[]) {
    servers.push(this);
    return listen.apply(this, args as Parameters<typeof listen>);
  });
  const node = await startNode(configurationOf(settings), log);
  const open = async () => {
    const peer = connect({ host: "127.0.0.1", port: node.orderPort });
    peer.on("error", () => {});
    await once(peer, "connect");
    return peer;
  };
  const trade = async (peer: Awaited<ReturnType<typeof open>>, id: number) => {
    peer.write(order(id));
    const [answer] = await once(peer, "data");
    expect(describeStream(answer as Buffer)).toEqual([`Ack ${id}`]);
  };
  const peer = await open();
  await trade(peer, 1);
  const server = servers.find((one) => one.listening && portOf(one) === node.orderPort);
  server?.emit("error", Object.assign(new Error("bad file descriptor"), { code: "EBADF" }));
  const error = await node.failed;
  expect(error.message).toBe(`listening on 127.0.0.1:${node.orderPort} failed: bad file descriptor`);
  await trade(peer, 2);
  await expect(node.stop()).rejects.toBe(error);
  expect(lines.join()).toContain(error.message);
});

// Between the look whether it is free and the listening another process may take a port: the words are the same.
test("an order port, a market-data port and one of ticks/1 that are taken are said by their settings", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const port = portOf(other);
  const { configuration } = configurationOf({});
  const { tcp, ticks } =
    marketFeedOptions({ ...configuration, mdPort: port, feedPort: port }, undefined) ?? {};
  const transport = new NetTransport({ connectionsMax: 1 });
  const where = { host: "127.0.0.1", port, tls: undefined };
  const refusals = [
    listenForOrders(transport, {} as TransportHandler, where),
    ...[tcp, ticks].map((address) => transport.listen(address as NetListenAddress, {} as TransportHandler)),
  ].map((listening) => listening.catch((error: Error) => error.message));
  expect(await Promise.all(refusals)).toEqual(
    ["order-port", "md-port", "feed-port"].map((setting) => `${setting} ${port} on 127.0.0.1 is in use`),
  );
  other.close();
});
