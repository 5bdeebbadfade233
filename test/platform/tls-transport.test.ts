// The transport over TLS, over real sockets: what differs from plain TCP behind the same interface must not show.

import { once } from "node:events";
import { type AddressInfo, connect as connectPlain, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, expect, test, vi } from "vitest";
import type { AddressLimits, Listener, TransportHandler } from "../../src/base/index.ts";
import { createServerOf, NetTransport } from "../../src/platform/index.ts";
import { TLS } from "../support/tls.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const SENT = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => i % 251));

async function listen(
  connectionsMax = 8,
  handling: Partial<TransportHandler> = {},
  handshakes?: AddressLimits,
) {
  const transport = new NetTransport({ connectionsMax, ...(handshakes && { handshakes }) });
  const calls: string[] = [];
  const received: Buffer[] = [];
  const handler: TransportHandler = {
    opened: () => void calls.push("opened"),
    received: (_connection, bytes) => void received.push(Buffer.from(bytes)),
    drained: () => void calls.push("drained"),
    ended: () => void calls.push("ended"),
    closed: () => void calls.push("closed"),
    ...handling,
  };
  const listener: Listener = await transport.listen({ host: "127.0.0.1", port: 0, tls: TLS }, handler);
  cleanups.push(() => {
    void listener.close();
    transport.destroyAll();
  });
  return { transport, listener, calls, received };
}

async function open(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<TLSSocket> {
  const peer = connect({ host: "127.0.0.1", port, ca: TLS.cert, ...options });
  peer.on("error", () => {});
  cleanups.push(() => peer.destroy());
  await once(peer, "secureConnect");
  return peer;
}

test("a peer that sends everything and ends its side gets all its answers and then the end", async () => {
  let number = -1;
  const { transport, listener, received } = await listen(8, {
    opened: (connection) => {
      number = connection;
    },
    ended: (connection) => {
      transport.send(connection, SENT, 0, SENT.length);
      transport.close(connection);
    },
  });
  const peer = await open(listener.port, { allowHalfOpen: true });
  const pieces: Buffer[] = [];
  peer.on("data", (piece: Buffer) => pieces.push(piece));
  peer.end(SENT);
  await once(peer, "end");
  expect(number).toBeGreaterThanOrEqual(0);
  expect(Buffer.concat(received).equals(SENT)).toBe(true);
  expect(Buffer.concat(pieces).equals(SENT)).toBe(true);
});

test("a send is held until the peer reads, and its memory is free only then", async () => {
  let number = -1;
  const { transport, listener, calls } = await listen(8, {
    opened: (connection) => {
      number = connection;
    },
  });
  const peer = await open(listener.port);
  peer.pause();
  while (number < 0) await nextTurn();
  let sent = 0;
  for (let quiet = 0; quiet < 50; quiet++) {
    const before = calls.length;
    expect(transport.send(number, SENT, 0, SENT.length)).toBe(false);
    sent++;
    // What the kernel takes at once is gone soon; the first send that is not shows that the peer's buffers are full.
    for (let turn = 0; turn < 200 && calls.length === before; turn++) await nextTurn();
    if (calls.length === before) break;
  }
  const drained = calls.length;
  let got = 0;
  peer.on("data", (piece: Buffer) => {
    expect(piece.every((byte, i) => byte === ((got + i) % SENT.length) % 251)).toBe(true);
    got += piece.length;
  });
  peer.resume();
  while (calls.length === drained) await nextTurn();
  transport.close(number);
  await once(peer, "end");
  expect(got).toBe(sent * SENT.length);
});

test("a paused connection receives nothing, not even the end; resumed, everything in order", async () => {
  const numbers: number[] = [];
  let isPausing = true;
  const pieces: Buffer[] = [];
  const { transport, listener, calls } = await listen(8, {
    opened: (connection) => void numbers.push(connection),
    received: (connection, bytes) => {
      pieces.push(Buffer.from(bytes));
      if (isPausing) transport.pause(connection);
    },
  });
  const peer = await open(listener.port);
  peer.end(SENT);
  while (pieces.length === 0) await nextTurn();
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  expect(pieces).toHaveLength(1);
  expect(calls).toEqual([]);
  isPausing = false;
  transport.resume(numbers[0]);
  while (!calls.includes("ended")) await nextTurn();
  expect(Buffer.concat(pieces).equals(SENT)).toBe(true);
});

test("who speaks no TLS is gone, has had a slot meanwhile, and the handler never hears of it", async () => {
  const { transport, listener, calls } = await listen(1);
  const stranger = connectPlain({ host: "127.0.0.1", port: listener.port });
  stranger.on("error", () => {});
  await once(stranger, "connect");
  while (transport.open < 1) await nextTurn();
  stranger.write("GET / HTTP/1.0\r\n\r\n");
  stranger.resume();
  await once(stranger, "close");
  while (transport.open > 0) await nextTurn();
  expect(transport.refused).toBe(1);
  expect(calls).toEqual([]);
  for (let peer: TLSSocket | undefined; peer === undefined; )
    peer = await open(listener.port).catch(() => undefined);
  while (!calls.includes("opened")) await nextTurn();
});

test("a peer that breaks off in the middle of the handshake gives its slot back", async () => {
  const { transport, listener, calls } = await listen(4);
  const stranger = connectPlain({ host: "127.0.0.1", port: listener.port });
  await once(stranger, "connect");
  while (transport.open < 1) await nextTurn();
  stranger.resetAndDestroy();
  while (transport.open > 0) await nextTurn();
  expect(calls).toEqual([]);
});

test("an address that begins handshakes and finishes none has a few of the slots; its others, and those of others, are left alone", async () => {
  const { transport, listener, calls } = await listen(8, {}, { connections: 1, ownConnections: 2 });
  await open(listener.port);
  const stalled = [0, 1, 2].map(() => connectPlain(listener.port, "127.0.0.1"));
  for (const socket of stalled) cleanups.push(() => socket.destroy());
  await once(
    stalled[2].resume().on("error", () => {}),
    "close",
  );
  expect([transport.refused, transport.open]).toEqual([1, 3]);
  stalled[0].resetAndDestroy();
  while (transport.open > 2) await nextTurn();
  await open(listener.port);
  // A peer's handshake is over before its server's is.
  while (calls.length < 2) await nextTurn();
  await open(listener.port);
  while (calls.length < 3) await nextTurn();
  expect(calls).toEqual(["opened", "opened", "opened"]);
  expect(transport.open).toBe(4);
});

test("of a server that bounds its peers by itself the 65th handshake ends the oldest, and no session that stands", async () => {
  const standing: Socket[] = [];
  const server = createServerOf(TLS, (socket) => {
    standing.push(socket.on("error", () => {}));
    socket.pipe(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const session = await open(port);
  const silent: Socket[] = [];
  const closed: number[] = [];
  for (let i = 0; i < 65; i++) {
    const peer = connectPlain({ host: "127.0.0.1", port });
    cleanups.push(() => peer.destroy());
    peer.on("error", () => {}).on("close", () => closed.push(i));
    peer.resume();
    silent.push(peer);
    await once(peer, "connect");
  }
  while (closed.length === 0) await nextTurn();
  session.write("x");
  const [echo] = await once(session, "data");
  expect(String(echo)).toBe("x");
  expect(closed).toEqual([0]);
  for (const socket of standing) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
