import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { CloseCause, connectionSlot, type Listener, type TransportHandler } from "../../src/base/index.ts";
import { NetTransport } from "../../src/platform/index.ts";
import { keyOf, parseTcpTables } from "../../src/platform/tcp-queues.ts";

/** Notes every call; a test can act inside `received` and wait for what it expects. */
class NotingHandler implements TransportHandler {
  readonly calls: string[] = [];
  readonly opened_: number[] = [];
  readonly bytes = new Map<number, Buffer>();
  onReceived: (connection: number, bytes: Uint8Array) => void = () => {};
  #waiting: { condition: () => boolean; resolve: () => void }[] = [];

  opened(connection: number): void {
    this.opened_.push(connection);
    this.#note(`opened ${connection}`);
  }
  received(connection: number, bytes: Uint8Array): void {
    this.bytes.set(connection, Buffer.concat([this.bytes.get(connection) ?? Buffer.alloc(0), bytes]));
    this.onReceived(connection, bytes);
    this.#note(`received ${connection}`);
  }
  drained(connection: number): void {
    this.#note(`drained ${connection}`);
  }
  ended(connection: number): void {
    this.#note(`ended ${connection}`);
  }
  closed(connection: number, cause: CloseCause): void {
    this.#note(`closed ${connection} ${cause}`);
  }

  /** How often a call was made. */
  count(call: string): number {
    return this.calls.filter((made) => made === call).length;
  }
  receivedBytes(connection: number): number {
    return this.bytes.get(connection)?.length ?? 0;
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }));
  }

  #note(call: string): void {
    this.calls.push(call);
    const met = this.#waiting.filter(({ condition }) => condition());
    this.#waiting = this.#waiting.filter((waiter) => !met.includes(waiter));
    for (const { resolve } of met) resolve();
  }
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function listen(connectionsMax = 8) {
  const transport = new NetTransport({ connectionsMax });
  const handler = new NotingHandler();
  const listener: Listener = await transport.listen({ host: "127.0.0.1", port: 0 }, handler);
  cleanups.push(() => {
    for (const connection of handler.opened_) transport.destroy(connection);
    void listener.close();
  });
  /** A connected peer and the number the transport gave it. */
  const open = async (options: { allowHalfOpen?: boolean } = {}): Promise<[peer: Socket, number: number]> => {
    const before = handler.opened_.length;
    const peer = connect({ host: "127.0.0.1", port: listener.port, ...options });
    peer.on("error", () => {});
    cleanups.push(() => peer.destroy());
    await handler.until(() => handler.opened_.length > before);
    return [peer, handler.opened_[before]];
  };
  return { transport, handler, listener, open };
}

async function readAll(peer: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  peer.on("data", (piece: Buffer) => pieces.push(piece));
  await once(peer, "end");
  return Buffer.concat(pieces);
}

const text = (words: string) => new TextEncoder().encode(words);

test("bytes go both ways, and a send the kernel takes leaves its memory free at once", async () => {
  const { transport, handler, open } = await listen();
  const [peer, number] = await open();
  peer.write("ping");
  await handler.until(() => handler.receivedBytes(number) === 4);
  expect(handler.bytes.get(number)?.toString()).toBe("ping");
  const memory = text("..pong..");
  expect(transport.send(number, memory, 2, 6)).toBe(true);
  memory.fill(0);
  const [answer] = await once(peer, "data");
  expect(String(answer)).toBe("pong");
});

test("a peer that sends and ends its side gets all its answers and then the end", async () => {
  const { transport, handler, open } = await listen();
  const [peer, number] = await open({ allowHalfOpen: true });
  peer.end("question");
  await handler.until(() => handler.count(`ended ${number}`) === 1);
  expect(handler.bytes.get(number)?.toString()).toBe("question");
  const answer = readAll(peer);
  expect(transport.send(number, text("answer"), 0, 6)).toBe(true);
  transport.close(number);
  expect((await answer).toString()).toBe("answer");
  await handler.until(() => handler.count(`closed ${number} ${CloseCause.Finished}`) === 1);
});

test("closed while unread bytes come in, the peer still reads the last answer before the end", async () => {
  const { transport, handler, open } = await listen();
  const [peer, number] = await open();
  handler.onReceived = () => {
    transport.pause(number);
    transport.send(number, text("last"), 0, 4);
    transport.close(number);
  };
  const answer = readAll(peer);
  peer.write("x");
  for (let i = 0; i < 50; i++) peer.write(Buffer.alloc(10_000));
  expect((await answer).toString()).toBe("last");
  await handler.until(() => handler.count(`closed ${number} ${CloseCause.Finished}`) === 1);
  expect(handler.count(`received ${number}`)).toBe(1);
});

test("a paused connection receives nothing, not even the end; resumed, everything in order", async () => {
  const { transport, handler, open } = await listen();
  const [peer, number] = await open();
  const [other, otherNumber] = await open();
  const sent = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => i % 251));
  handler.onReceived = (connection) => {
    if (connection === number && handler.receivedBytes(number) < sent.length) transport.pause(number);
  };
  peer.end(sent);
  await handler.until(() => handler.receivedBytes(number) > 0);
  const before = handler.receivedBytes(number);
  other.write("still served");
  await handler.until(() => handler.receivedBytes(otherNumber) > 0);
  expect(handler.receivedBytes(number)).toBe(before);
  expect(handler.count(`ended ${number}`)).toBe(0);
  while (handler.receivedBytes(number) < sent.length) {
    const had = handler.receivedBytes(number);
    transport.resume(number);
    await handler.until(() => handler.receivedBytes(number) > had);
  }
  await handler.until(() => handler.count(`ended ${number}`) === 1);
  expect(handler.bytes.get(number)?.equals(sent)).toBe(true);
});

test("an end that comes while nothing else is left to read is not told either before resume", async () => {
  const { transport, handler, open } = await listen();
  const [peer, number] = await open({ allowHalfOpen: true });
  const [other, otherNumber] = await open();
  handler.onReceived = (connection) => transport.pause(connection);
  peer.end("all");
  await handler.until(() => handler.receivedBytes(number) === 3);
  // Another connection's round trip gives the end time to come in.
  other.write("x");
  await handler.until(() => handler.receivedBytes(otherNumber) === 1);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(handler.count(`ended ${number}`)).toBe(0);
  transport.resume(number);
  await handler.until(() => handler.count(`ended ${number}`) === 1);
});

test("a send to a peer that does not read is held, drains when it reads, and holds nobody else up", async () => {
  const { transport, handler, open } = await listen();
  const [peer, number] = await open();
  const [, otherNumber] = await open();
  peer.pause();
  const memory = new Uint8Array(1_000_000).fill(7);
  let sends = 1;
  while (transport.send(number, memory, 0, memory.length)) sends++;
  expect(transport.send(otherNumber, memory, 0, 10)).toBe(true);
  expect(handler.count(`drained ${number}`)).toBe(0);
  let got = 0;
  peer.on("data", (piece: Buffer) => {
    got += piece.length;
  });
  peer.resume();
  await handler.until(() => handler.count(`drained ${number}`) === 1);
  transport.close(number);
  await once(peer, "end");
  expect(got).toBe(sends * memory.length);
});

test("what the kernel takes at once passes by the stream; what it takes in part, and all behind that, comes in order", async () => {
  const { transport, handler, open } = await listen();
  const [peer, number] = await open();
  const streamed = vi.spyOn(Socket.prototype, "write");
  cleanups.push(() => streamed.mockRestore());
  const sent: Buffer[] = [];
  const send = (length: number): boolean => {
    const bytes = Buffer.from(Uint8Array.from({ length }, (_, i) => (sent.length + i) % 251));
    sent.push(bytes);
    return transport.send(number, bytes, 0, length);
  };
  for (let i = 0; i < 10; i++) expect(send(1_000)).toBe(true);
  expect(streamed).not.toHaveBeenCalled();
  expect(send(20_000_000)).toBe(false);
  // The kernel had room for some of it.
  const rest = streamed.mock.calls.map(([bytes]) => (bytes as Uint8Array).length);
  expect(rest).toHaveLength(1);
  expect(rest[0]).toBeLessThan(20_000_000);
  const answer = readAll(peer);
  await handler.until(() => handler.count(`drained ${number}`) === 1);
  for (let i = 0; i < 10; i++) expect(send(1_000)).toBe(true);
  transport.close(number);
  expect((await answer).equals(Buffer.concat(sent))).toBe(true);
});

test("destroyed while a send is held, only closed is called, once, and the number means nothing any more", async () => {
  const { transport, handler, open } = await listen();
  const [peer, number] = await open();
  peer.pause();
  const memory = new Uint8Array(1_000_000);
  while (transport.send(number, memory, 0, memory.length));
  peer.write("late");
  transport.destroy(number);
  const calls = handler.calls.length;
  await handler.until(() => handler.count(`closed ${number} ${CloseCause.Finished}`) === 1);
  expect(handler.calls.length).toBe(calls + 1);
  expect(transport.send(number, memory, 0, 1)).toBe(true);
  transport.close(number);
  transport.destroy(number);
  transport.pause(number);
  transport.resume(number);
});

test("a successor in the same slot has another number, and late calls for the first do not reach it", async () => {
  const { transport, handler, open } = await listen(1);
  const [first, number] = await open();
  first.resetAndDestroy();
  await handler.until(() => handler.calls.some((call) => call.startsWith(`closed ${number}`)));
  const [second, successor] = await open();
  expect(connectionSlot(successor)).toBe(connectionSlot(number));
  expect(successor).not.toBe(number);
  transport.send(number, text("stale"), 0, 5);
  transport.destroy(number);
  transport.send(successor, text("fresh"), 0, 5);
  const [answer] = await once(second, "data");
  expect(String(answer)).toBe("fresh");
});

test("a reset peer is closed as broken", async () => {
  const { handler, open } = await listen();
  const [peer, number] = await open();
  peer.resetAndDestroy();
  await handler.until(() => handler.calls.some((call) => call.startsWith(`closed ${number}`)));
  expect(handler.count(`closed ${number} ${CloseCause.Broken}`)).toBe(1);
});

// Each took a tenth of the time of a connection that is made and broken off; a flood has thousands of them a second.
test("no stack is written out for each peer that is reset", async () => {
  const { handler, open } = await listen();
  const { prepareStackTrace } = Error;
  cleanups.push(() => {
    Error.prepareStackTrace = prepareStackTrace;
  });
  let written = 0;
  Error.prepareStackTrace = (error) => {
    written++;
    return String(error);
  };
  for (let i = 0; i < 3; i++) {
    const [peer, number] = await open();
    peer.resetAndDestroy();
    await handler.until(() => handler.count(`closed ${number} ${CloseCause.Broken}`) === 1);
  }
  // That of the error which all of them share.
  expect(written).toBeLessThanOrEqual(1);
});

describe.skipIf(!existsSync("/proc/net/tcp"))("on Linux", () => {
  test("an accepted connection is asked whether it lives while it is idle", async () => {
    const { listener, open } = await listen();
    const [peer] = await open();
    const [local, remote] = [listener.port, peer.localPort ?? 0].map((port) =>
      port.toString(16).toUpperCase().padStart(4, "0"),
    );
    const ours = new RegExp(`:${local} [0-9A-F]+:${remote} `);
    const line = readFileSync("/proc/net/tcp", "latin1")
      .split("\n")
      .find((text) => ours.test(text));
    // After state and queues: the running timer, 02 = keepalive.
    expect(line?.trim().split(/\s+/)[5]).toMatch(/^02:/);
  });

  test("what a peer has not acknowledged is told, comes to rest, and changes when it reads", async () => {
    const { transport, open } = await listen();
    const [peer, number] = await open();
    peer.pause();
    const memory = new Uint8Array(1_000_000);
    while (transport.send(number, memory, 0, memory.length));
    const look = async () => {
      transport.unacknowledgedBytes(number);
      for (let wait = 0; wait < 10; wait++) await new Promise((resolve) => setTimeout(resolve, 10));
      return transport.unacknowledgedBytes(number);
    };
    // The peer's kernel takes some for its own buffers at first; then nothing moves.
    let full = -1;
    for (let next = await look(); next < 0 || next !== full; next = await look()) full = next;
    expect(full).toBeGreaterThan(0);
    peer.read();
    while ((await look()) === full) peer.read();
    transport.destroy(number);
    expect(transport.unacknowledgedBytes(number)).toBe(-1);
  });
});

test("the kernel's tables are read by both ports, and two peers with one port count as one", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
   0: 0100007F:2331 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:2331 0100007F:B20C 01 00001A2B:00000001 02:000015B3 00000000     0
  12: 0100007F:2331 0200007F:B20C 01 00000010:00000000 01:000015B3 00000000     0
   0: 0000000000000000FFFF00000100007F:2331 0000000000000000FFFF00000100007F:D000 01 000000FF:00000000 02:0 0 0
`;
  const seen = parseTcpTables(text);
  expect(seen.get(keyOf(9009, 0xb20c))).toBe(0x1a2b + 0x10);
  expect(seen.get(keyOf(9009, 0xd000))).toBe(0xff);
  expect(seen.size).toBe(3);
});

test("a port in use is one clear line with the address", async () => {
  const { transport, handler, listener } = await listen();
  const again = transport.listen({ host: "127.0.0.1", port: listener.port }, handler);
  await expect(again).rejects.toMatchObject({
    code: "EADDRINUSE",
    message: `127.0.0.1:${listener.port} is in use`,
  });
});
