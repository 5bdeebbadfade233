// What comes of a listener at the cap, when its port is taken, and when it fails; over real sockets.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import type { Listener, TransportHandler } from "../../src/base/index.ts";
import { NetTransport } from "../../src/platform/index.ts";
import { isTransient, NetListener } from "../../src/platform/net-listener.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A transport whose handler answers every byte with itself. */
async function listen(connectionsMax: number) {
  const transport = new NetTransport({ connectionsMax });
  const handler: TransportHandler = {
    opened: () => {},
    received: (connection, bytes) => void transport.send(connection, bytes.slice(), 0, bytes.length),
    drained: () => {},
    ended: (connection) => transport.close(connection),
    closed: () => {},
  };
  const listener: Listener = await transport.listen({ host: "127.0.0.1", port: 0 }, handler);
  cleanups.push(() => {
    void listener.close();
    transport.destroyAll();
  });
  return { transport, listener, handler };
}

/** A peer that is connected, or the code of why it is not. */
async function open(port: number): Promise<Socket | string> {
  const peer = connect({ host: "127.0.0.1", port });
  cleanups.push(() => peer.destroy());
  const failed = new Promise<string>((resolve) =>
    peer.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")),
  );
  return Promise.race([once(peer, "connect").then(() => peer), failed]);
}

async function openFor(port: number): Promise<Socket> {
  for (;;) {
    const peer = await open(port);
    if (typeof peer !== "string") return peer;
  }
}

async function echoes(peer: Socket): Promise<void> {
  peer.write("x");
  const [bytes] = await once(peer, "data");
  expect(String(bytes)).toBe("x");
}

test("at the cap nobody is accepted, who is there goes on, and when one leaves the next may come", async () => {
  const { transport, listener } = await listen(2);
  const [first, second] = [await openFor(listener.port), await openFor(listener.port)];
  while (transport.open < 2) await nextTurn();
  expect(await open(listener.port)).toBe("ECONNREFUSED");
  await echoes(first);
  second.end();
  await once(second, "close");
  await echoes(await openFor(listener.port));
  await echoes(first);
  expect(transport.refused).toBe(0);
});

test("two listeners that share their slots let go and take their ports as often as slots come and go", async () => {
  const { transport, listener, handler } = await listen(2);
  const other = await transport.listen({ host: "127.0.0.1", port: 0 }, handler);
  cleanups.push(() => void other.close());
  let failures = 0;
  for (const { failed } of [listener, other]) void failed.then(() => failures++);
  const comeAndGo = async (port: number): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      const peer = await openFor(port);
      peer.destroy();
      if (i % 7 === 0) await nextTurn();
    }
  };
  await Promise.all([listener.port, other.port, listener.port].map(comeAndGo));
  while (transport.open > 0) await nextTurn();
  await echoes(await openFor(listener.port));
  await echoes(await openFor(other.port));
  expect(failures).toBe(0);
});

test("a listener that is full and has room again while its port is still being taken takes it once", async () => {
  const nobody = { accepted: () => {}, arrived: () => {}, secured: () => {}, lost: () => {} };
  const listener = await NetListener.open({ host: "127.0.0.1", port: 0 }, nobody);
  cleanups.push(() => void listener.close());
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  for (let i = 0; i < 3; i++) {
    listener.full();
    listener.room();
  }
  await openFor(listener.port);
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  // Nobody waits for another try: none has found the port in use.
  expect(vi.getTimerCount()).toBe(0);
});

test("a port that another process takes meanwhile is asked for again until it is given back", async () => {
  const { transport, listener } = await listen(1);
  const first = await openFor(listener.port);
  while (transport.open < 1) await nextTurn();
  const thief = createServer();
  await once(thief.listen(listener.port, "127.0.0.1"), "listening");
  first.end();
  await once(first, "close");
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  await new Promise((resolve) => thief.close(resolve));
  await echoes(await openFor(listener.port));
});

test("a port that stays taken is given up after fifty tries, and the reason is one line", async () => {
  const { transport, listener } = await listen(1);
  const first = await openFor(listener.port);
  while (transport.open < 1) await nextTurn();
  const thief = createServer();
  cleanups.push(() => thief.close());
  await once(thief.listen(listener.port, "127.0.0.1"), "listening");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let failure: string | undefined;
  void listener.failed.then((error) => {
    failure = error.message;
  });
  first.end();
  let waits = 0;
  while (failure === undefined) {
    await nextTurn();
    if (vi.getTimerCount() === 0) continue;
    vi.advanceTimersToNextTimer();
    waits++;
  }
  expect(failure).toBe(`127.0.0.1:${listener.port} is in use`);
  expect(waits).toBeGreaterThanOrEqual(49);
});

test("an accept that fails for want of descriptors is survived, an error of the listener itself is not", async () => {
  const servers: Server[] = [];
  const { listen: original } = Server.prototype;
  vi.spyOn(Server.prototype, "listen").mockImplementation(function (this: Server, ...args: unknown[]) {
    servers.push(this);
    return original.apply(this, args as Parameters<typeof original>);
  });
  const { transport, listener } = await listen(2);
  const fail = (code: string) => servers[0].emit("error", Object.assign(new Error(code), { code }));
  fail("EMFILE");
  fail("ECONNABORTED");
  expect(transport.refused).toBe(2);
  const peer = await openFor(listener.port);
  await echoes(peer);
  fail("EBADF");
  expect(await listener.failed).toMatchObject({
    code: "EBADF",
    message: `listening on 127.0.0.1:${listener.port} failed: EBADF`,
  });
  expect(await open(listener.port)).toBe("ECONNREFUSED");
  await echoes(peer);
});

test.skipIf(process.platform === "win32")(
  "a process that runs out of descriptors loses who comes then, keeps who is there, and accepts again when one leaves",
  async () => {
    const program = fileURLToPath(new URL("./few-descriptors-worker.ts", import.meta.url));
    const command = ["-c", 'ulimit -n 64 && exec "$@"', "sh", process.execPath, program];
    const child = spawn("sh", command, { stdio: ["pipe", "pipe", "inherit"] });
    cleanups.push(() => child.kill("SIGKILL"));
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const port = Number(line.toString());
    const peers: Socket[] = [];
    let lost = 0;
    // Connected by the kernel; then accepted, or closed for want of a descriptor.
    while (lost < 5) {
      const peer = await openFor(port);
      peer.write("x");
      const isThere = await Promise.race([
        once(peer, "data").then(() => true),
        once(peer, "close").then(() => false),
      ]).catch(() => false);
      if (isThere) peers.push(peer);
      else lost++;
    }
    expect(peers.length).toBeGreaterThan(10);
    for (const peer of peers) await echoes(peer);
    for (const peer of peers.splice(0, 5)) {
      peer.end();
      await once(peer, "close");
    }
    await echoes(await openFor(port));
    await echoes(peers[0]);
  },
);

test("what an accept may fail with while others go on is a closed list", () => {
  const codes = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "EPROTO"];
  expect(codes.map(isTransient)).toEqual(codes.map(() => true));
  expect(["EBADF", "EINVAL", "ENOTSOCK", "EADDRINUSE", undefined].map(isTransient)).not.toContain(true);
});
