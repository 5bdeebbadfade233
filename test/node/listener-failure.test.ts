// A node whose order port fails: it ends in order, what is in flight answered, and says why.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { configurationOf, createLog, startNode } from "../../src/node/index.ts";
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
