// The simulated network gives what TCP gives: every byte in order or an end, whatever pieces and delays.

import { expect, test } from "vitest";
import { CloseCause, Prng, type TransportHandler } from "../../src/base/index.ts";
import { EventQueue } from "../../src/simulation/event-queue.ts";
import { type SimulatedHost, SimulatedNetwork } from "../../src/simulation/simulated-network.ts";

const PORT = 7;
const WINDOW_BYTES = 4_096;

/** Keeps what it hears. */
class Peer implements TransportHandler {
  readonly heard: string[] = [];
  connection = -1;
  bytes: number[] = [];
  opened(connection: number): void {
    this.connection = connection;
    this.heard.push("opened");
  }
  received(_connection: number, bytes: Uint8Array): void {
    this.bytes.push(...bytes);
  }
  drained(): void {
    this.heard.push("drained");
  }
  ended(): void {
    this.heard.push("ended");
  }
  closed(_connection: number, cause: CloseCause): void {
    this.heard.push(cause === CloseCause.Finished ? "finished" : "broken");
  }
}

function pair(seed: number) {
  const queue = new EventQueue();
  const conditions = {
    delay_us: [10, 5_000],
    lossChance: 0.05,
    retransmission_us: 200_000,
    byte_us: 0,
    window_bytes: WINDOW_BYTES,
  } as const;
  const network = new SimulatedNetwork(queue, new Prng(seed), conditions);
  const [a, b] = [network.host("a"), network.host("b")];
  const [near, far] = [new Peer(), new Peer()];
  b.listen({ host: "b", port: PORT }, far);
  a.connect("b", PORT, near);
  const run = (): void => {
    while (queue.step());
  };
  run();
  return { queue, network, a, b, near, far, run };
}

const send = (host: SimulatedHost, connection: number, bytes: readonly number[]): boolean =>
  host.send(connection, Uint8Array.from(bytes), 0, bytes.length);

test.each([1, 2, 3, 4, 5])("every byte arrives once and in order, seed %d", (seed) => {
  const { a, near, far, run, queue } = pair(seed);
  const sent: number[] = [];
  for (let i = 0; i < 200; i++) {
    const bytes = Array.from({ length: (i % 9) + 1 }, (_, k) => (i + k) & 255);
    sent.push(...bytes);
    send(a, near.connection, bytes);
    if (i % 20 === 0) queue.step();
  }
  run();
  expect(far.bytes).toEqual(sent);
});

test("what a partition holds up arrives in order when it heals, and the other way is open meanwhile", () => {
  const { a, b, near, far, network, queue, run } = pair(6);
  network.cut("a", "b");
  send(a, near.connection, [1, 2, 3]);
  send(b, far.connection, [9]);
  for (let i = 0; i < 100; i++) queue.step();
  expect([far.bytes, near.bytes]).toEqual([[], [9]]);
  send(a, near.connection, [4]);
  network.healAll();
  run();
  expect(far.bytes).toEqual([1, 2, 3, 4]);
});

test("a close is preceded by every byte; both sides learn of it", () => {
  const { a, b, near, far, run } = pair(7);
  send(a, near.connection, [1, 2]);
  a.close(near.connection);
  run();
  b.close(far.connection);
  run();
  expect(far.bytes).toEqual([1, 2]);
  expect([near.heard, far.heard]).toEqual([
    ["opened", "finished"],
    ["opened", "ended", "finished"],
  ]);
});

test("a reset breaks both sides; a machine that stops says nothing, and its peer goes on believing", () => {
  const broken = pair(8);
  broken.b.reset("a");
  broken.run();
  expect([broken.near.heard.at(-1), broken.far.heard.at(-1)]).toEqual(["broken", "broken"]);
  const silent = pair(9);
  silent.b.crash();
  send(silent.a, silent.near.connection, [1]);
  silent.run();
  expect([silent.near.heard, silent.far.heard]).toEqual([["opened"], ["opened"]]);
});

test("nobody listens, or nothing gets there: the connection is broken, later or sooner", () => {
  const { a, network, run } = pair(10);
  const [refused, cut] = [new Peer(), new Peer()];
  a.connect("b", PORT + 1, refused);
  run();
  network.cut("a", "b");
  a.connect("b", PORT, cut);
  run();
  expect([refused.heard, cut.heard]).toEqual([["broken"], ["broken"]]);
});

test("a sender of more than the window is told to wait, and then to go on", () => {
  const { a, near, far, run } = pair(11);
  const much = new Array(70_000).fill(1);
  expect(send(a, near.connection, much)).toBe(false);
  run();
  expect([near.heard.at(-1), far.bytes.length]).toEqual(["drained", 70_000]);
});

test("a paused reader gets nothing, and everything when it goes on", () => {
  const { a, b, near, far, run } = pair(12);
  b.pause(far.connection);
  send(a, near.connection, [1, 2, 3]);
  run();
  expect(far.bytes).toEqual([]);
  b.resume(far.connection);
  run();
  expect(far.bytes).toEqual([1, 2, 3]);
});

test("a host that is paused twice reads nothing until both are over, on new connections neither", () => {
  const { a, b, near, far, run } = pair(14);
  b.pauseAll();
  b.pauseAll();
  const late = [new Peer(), new Peer()];
  a.listen({ host: "a", port: PORT }, late[0]);
  b.connect("a", PORT, late[1]);
  run();
  send(a, near.connection, [1, 2, 3]);
  send(a, late[0].connection, [4]);
  b.resumeAll();
  run();
  expect([far.bytes, late[1].bytes]).toEqual([[], []]);
  b.pause(far.connection);
  b.resumeAll();
  run();
  expect([far.bytes, late[1].bytes]).toEqual([[], [4]]);
  b.resume(far.connection);
  run();
  expect(far.bytes).toEqual([1, 2, 3]);
});

test("what a paused reader has not read takes room of its sender's", () => {
  const { a, b, near, far, run } = pair(13);
  b.pause(far.connection);
  expect(send(a, near.connection, new Array(WINDOW_BYTES + 1).fill(1))).toBe(false);
  run();
  expect([near.heard.at(-1), a.unacknowledgedBytes(near.connection)]).toEqual(["opened", WINDOW_BYTES + 1]);
  b.resume(far.connection);
  run();
  expect([near.heard.at(-1), a.unacknowledgedBytes(near.connection)]).toEqual(["drained", 0]);
});
