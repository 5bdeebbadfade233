import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { NetTransport, type SpaceHandler } from "../../src/platform/index.ts";
import { TLS } from "../support/tls.ts";

/** Takes what comes into memory of its own, a few bytes at a time, and ends when its peer does. */
class Taker implements SpaceHandler {
  readonly space_ = new Uint8Array(new SharedArrayBuffer(1_000));
  readonly transport: NetTransport;
  readonly taken: number[] = [];
  spaces = 0;
  copies = 0;
  isPausing = false;
  wasPaused = 0;
  readonly closed_ = Promise.withResolvers<void>();

  constructor(transport: NetTransport) {
    this.transport = transport;
  }

  space(): Uint8Array {
    return this.space_.subarray(0, 7);
  }
  filled(connection: number, space: Uint8Array, count: number): void {
    expect(space.buffer).toBe(this.space_.buffer);
    this.spaces++;
    this.taken.push(...space.subarray(0, count));
    this.#pause(connection);
  }
  received(connection: number, bytes: Uint8Array): void {
    this.copies++;
    this.taken.push(...bytes);
    this.#pause(connection);
  }
  opened(): void {}
  drained(): void {}
  ended(connection: number): void {
    this.transport.send(connection, new Uint8Array([1, 2, 3]), 0, 3);
    this.transport.close(connection);
  }
  closed(): void {
    this.closed_.resolve();
  }

  #pause(connection: number): void {
    if (!this.isPausing || this.wasPaused > 3) return;
    this.wasPaused++;
    this.transport.pause(connection);
    setImmediate(() => this.transport.resume(connection));
  }
}

test.each([
  ["plain TCP is read into the handler's memory and nowhere else", false],
  ["TLS is told as bytes", true],
])("%s; pauses and a half-close are kept", async (_, isTls) => {
  const transport = new NetTransport({ connectionsMax: 4 });
  const taker = new Taker(transport);
  taker.isPausing = true;
  const listener = await transport.listen(
    { host: "127.0.0.1", port: 0, tls: isTls ? TLS : undefined },
    taker,
  );
  onTestFinished(() => listener.close());
  const at = { host: "127.0.0.1", port: listener.port, allowHalfOpen: true };
  const socket: Socket = isTls ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
  const answers: number[] = [];
  socket.on("data", (bytes) => answers.push(...bytes));
  const sent = Array.from({ length: 1_000 }, (_, i) => i & 0xff);
  socket.end(new Uint8Array(sent));
  await taker.closed_.promise;
  expect(taker.taken).toEqual(sent);
  expect(taker.wasPaused).toBeGreaterThan(0);
  if (isTls) expect([taker.spaces, taker.copies > 0]).toEqual([0, true]);
  else expect([taker.copies, taker.spaces >= 1_000 / 7]).toEqual([0, true]);
  await new Promise((resolve) => (socket.closed ? resolve(undefined) : socket.once("close", resolve)));
  expect(answers).toEqual([1, 2, 3]);
  expect(transport.open).toBe(0);
});

test("a connection that is being closed is read to nobody", async () => {
  const transport = new NetTransport({ connectionsMax: 4 });
  const taker = new Taker(transport);
  const filled = taker.filled.bind(taker);
  taker.filled = (connection, space, count) => {
    filled(connection, space, count);
    transport.close(connection);
  };
  const listener = await transport.listen({ host: "127.0.0.1", port: 0 }, taker);
  onTestFinished(() => listener.close());
  const socket = connect({ host: "127.0.0.1", port: listener.port });
  socket.on("error", () => {});
  socket.resume();
  socket.write(new Uint8Array(1_000).fill(5));
  await taker.closed_.promise;
  expect(taker.taken).toEqual(new Array(7).fill(5));
  expect(transport.open).toBe(0);
});
