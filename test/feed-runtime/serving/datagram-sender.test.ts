import { createSocket, Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import { SeriatimError } from "../../../src/base/index.ts";
import { DatagramSender } from "../../../src/feed-runtime/index.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function receiver(group?: string): Promise<{ socket: Socket; port: number; received: Buffer[] }> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  const received: Buffer[] = [];
  socket.on("message", (bytes) => received.push(bytes));
  socket.bind(0, group === undefined ? "127.0.0.1" : "0.0.0.0");
  await once(socket, "listening");
  closing.push(() => socket.close());
  if (group !== undefined) socket.addMembership(group, "127.0.0.1");
  return { socket, port: socket.address().port, received };
}

async function sender(host: string, port: number, options = {}): Promise<DatagramSender> {
  const opened = await DatagramSender.open({ host, port }, options);
  closing.push(() => opened.close());
  return opened;
}

test("each call is one datagram of exactly these bytes, and the memory is free at once", async () => {
  const { socket, port, received } = await receiver();
  const out = await sender("127.0.0.1", port);
  const bytes = new Uint8Array(100);
  for (let i = 1; i <= 50; i++) {
    bytes.fill(i);
    out.send(bytes, 10, 10 + i);
  }
  while (received.length < 50) await once(socket, "message");
  expect(received.map((datagram) => [...new Set(datagram)].concat(datagram.length))).toEqual(
    Array.from({ length: 50 }, (_, i) => [i + 1, i + 1]),
  );
  expect([out.sent, out.errors]).toEqual([50, 0]);
});

// What the kernel has no room for stays with libuv by reference: the history, and the one buffer of version 1, went on under it.
test.each<[string, Uint8Array]>([
  ["of a typed array", new Uint8Array(100)],
  ["of a Buffer", Buffer.alloc(100)],
])("a datagram %s that the kernel takes later has the bytes of its call", async (_, bytes) => {
  const out = await sender("127.0.0.1", 9);
  const held: Uint8Array[] = [];
  const refusing = vi
    .spyOn(Socket.prototype, "send")
    .mockImplementation((piece) => void held.push(piece as Uint8Array));
  const waiting = vi.spyOn(Socket.prototype, "getSendQueueSize");
  closing.push(
    () => refusing.mockRestore(),
    () => waiting.mockRestore(),
  );
  for (let i = 1; i <= 20; i++) {
    bytes.fill(i);
    waiting.mockReturnValue(10 * (i - 1));
    out.send(bytes, 10, 10 + i);
  }
  bytes.fill(0);
  expect(held.map((piece) => [...piece])).toEqual(
    Array.from({ length: 20 }, (_, i) => Array(i + 1).fill(i + 1)),
  );
});

test("what waits for the kernel is bounded, and what finds no room is lost and counted", async () => {
  const out = await sender("127.0.0.1", 9);
  const given = vi.spyOn(Socket.prototype, "send").mockImplementation(() => {});
  const waiting = vi.spyOn(Socket.prototype, "getSendQueueSize");
  closing.push(
    () => given.mockRestore(),
    () => waiting.mockRestore(),
  );
  for (const bytes of [0, 262_144, 262_145, 1_000_000, 100]) {
    waiting.mockReturnValue(bytes);
    out.send(new Uint8Array(8), 0, 8);
  }
  expect([given.mock.calls.length, out.sent, out.errors]).toEqual([3, 3, 2]);
});

test("where nobody listens the loss is counted and told once, and a listener that comes later is heard", async () => {
  const { socket, port } = await receiver();
  closing.pop();
  socket.close();
  await once(socket, "close");
  const told: string[] = [];
  const out = await sender("127.0.0.1", port, { onError: (e: SeriatimError) => told.push(e.message) });
  while (out.errors < 3) {
    out.send(new Uint8Array(8), 0, 8);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(told).toEqual([`datagrams to 127.0.0.1:${port} are lost: nothing listens there`]);
  const late = createSocket("udp4").bind(port, "127.0.0.1");
  await once(late, "listening");
  closing.push(() => late.close());
  const heard = once(late, "message");
  out.send(new Uint8Array([1]), 0, 1);
  out.send(new Uint8Array([1]), 0, 1);
  expect([...((await heard)[0] as Buffer)]).toEqual([1]);
});

test("a group is sent to by the interface that is named", async ({ skip }) => {
  skip(networkInterfaces().lo === undefined, "this machine has no loopback interface of that name");
  const group = "239.77.1.1";
  const { socket, port } = await receiver(group);
  const out = await sender(group, port, { interface: "127.0.0.1" });
  const heard = once(socket, "message");
  out.send(new Uint8Array([7, 7]), 0, 2);
  expect([...((await heard)[0] as Buffer)]).toEqual([7, 7]);
  expect(out.errors).toBe(0);
});

test.each([
  [
    "a host that is none",
    "no-such-host.invalid",
    {},
    /^datagrams can't be sent to no-such-host\.invalid:9: /,
  ],
  [
    "an interface that is not this machine's",
    "239.77.1.2",
    { interface: "198.51.100.7" },
    /^multicast can't leave by 198\.51\.100\.7: it is no address of this machine$/,
  ],
])("%s is refused in one line", async (_, host, options, line) => {
  const error = await DatagramSender.open({ host, port: 9 }, options).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(SeriatimError);
  expect((error as SeriatimError).message).toMatch(line);
});

test("what is sent after the end goes nowhere", async () => {
  const out = await sender("127.0.0.1", 9);
  out.close();
  out.close();
  out.send(new Uint8Array(1), 0, 1);
  expect([out.sent, out.errors]).toEqual([0, 0]);
});
