// A node whose disk hangs: a call on it returns only when a test lets it, or not at all. Nothing has failed; but who asks for the
// node's health, reads its log or waits for its end is told.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectOrderEntry } from "../../src/client/index.ts";
import { freePort } from "../../tools/free-port.ts";
import { TestCluster } from "../node/cluster-support.ts";
import { until } from "../support/until.ts";
import { killNodes, NodeProcess } from "./node-process.ts";
import { straceRefusal } from "./strace.ts";

const SEGMENT_BYTES = 2_097_152;

let folder = "";
let hangs = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-hanging-"));
  hangs = join(folder, "hangs");
});
afterEach(() => {
  killNodes();
  rmSync(folder, { recursive: true, force: true });
});

/** From now on: its thread can't be ended. */
const hang = () => execFileSync("mkfifo", [hangs]);
const settings = (...more: string[]) => [
  ...["--data-dir", join(folder, "data"), "--segment-bytes", String(SEGMENT_BYTES), "--log-level", "warn"],
  ...more,
];
const connect = (node: NodeProcess) => connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });
const newOrder = { id: 1, symbol: 0, side: "buy", price: 10, quantity: 1 } as const;

/** Waits until the next segment is prepared: from then on the only syncs are those of frames. */
async function prepared(): Promise<void> {
  const next = join(folder, "data/journal/journal-0000000002.seg.tmp");
  while ((statSync(next, { throwIfNoEntry: false })?.size ?? 0) < SEGMENT_BYTES) await sleep(5);
}

async function health(port: number): Promise<{ status: string; reason?: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  return (await response.json()) as { status: string; reason?: string };
}

// The log said nothing; the second signal's process.exit waited for the thread, and the process was there for as long as the disk hung.
test("a node whose disk hangs says so in its log, and a failing end does not wait for it", async () => {
  const node = await NodeProcess.start(settings(), { faults: { FAULT_HANGS: hangs } });
  const client = await connect(node);
  await prepared();
  hang();
  const order = client.submit(newOrder).catch(() => "lost");
  await until(() => node.stderr.includes("this node's disk has made nothing safe for"));
  expect((await health(node.httpPort)).status).toBe("degraded");
  const ended = node.ended();
  node.signal("SIGTERM");
  const asking = setInterval(() => node.signal("SIGINT"), 100);
  expect(await ended).toBe("SIGKILL");
  clearInterval(asking);
  expect(await order).toBe("lost");
  expect(node.stderr).toMatch(
    /seriatim: ended by a second SIGINT before everything was closed\nseriatim: killed: a thread of it waits for a disk that hangs\n$/,
  );
});

// It was ok, and said that it followed, for as long as its disk hung; its log said nothing.
test("a replica whose thread waits for its disk says so, in its health and its log", async () => {
  const cluster = new TestCluster("north", "south");
  try {
    const north = await cluster.startPrimary({ ackPolicy: "disk" });
    const keys = ["--keys", cluster.path("keys.json"), "--node-key", cluster.path("south.key")];
    const to = ["--replica-of", `127.0.0.1:${north.replicationPort}`];
    const httpPort = await freePort();
    const south = await NodeProcess.start([...settings(), ...keys, ...to], {
      ...{ httpPort, faults: { FAULT_HANGS: hangs } },
    });
    await until(async () => (await health(httpPort)).status === "ok");
    // What the replica promised is on its disk: the tenure has begun.
    await until(() => north.status().status === "ok");
    hang();
    const client = await connectOrderEntry({ host: "127.0.0.1", port: north.orderPort });
    expect(await client.submit(newOrder)).toMatchObject({ accepted: true });
    client.destroy();
    const why = /^this replica has done nothing for \d+ s: its thread waits for its disk$/;
    await until(async () => why.test((await health(httpPort)).reason ?? ""));
    expect((await health(httpPort)).status).toBe("degraded");
    await until(() => south.stderr.includes("its thread waits for its disk"));
  } finally {
    await cluster.end();
  }
});

const refusal = straceRefusal();

// Listing a directory waits while somebody makes a file in it, on a disk that hangs without end; the thread that answered clients did that.
test("who looks whether the directory is there holds nobody up while the disk hangs", async ({ skip }) => {
  skip(refusal !== undefined, refusal);
  const journal = join(folder, "data", "journal");
  const delayed = join(folder, "trace");
  // From the fifth list on: a start has made four. Longer than this test, and everybody in it, waits.
  const delay = ["-e", "trace=getdents64", "-e", "inject=getdents64:delay_enter=120000000:when=5+"];
  const under = [
    "strace",
    "-D",
    "-f",
    "--seccomp-bpf",
    "-qq",
    "-o",
    delayed,
    ...delay,
    "-P",
    journal,
  ] as const;
  const node = await NodeProcess.start(settings(), { under: [...under] });
  const client = await connect(node);
  // A second is from one look to the next.
  for (let id = 1; id <= 30; id++) {
    expect(await client.submit({ ...newOrder, id })).toMatchObject({ accepted: true });
    await sleep(100);
  }
  client.destroy();
});
