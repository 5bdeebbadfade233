// A node that can't start, fails or is stopped, in this process and with a disk, a clock and ports that a test owns.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { EXCHANGE_RECORDS } from "../../src/node/exchange-records.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type NodeParts,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_WORDS, readTimestamp } from "../../src/protocol/index.ts";
import { openDataDirectory } from "../../src/runtime/index.ts";
import { freePort } from "../../tools/free-port.ts";

const SEGMENT_BYTES = 2_097_152;
/** Seed of a crash on the simulated disk. */
const LOSES_ALL = 6;

let directory = "";
let dataDir = "";
/** Log lines, parsed. */
let lines: { readonly level: string; readonly msg: string }[] = [];
let onLine: (msg: string) => void = () => {};
const running: RunningNode[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-failure-"));
  dataDir = join(directory, "data");
  lines = [];
  onLine = () => {};
});
afterEach(async () => {
  for (const node of running.splice(0)) await node.stop().catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

async function start(some: Partial<Configuration>, parts: NodeParts = {}): Promise<RunningNode> {
  const write = (line: string): void => {
    lines.push(JSON.parse(line));
    onLine(lines[lines.length - 1].msg);
  };
  const settings = { orderPort: 0, httpPort: 0, segmentBytes: SEGMENT_BYTES, dataDir, ...some };
  const node = await startNode(
    configurationOf(settings),
    createLog({ level: "info", human: false, write }),
    parts,
  );
  running.push(node);
  return node;
}

const connect = (node: RunningNode) => connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });

/** Waits until the next segment is prepared: from then on the disk is called for frames only. */
async function prepared(disk: SimulatedDisk): Promise<void> {
  const next = () => disk.image(join(dataDir, "journal")).get("journal-0000000002.seg.tmp");
  while (next()?.length !== SEGMENT_BYTES) await sleep(5);
  // The slice that made it so long has been synced by the time the loop comes here.
}

/** What became of one order: acknowledged, refused for a reason, or that the connection went. */
function enter(client: OrderEntryClient, id: number): Promise<string> {
  return client.submit({ id, symbol: 0, side: "buy", price: 10, quantity: 1 }).then(
    (answer) => (answer.accepted ? "acknowledged" : answer.reason),
    () => "lost",
  );
}

interface Health {
  readonly status: string;
  readonly reason?: string;
  readonly position: number;
}

async function health(node: RunningNode): Promise<Health> {
  const response = await fetch(`http://127.0.0.1:${node.httpPort}/healthz`);
  return (await response.json()) as Health;
}

describe("a port that is taken while the log is read", () => {
  test.each([
    ["spread", "orderPort"],
    ["spread", "httpPort"],
    ["single", "orderPort"],
    ["single", "httpPort"],
  ] as const)("threads %s, %s: the start fails and gives everything back", async (threads, which) => {
    const ports = { orderPort: await freePort(), httpPort: await freePort() };
    const thief = createServer();
    onLine = (msg) => {
      if (msg === "began a new log") thief.listen(ports[which], "127.0.0.1");
    };
    await expect(start({ ...ports, threads })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await new Promise((resolve) => thief.close(resolve));
    const said: string[] = [];
    onLine = (msg) => said.push(msg);
    // Ports, lock and files are free: the same node can start, with the log that was begun.
    await start({ ...ports, threads });
    onLine = () => {};
    expect(said).toContain("replayed the log");
  });
});

describe("a disk that fails under a node", () => {
  test("halts it: orders are refused, health says why, stop ends every connection and says it again", async () => {
    const disk = new SimulatedDisk();
    const node = await start({ threads: "single" }, { storage: disk });
    const [client, other] = [await connect(node), await connect(node)];
    await prepared(disk);
    expect(await enter(client, 1)).toBe("acknowledged");
    disk.failAt(disk.calls + 1, "EIO");
    const unanswered = enter(client, 2);
    const failure = await node.failed;
    expect(failure.message).toContain("input/output error");
    expect(await enter(other, 3)).toBe("Halted");
    expect(await health(node)).toMatchObject({ status: "halted", reason: failure.message });
    expect(lines.filter(({ level }) => level === "error").map(({ msg }) => msg)).toEqual([failure.message]);

    await expect(node.stop()).rejects.toBe(failure);
    expect(await unanswered).toBe("lost");
    expect(await enter(other, 4)).toBe("lost");
    await expect(node.stop()).rejects.toBe(failure);
    await expect(connect(node)).rejects.toThrow();
  });

  test("and loses power: what mode fsync acknowledged is there", async () => {
    const disk = new SimulatedDisk();
    const node = await start({ threads: "single", durability: "fsync" }, { storage: disk });
    const client = await connect(node);
    for (let id = 1; id <= 20; id++) expect(await enter(client, id)).toBe("acknowledged");
    const { position } = await health(node);
    // This draw loses all that was not synced.
    disk.crash(new Prng(LOSES_ALL));
    const place = { storage: disk, checksums: new NativeChecksums(), directory: join(dataDir, "journal") };
    const limits = { segmentBytes: SEGMENT_BYTES, frameBytesMax: 1_048_576 };
    const { journal } = openJournal({ ...place, ...limits, rules: EXCHANGE_RECORDS }, () => {});
    expect(journal.position).toBe(position);
  });

  test("has no room left: orders are refused, health is degraded, a line says so once", async () => {
    const disk = new SimulatedDisk({ capacity_bytes: 1.5 * SEGMENT_BYTES });
    const node = await start({ threads: "single" }, { storage: disk });
    while ((await health(node)).status === "ok") await sleep(5);
    expect(await health(node)).toMatchObject({
      status: "degraded",
      reason: expect.stringMatching(/^new orders are refused: .*no space left/),
    });
    expect(await enter(await connect(node), 1)).toBe("DiskFull");
    const errors = lines.filter(({ level }) => level === "error");
    expect(errors.map(({ msg }) => msg)).toEqual([expect.stringContaining("no room for the log to grow")]);
    await node.stop();
  });
});

// Health was ok for as long as nobody was answered.
test("a disk that hangs shows in the health of its node", async () => {
  let [monotonic_us, isHanging, seen] = [0, false, ""];
  /** A disk that takes six seconds for a write, and whoever asks meanwhile. */
  class HangingDisk extends SimulatedDisk {
    override change(...what: Parameters<SimulatedDisk["change"]>) {
      if (isHanging) monotonic_us += 6_000_000;
      if (isHanging) seen ||= node.status().reason ?? "";
      return super.change(...what);
    }
  }
  const disk = new HangingDisk();
  const clock = { wallMicros: () => 1, monotonicMicros: () => monotonic_us };
  const node = await start({ threads: "single", durability: "fsync" }, { storage: disk, clock });
  const client = await connect(node);
  await prepared(disk);
  isHanging = true;
  expect(await enter(client, 1)).toBe("acknowledged");
  expect(seen).toBe("this node's disk has made nothing safe for 6 s: it holds up 1 command");
  expect(node.status().status).toBe("ok");
});

describe("a wall clock that once was far ahead", () => {
  const AHEAD_US = 1_700_000_000_000_000;
  const at = (wall_us: number) => ({ wallMicros: () => wall_us, monotonicMicros: () => 0 });

  async function orderAt(wall_us: number, id: number): Promise<void> {
    const node = await start({ threads: "single" }, { clock: at(wall_us) });
    expect(await enter(await connect(node), id)).toBe("acknowledged");
    await node.stop();
  }

  function timesInLog(): number[] {
    const times: number[] = [];
    const place = { storage: new NodeStorage(), checksums: new NativeChecksums(), rules: EXCHANGE_RECORDS };
    const options = { ...place, directory: join(dataDir, "journal"), segmentBytes: SEGMENT_BYTES };
    const { journal } = openJournal(options, (words, from, count) => {
      for (let i = 0; i < count; i++) times.push(readTimestamp(words, from + i * COMMAND_WORDS));
    });
    journal.close();
    return times;
  }

  test("leaves the log's time where it was, across a restart, and the node says so once", async () => {
    await orderAt(AHEAD_US, 1);
    expect(lines.filter(({ level }) => level === "warn")).toEqual([]);
    await orderAt(AHEAD_US - 61_000_000, 2);
    expect(timesInLog().slice(-2)).toEqual([AHEAD_US, AHEAD_US]);
    const warnings = lines.filter(({ level }) => level === "warn");
    expect(warnings).toEqual([
      expect.objectContaining({ ahead_s: 61, msg: expect.stringContaining("ahead of the wall clock") }),
    ]);
  });

  test("by no more than a minute is nobody's business", async () => {
    await orderAt(AHEAD_US, 1);
    await orderAt(AHEAD_US - 59_000_000, 2);
    expect(lines.filter(({ level }) => level === "warn")).toEqual([]);
  });
});

describe("a data directory", () => {
  test("may be a mount point, with what its file system keeps there", async () => {
    mkdirSync(join(dataDir, "lost+found"), { recursive: true });
    const { lock } = await openDataDirectory(dataDir);
    await lock.release();
    await lock.release();
  });

  test("is made with a name that survives the loss of power, like its parents", async () => {
    const synced: string[] = [];
    class Watched extends NodeStorage {
      override syncDirectory(path: string): void {
        synced.push(path);
        super.syncDirectory(path);
      }
    }
    const { lock } = await openDataDirectory(join(dataDir, "one"), new Watched());
    await lock.release();
    expect(synced).toEqual(expect.arrayContaining([directory, dataDir]));
  });
});

test.each([
  ["the data directory", () => dataDir],
  ["a segment", () => join(dataDir, "journal", "journal-0000000001.seg")],
])(
  "%s that is taken away halts the node: nothing is acknowledged into files nobody will find",
  async (_, taken) => {
    const node = await start({});
    const client = await connect(node);
    expect(await enter(client, 1)).toBe("acknowledged");
    rmSync(taken(), { recursive: true });
    expect((await node.failed).message).toBe(
      `${join(dataDir, "journal")} is not there any more, or not all of it, and with it the log`,
    );
    expect(await enter(client, 2)).toBe("Halted");
    await expect(node.stop()).rejects.toThrow("is not there any more");
  },
);

test("a stop that is asked for twice ends once, and well", async () => {
  const node = await start({});
  const client = await connect(node);
  await Promise.all([node.stop(), node.stop()]);
  await node.stop();
  expect(await enter(client, 1)).toBe("lost");
});
