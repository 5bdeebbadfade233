// The gateway on real sockets: what only shows with a kernel between the two sides.

import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { GATEWAY_LIMITS } from "../../src/gateway/index.ts";
import { acks, readAll, startVenue } from "./socket-venue.ts";
import { concat, describeStream, hello, order } from "./support.ts";

test("a peer that sends everything and ends its side gets every answer and then the end", async () => {
  const { gateway, open } = await startVenue({ outputSoft_bytes: 8_192 });
  const peer = await open({ allowHalfOpen: true });
  const answers = readAll(peer);
  peer.end(concat(...Array.from({ length: 5_000 }, (_, id) => order(id))));
  expect(await answers).toEqual(acks(5_000));
  expect(gateway.counters.closes.PeerEnded).toBe(1);
});

test("a peer that ends its side while its session waits for a full ring gets every answer and then the end", async () => {
  const { gateway, sink, open } = await startVenue();
  sink.room = 100;
  const peer = await open({ allowHalfOpen: true });
  const answers = readAll(peer);
  peer.end(concat(...Array.from({ length: 5_000 }, (_, id) => order(id))));
  // The end has come in long before the ring has room for the last orders.
  let stalls = 0;
  while (sink.commands.length < 5_000) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (gateway.stalled === 0) continue;
    stalls++;
    expect(gateway.counters.closes.PeerEnded).toBe(0);
    sink.room = 100;
    gateway.resumeStalled();
  }
  expect(await answers).toEqual(acks(5_000));
  expect(stalls).toBe(49);
  expect(gateway.counters.closes.PeerEnded).toBe(1);
});

test("a malformed frame closes its connection after the answers before it, and no other", async () => {
  const { gateway, open } = await startVenue();
  const [bad, good] = [await open(), await open()];
  const answers = readAll(bad);
  bad.write(concat(order(0), order(1), new Uint8Array(16), order(2)));
  expect(await answers).toEqual(acks(2));
  good.write(order(0));
  const [bytes] = await once(good, "data");
  expect(describeStream(bytes as Buffer)).toEqual(["Ack 0"]);
  expect(gateway.counters.closes.Malformed).toBe(1);
});

test("a peer that never reads is given up at the cap and broken off, while others go on", async () => {
  const fills = 2_000;
  const limits = { outputMax_bytes: 2_000_000, outputSoft_bytes: 1_000_000 };
  const { gateway, transport, open } = await startVenue(limits, fills);
  const [deaf, busy] = [await open(), await open()];
  deaf.pause();
  deaf.write(hello(7));
  let answered_bytes = 0;
  const order_bytes = 32 + fills * 52;
  busy.on("data", (bytes: Buffer) => {
    answered_bytes += bytes.length;
  });
  let orders = 0;
  while (gateway.counters.closes.OutputFull === 0) {
    busy.write(order(++orders));
    while (answered_bytes < orders * order_bytes) await once(busy, "data");
  }
  gateway.tick(0);
  gateway.tick(GATEWAY_LIMITS.blocked_us);
  while (transport.open > 1) await new Promise((resolve) => setImmediate(resolve));
  busy.write(order(++orders));
  while (answered_bytes < orders * order_bytes) await once(busy, "data");
  expect(gateway.counters.connections).toBe(1);
});

// Elsewhere than on Linux nobody tells what a peer's machine has acknowledged.
test.skipIf(!existsSync("/proc/net/tcp"))(
  "a peer that reads slowly but steadily is not broken off, and is when it stops",
  async () => {
    const limits = { blocked_us: 20, outputMax_bytes: 64_000_000, outputSoft_bytes: 32_000_000 };
    const { gateway, open } = await startVenue(limits, 20_000);
    const slow = await open();
    slow.on("error", () => {});
    // Sixteen answers of 1 MB: far more than the kernel's buffers hold.
    slow.pause();
    for (let id = 0; id < 16; id++) slow.write(order(id));
    while (gateway.counters.commands < 16) await new Promise((resolve) => setImmediate(resolve));
    let ticks = 0;
    const readAndTick = async (bytes: number) => {
      slow.read(Math.min(bytes, slow.readableLength));
      await new Promise((resolve) => setTimeout(resolve, 20));
      gateway.tick(++ticks);
    };
    // The kernel takes the next bytes of a held send after some 1.5 MB of these: not within 20 ticks.
    for (let i = 0; i < 80; i++) await readAndTick(32_768);
    expect(gateway.counters.closes.Blocked).toBe(0);
    for (let i = 0; i < 40; i++) await readAndTick(0);
    expect(gateway.counters.closes.Blocked).toBe(1);
  },
);

test("stop lets every answer out and resolves when the last peer is gone", async () => {
  const { gateway, open } = await startVenue();
  const peer = await open();
  const answers = readAll(peer);
  peer.write(order(0));
  while (gateway.counters.commands === 0) await new Promise((resolve) => setImmediate(resolve));
  await gateway.stop();
  expect(await answers).toEqual(acks(1));
});
