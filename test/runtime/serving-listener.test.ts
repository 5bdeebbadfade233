// Who may take up the sockets of a node's replication port: nobody for long who has not shown that he is a replica.

import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SystemClock } from "../../src/platform/index.ts";
import { AskingSession, FollowingSession, PRESENT_US, type SessionEnd } from "../../src/replication/index.ts";
import { ServingListener } from "../../src/runtime/replication/serving-listener.ts";
import { SocketOutput } from "../../src/runtime/replication/socket-session.ts";
import { PrimaryNode, ReplicaNode } from "../replication/support.ts";

const clock = new SystemClock();
let primary: PrimaryNode;
let listener: ServingListener;
let port = 0;
let sockets: Socket[] = [];
let ended: string[] = [];

beforeEach(async () => {
  sockets = [];
  ended = [];
  // More than a system takes for a socket that nobody reads.
  primary = new PrimaryNode({ frames: 20_000 });
  const told = { connected: () => {}, sendsSnapshot: () => {}, refused: () => {} };
  listener = new ServingListener(primary, { ...told, ended: (name) => ended.push(name) });
  port = await listener.listen("127.0.0.1", 0);
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  listener.close();
});

function opened(): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  sockets.push(socket);
  return socket;
}

/** What the process has of sockets besides those of this test: the listener's. */
function served(): number {
  const all = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  return all - sockets.filter(({ destroyed }) => !destroyed).length;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A replica that logs on, and reads nothing from its Welcome on. */
async function followed(): Promise<void> {
  const socket = opened();
  const replica = new ReplicaNode();
  const session = new FollowingSession(replica, new SocketOutput(socket), clock.monotonicMicros());
  await new Promise<void>((resolve) => {
    socket.on("data", (bytes) => {
      session.received(bytes.subarray(0, 1_000), clock.monotonicMicros());
      if (replica.welcomes === 0) return;
      socket.pause();
      resolve();
    });
    socket.on("close", () => resolve());
  });
}

test("a replica that comes again and again, and reads nothing, holds no socket but its last", async () => {
  while (ended.length < 2) {
    await followed();
    // Until more waits for it than the system takes, and it was not heard for so long that it may come again.
    await pause(PRESENT_US / 1_000 + 100);
  }
  await expect.poll(served).toBe(1);
});

test("strangers that say nothing, and come back when they are cut off, keep no replica out", async () => {
  let isOver = false;
  const stranger = (): void => {
    opened().on("close", () => isOver || setTimeout(stranger, 50));
  };
  for (let i = 0; i < 12; i++) stranger();
  await expect.poll(served).toBe(8);
  let end: SessionEnd | undefined;
  for (let i = 0; i < 20 && end?.kind !== "closed"; i++) {
    const socket = opened();
    const asking = new AskingSession(new ReplicaNode(), new SocketOutput(socket), clock.monotonicMicros());
    socket.on("data", (bytes) => asking.received(bytes));
    await Promise.race([pause(2_000), new Promise((resolve) => socket.on("close", resolve))]);
    socket.destroy();
    end = asking.standing && asking.ended;
  }
  isOver = true;
  expect(end).toEqual({ kind: "closed" });
});

// The thread went from one frame to the next, and read no acknowledgement for as long as there was one.
test("a journal that has always written more by the time that a frame is sent does not keep the sockets waiting", async () => {
  let frames = 0;
  const never = new Promise<void>(() => {});
  void listener.follow({ whenWritten: () => (++frames === 10_000 ? never : Promise.resolve()) });
  await new Promise((resolve) => setImmediate(resolve));
  expect(frames).toBeLessThan(10_000);
});
