// SIGTERM, as a supervisor gives it: a node ends in order within 5 s, whatever its peers do.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { killNodes, NodeProcess } from "../crash/node-process.ts";
import { concat, heartbeat, order } from "../gateway/support.ts";

/** What a supervisor waits before it kills. */
const STOP_ms = 5_000;

const folder = mkdtempSync(join(tmpdir(), "seriatim-stop-"));
const peers: Socket[] = [];
afterEach(() => {
  for (const peer of peers.splice(0)) peer.destroy();
  killNodes();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function open(port: number): Promise<Socket> {
  const peer = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  peer.on("error", () => {});
  peers.push(peer);
  await once(peer, "connect");
  return peer;
}

test("with 1,000 connections, some of which never read, a node that gets SIGTERM exits with 0 in time", async () => {
  const node = await NodeProcess.start([
    ...["--data-dir", join(folder, "data"), "--segment-bytes", "2097152", "--orders-max", "1000"],
    ...["--connections-max", "1010", "--simulate", "100"],
  ]);
  // Of these nobody ends his side when the node ends its own.
  const idle = await Promise.all(Array.from({ length: 990 }, () => open(node.orderPort)));
  for (const peer of idle) peer.pause();
  const flood = concat(...Array.from({ length: 20_000 }, (_, id) => heartbeat(id)));
  const deaf = await Promise.all(Array.from({ length: 10 }, () => open(node.orderPort)));
  for (const peer of deaf) {
    peer.pause();
    for (let i = 0; i < 20; i++) peer.write(flood);
  }
  const trader = idle[0].resume();
  trader.write(order(1));
  await once(trader, "data");
  const ended = node.ended();
  node.signal("SIGTERM");
  const late = new Promise((resolve) => setTimeout(resolve, STOP_ms, "late").unref());
  expect(await Promise.race([ended, late])).toBe(0);
});
