// A socket as a session's output: what was written arrives as it was, also when the peer reads late.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SocketOutput } from "../../src/runtime/replication/socket-session.ts";

const MESSAGE_BYTES = 64 * 1024;
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

const server = createServer({ pauseOnConnect: true });
let client: Socket;
let peer: Socket;
beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  const accepted = once(server, "connection");
  client = connect(address.port, "127.0.0.1");
  [peer] = (await accepted) as [Socket];
  await (client.connecting ? once(client, "connect") : undefined);
});
afterEach(() => {
  client.destroy();
  peer.destroy();
  server.close();
});

test("a peer that reads late gets every message as it was written, whatever was lent for the next ones", async () => {
  const output = new SocketOutput(client);
  const lent = new Uint8Array(MESSAGE_BYTES);
  let messages = 0;
  const write = (): void => {
    output.write(lent.fill(++messages));
  };
  // Some are taken at once, the last waits: one more in the same turn, and the words of those come when it still does.
  while (client.writableLength === 0) write();
  write();
  await nextTurn();
  const waiting = messages;
  for (let i = 0; i < 4; i++) write();
  const all: Buffer[] = [];
  peer.on("data", (bytes: Buffer) => all.push(bytes));
  peer.resume();
  client.end();
  await once(peer, "end");
  const bytes = Buffer.concat(all);
  const wrong: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const message = Math.floor(at / MESSAGE_BYTES) + 1;
    if (bytes[at] !== (message & 0xff)) wrong.push(message);
  }
  expect(waiting).toBeGreaterThan(1);
  expect([bytes.length, [...new Set(wrong)]]).toEqual([messages * MESSAGE_BYTES, []]);
});

test("no more is wanted when 4 MiB wait for the peer, and more again when it has taken them", async () => {
  const output = new SocketOutput(client);
  const lent = new Uint8Array(MESSAGE_BYTES);
  for (let messages = 0; messages < 2_000 && output.hasRoom; messages++) output.write(lent);
  expect(client.writableLength).toBeGreaterThanOrEqual(WAITING_BYTES_MAX);
  expect(client.writableLength).toBeLessThan(WAITING_BYTES_MAX + MESSAGE_BYTES);
  const drained = once(client, "drain");
  peer.resume();
  await drained;
  expect(output.hasRoom).toBe(true);
});
