// How a tenure begins, with real sockets and files, of an application that is not the exchange: nothing is sequenced before
// the others have shown that nothing is lacking; then it is a new epoch, whose first command says so.

import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { JOURNAL_LOG, repairJournal, SnapshotStore } from "../../src/journal/index.ts";
import { makeNonce, NativeChecksums, NodeStorage, SystemClock } from "../../src/platform/index.ts";
import { COMMAND_WORDS, checkAdminCommand, DIGEST_BYTES, NodeRole } from "../../src/protocol/index.ts";
import type { AckPolicyName, PeerStanding } from "../../src/replication/index.ts";
import {
  generateKey,
  type Inheritance,
  openDataDirectory,
  openRuntime,
  Replica,
  type ReplicaOptions,
  type Runtime,
  readIdentity,
  Submissions,
  type Tenure,
} from "../../src/runtime/index.ts";
import { importRules } from "../../src/runtime/record-rules.ts";
import { askPeers } from "../../src/runtime/replication/asking.ts";
import { scanLog } from "../../src/segment/index.ts";
import { until } from "../support/until.ts";
import { add, beginning, COUNTER_RULES, Counter, rules } from "./counter.ts";
import { failDisks, HANGS_AT, SPOILT_RULES, said } from "./spoilt-rules.ts";

const SEGMENT_BYTES = 2_097_152;
const HOST = "127.0.0.1";

let directory = "";
let undo: (() => Promise<void>)[] = [];
const path = (name: string): string => join(directory, name);
const journal = (name: string): string => join(path(name), "journal");

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-tenure-"));
  undo = [];
  for (const name of ["north", "south"]) generateKey(name, "replica", path(`${name}.key`), path("keys.json"));
});
afterEach(async () => {
  for (const step of undo.reverse()) await step().catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

interface Primary {
  readonly runtime: Runtime;
  readonly submissions: Submissions;
  readonly application: Counter;
  readonly port: number;
}

interface LeadOptions {
  /** Ports of others. */
  readonly peers?: readonly number[];
  readonly policy?: AckPolicyName;
  /** What a replica has left, and the epoch it may lead in. */
  readonly promoted?: Inheritance & Tenure;
}

/** The node `name`, which is to lead. */
async function lead(
  name: string,
  { peers = [], policy = "disk+ram", promoted }: LeadOptions = {},
): Promise<Primary> {
  const application = (promoted?.application as Counter | undefined) ?? new Counter();
  const replication = {
    ...{ host: HOST, port: 0, keys: path("keys.json"), ownKey: path(`${name}.key`) },
    ...{ ackPolicy: policy, inLog: () => ({ ackPolicy: policy }) },
    peers: peers.map((port) => ({ host: HOST, port })),
  };
  const runtime = await openRuntime({
    ...{ application, genesis: beginning(), rules: COUNTER_RULES, segmentBytes: SEGMENT_BYTES, replication },
    ...{ warm: promoted?.warm, tenure: promoted },
    directory: promoted?.directory ?? (await openDataDirectory(path(name))),
  });
  undo.push(() => runtime.stop());
  const submissions = new Submissions(runtime, rules);
  runtime.run(submissions, submissions);
  return { runtime, submissions, application, port: runtime.primary?.port ?? 0 };
}

async function follow(name: string, ...ports: number[]): Promise<Replica> {
  return followBy(COUNTER_RULES, name, ...ports);
}

async function followBy(rules: string, name: string, ...ports: number[]): Promise<Replica> {
  return followWith({ rules }, name, ...ports);
}

async function followWith(
  options: Pick<ReplicaOptions, "rules" | "inLog">,
  name: string,
  ...ports: number[]
): Promise<Replica> {
  const replica = new Replica({
    ...{ keys: path("keys.json"), ownKey: path(`${name}.key`) },
    ...{ application: () => new Counter(), segmentBytes: SEGMENT_BYTES, news: () => {} },
    primaries: ports.map((port) => ({ host: HOST, port })),
    ...{ listen: { host: HOST, port: 0 }, inLog: () => ({ ackPolicy: "disk+ram" as const }) },
    directory: await openDataDirectory(path(name)),
    ...options,
  });
  undo.push(() => replica.stop());
  return replica;
}

/** Submits until it is taken: a primary refuses until enough replicas are there. */
async function submit({ submissions }: Primary, amount: number): Promise<number> {
  for (;;) {
    try {
      return (await submissions.submit(add(amount))).position;
    } catch (error) {
      expect(error).toMatchObject({ code: "REPLICA_DISCONNECTED" });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** What the journal of a node that is stopped holds, a line per record. */
function entriesOf(name: string): string[] {
  const entries: string[] = [];
  const place = { storage: new NodeStorage(), checksums: new NativeChecksums(), directory: journal(name) };
  scanLog({ ...place, log: JOURNAL_LOG }, ({ words, payloadAt, count, epoch }) => {
    for (let i = 0; i < count; i++) {
      const at = payloadAt / 4 + i * COMMAND_WORDS;
      const command = checkAdminCommand(words, at);
      const said = command === undefined ? `${words[at]} ${words[at + 1]}` : `${command.kind} ${command.who}`;
      entries.push(`${epoch} ${said}`);
    }
  });
  return entries;
}

test("the log of another application has its Tenure, and a new epoch for every start", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  await first.runtime.stop();
  const second = await lead("north");
  await south.stop();
  const again = await follow("south", second.port);
  const position = await submit(second, 7);
  await until(() => again.position === position);
  expect(second.application.sum).toBe(12);
  await second.runtime.stop();
  await again.stop();
  expect(entriesOf("north")).toEqual(["1 128 0", "3 tenure north", "3 129 5", "6 tenure north", "6 129 7"]);
  expect(entriesOf("south")).toEqual(entriesOf("north"));
});

// The log that it had begun by then had the settings of the start that was refused, and refused those of the next.
test("a node by whose keys file nobody can lead is refused before it begins a log", async () => {
  for (const name of ["east", "west"]) generateKey(name, "replica", path(`${name}.key`), path("keys.json"));
  await expect(lead("north")).rejects.toMatchObject({ code: "CLUSTER_SIZE", exitCode: 2 });
  expect(readdirSync(path("north"))).toEqual([]);
});

test("a restarted primary that lacks what a replica has sequences not one command", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  cpSync(journal("north"), path("before"), { recursive: true });
  const position = await submit(first, 7);
  await until(() => south.position === position);
  await first.runtime.stop();
  rmSync(journal("north"), { recursive: true });
  cpSync(path("before"), journal("north"), { recursive: true });
  const second = await lead("north");
  const { recovered } = second.runtime;
  expect(recovered.position).toBe(position - 1);
  await expect(second.submissions.submit(add(1))).rejects.toMatchObject({ code: "REPLICA_DISCONNECTED" });
  await south.stop();
  await follow("south", second.port);
  await expect(second.runtime.failed).resolves.toMatchObject({
    code: "FENCED",
    message: expect.stringContaining(`south has more: position ${position} of epoch 3`),
  });
  await second.runtime.stop().catch(() => {});
  expect(entriesOf("north")).toHaveLength(position - 1);
});

test("one that nobody can be heard of waits, until an administrator answers for it, which its log says", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  await south.stop();
  await first.runtime.stop();
  const second = await lead("north");
  await expect(second.submissions.submit(add(1))).rejects.toMatchObject({
    message: expect.stringContaining("does not lead yet: heard from no other node of a cluster of 2"),
  });
  expect(second.runtime.position).toBe(second.runtime.recovered.position);
  await expect(second.runtime.primary?.forceStart("ann")).resolves.toMatchObject({ epoch: 6, position: 4 });
  await expect(second.runtime.primary?.forceStart("ann")).rejects.toMatchObject({ code: "NOT_AVAILABLE" });
  await follow("south", second.port);
  await submit(second, 7);
  await second.runtime.stop();
  expect(entriesOf("north").slice(3)).toEqual(["6 tenure north", "6 forced_start ann", "6 129 7"]);
});

// Before its first entry an exchange's engine has nothing to say of its log: who asked was told that, of a replica whose history was
// set aside while it was asked.
test("a replica without a log is refused for that, whatever its application can say of one", async () => {
  const inLog = () => new ExchangeEngine().administration;
  const south = await followWith({ rules: COUNTER_RULES, inLog }, "south", 1);
  await until(() => south.port > 0);
  expect(await south.decide(true)).toMatchObject({ kind: "refuse", because: "this node has no log" });
});

// Whoever asked for a promotion was never answered, and nobody else could ask again.
test("a replica whose disk hangs says so to who wants to promote it, and nothing has happened", async () => {
  const north = await lead("north", { policy: "disk" });
  const south = await followBy(SPOILT_RULES, "south", north.port);
  await submit(north, 5);
  await until(() => south.position === 3);
  const hangs = said("hangs");
  await submit(north, HANGS_AT);
  await hangs;
  await expect(south.decide(true)).rejects.toMatchObject({
    code: "REFUSED",
    message: expect.stringContaining("has not answered for 5 s"),
  });
  await until(() => south.position === 4);
  expect(await south.decide(true)).toMatchObject({ kind: "refuse" });
}, 30_000);

// It was told as the end of the thread, in words for whoever mends the program.
test("a replica whose disk fails while its journal is closed says what the disk said", async () => {
  const north = await lead("north", { policy: "disk" });
  const south = await followBy(SPOILT_RULES, "south", north.port);
  await submit(north, 5);
  await until(() => south.position === 3);
  // What is stored is stored; nothing is left to be written but the mark of an orderly end.
  await failDisks();
  await expect(south.stop()).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringMatching(
      /^cannot write .*south\/journal\/journal-0000000001.seg: the disk reports/,
    ),
  });
});

// It found the path paused behind its Tenure, and ended: what comes first in a tenure had no slot.
test("no snapshot is made of what is in memory while the Tenure is being made safe", async () => {
  const { runtime } = await lead("north");
  // As between a Tenure and its sync.
  runtime.path.open();
  await expect(runtime.stateInMemory(() => 0)).rejects.toMatchObject({ code: "NOT_AVAILABLE" });
  expect(runtime.path.isPaused).toBe(false);
});

// It kept the whole runtime for as long as the process ran.
test("a node that stops, and has no replica, waits no more for one to come", async () => {
  const { runtime } = await lead("north");
  const gate = runtime.primary?.gate;
  await until(() => gate?.whenChanged() !== undefined);
  const changed = gate?.whenChanged();
  expect(changed).toBeDefined();
  await runtime.stop();
  await changed;
});

test("by two disks one of two is enough, and it leads without having heard anybody", async () => {
  const first = await lead("north", { policy: "two-disks" });
  const south = await follow("south", first.port);
  await submit(first, 5);
  await south.stop();
  await first.runtime.stop();
  const second = await lead("north", { policy: "two-disks" });
  await until(() => second.runtime.position === second.runtime.recovered.position + 1);
});

// A second start, or a repair, found a clean journal, and forgot what the first had cut.
test.each(["started again while it waits", "repaired first", "stopped before it waits"])(
  "one whose journal has lost its end leads by its own disk no more, however often it starts: %s",
  async (how) => {
    const first = await lead("north", { policy: "two-disks" });
    const south = await follow("south", first.port);
    await submit(first, 5);
    await submit(first, 6);
    await south.stop();
    await first.runtime.stop();
    cutShort("north");
    if (how === "repaired first") {
      const records = await importRules(COUNTER_RULES);
      const place = {
        storage: new NodeStorage(),
        checksums: new NativeChecksums(),
      };
      const none = new SnapshotStore(
        { ...place, directory: join(path("north"), "snapshots") },
        { name: "counter", version: 1 },
      );
      const source = { ...place, directory: journal("north"), rules: records };
      expect(repairJournal(source, none).wasCut).toBe(true);
    }
    for (const start of [1, 2]) {
      const { runtime } = await lead("north", { policy: "two-disks" });
      const { wasTorn, cut_bytes, mayLack } = runtime.recovered;
      const isFirst = start === 1 && how !== "repaired first";
      expect([start, wasTorn, cut_bytes > 0, mayLack]).toEqual([start, isFirst, isFirst, true]);
      if (how !== "stopped before it waits") await new Promise((resolve) => setTimeout(resolve, 700));
      expect(runtime.primary?.role).toBe("waiting");
      // Nor does it pass for a whole disk with one that asks because it is told to lead itself.
      const [said] = await saidOf(runtime.primary?.port ?? 0);
      expect(said).toMatchObject({ name: "north", role: NodeRole.Waiting, mayLack: true });
      await runtime.stop();
    }
  },
);

/** What the node on that port answers, when south asks. */
function saidOf(port: number): Promise<PeerStanding[]> {
  const { name, keys } = readIdentity(path("keys.json"), path("south.key"));
  const log = { epoch: 0, position: 0, persisted: 0, chain: new Uint8Array(DIGEST_BYTES) };
  const node = { name, keys, nonce: makeNonce, checksums: new NativeChecksums(), log };
  return askPeers([{ host: HOST, port }], node);
}

/** Of the last frame. */
const KEPT_BYTES = 16;

/** Takes the end of a stopped node's journal away, most of its last frame with it, as a disk does that loses power. */
function cutShort(name: string): void {
  let last = { file: "", offset: 0 };
  const place = { storage: new NodeStorage(), checksums: new NativeChecksums(), directory: journal(name) };
  scanLog({ ...place, log: JOURNAL_LOG }, ({ file, offset }) => {
    last = { file, offset };
  });
  const file = openSync(last.file, "r+");
  writeSync(
    file,
    Buffer.alloc(statSync(last.file).size - last.offset - KEPT_BYTES),
    0,
    undefined,
    last.offset + KEPT_BYTES,
  );
  closeSync(file);
}

test("a primary that was replaced while it was down hears so from the peer that it asks, and ends", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  await first.runtime.stop();
  await south.stop();
  // The one in whose place it was started waits for nobody: an administrator has said so.
  const other = await lead("south");
  await other.runtime.primary?.forceStart("ann");
  const second = await lead("north", { peers: [other.port] });
  await expect(second.runtime.failed).resolves.toMatchObject({
    code: "FENCED",
    message: expect.stringContaining("south is of epoch 4, this node of 3: it has been replaced"),
  });
  expect(second.runtime.position).toBe(second.runtime.recovered.position);
});

test("one that may lead by its own disk, and asks one that has led since, ends; the other goes on", async () => {
  const first = await lead("north", { policy: "two-disks" });
  const south = await follow("south", first.port);
  await submit(first, 5);
  await south.stop();
  await first.runtime.stop();
  const older = await lead("north", { policy: "two-disks" });
  await until(() => older.runtime.position > older.runtime.recovered.position);
  // Its own log ends in epoch 3, north has begun 6 meanwhile.
  const other = await lead("south", { policy: "two-disks", peers: [older.port] });
  await expect(other.runtime.failed).resolves.toMatchObject({ code: "FENCED" });
  await other.runtime.stop().catch(() => {});
  expect(older.runtime.failure).toBe(undefined);
});

test("one that has answered by a policy which the node that replaces it never knew says what goes aside with it", async () => {
  const north = await lead("north", { policy: "two-disks" });
  const south = await follow("south", north.port);
  await submit(north, 5);
  await south.stop();
  // Cut off, south leads as well, on its own disk; neither can answer, until an administrator says that one disk is enough.
  const other = await lead("south", { policy: "two-disks" });
  await until(() => other.runtime.position > other.runtime.recovered.position);
  await other.runtime.stop();
  const changed = north.runtime.position;
  north.runtime.primary?.gate.change("disk", changed);
  north.runtime.primary?.gate.wake();
  await submit(north, 7);
  const last = await submit(north, 8);
  await lead("south", { policy: "two-disks", peers: [north.port] });
  await expect(north.runtime.failed).resolves.toMatchObject({
    code: "FENCED",
    message: expect.stringContaining(
      `what it answered since its ack policy was changed (positions ${changed + 1} to ${last}) is perhaps in this node's journal alone: keep it`,
    ),
  });
});

test("a replica leads in place of its primary with the state it has in memory, and the old one follows it by its list", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  await submit(first, 7);
  expect(await south.decide(true)).toMatchObject({
    because: expect.stringContaining("north is the primary"),
  });
  await until(() => south.port > 0);
  await first.runtime.stop();
  // What is in the way is that a primary was heard a moment ago, and nothing else.
  expect(await south.decide(false)).toMatchObject({ because: expect.stringContaining("heard of a primary") });
  await until(() => !south.view.isFollowing);
  expect(await south.standing()).toMatchObject({
    name: "south",
    isWarm: true,
    epoch: 3,
    position: 4,
    persisted: 4,
  });
  let decision = await south.decide(false);
  for (; decision.kind !== "lead"; decision = await south.decide(false)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const inheritance = await south.handOver();
  const second = await lead("south", { promoted: { ...inheritance, epoch: decision.epoch } });
  expect(second.runtime.recovered).toMatchObject({ position: 4, epoch: 3, created: false });
  const again = await follow("north", first.port, second.port);
  const position = await submit(second, 1);
  await until(() => again.position === position);
  expect(second.application.sum).toBe(13);
  await second.runtime.stop();
  await again.stop();
  expect(entriesOf("south")).toEqual([
    "1 128 0",
    "3 tenure north",
    "3 129 5",
    "3 129 7",
    "4 tenure south",
    "4 129 1",
  ]);
  expect(entriesOf("north")).toEqual(entriesOf("south"));
});

// It went on in the epoch chosen before, which its own promise forbids: two led, each with another's promise.
test("one that promises another node a higher epoch, after its own was chosen, leads above that", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  await first.runtime.stop();
  const inheritance = await south.handOver();
  // As a third node's Welcome would, while this one goes on following until it hands over.
  renameSync(join(path("south"), "epoch-3"), join(path("south"), "epoch-8"));
  const second = await lead("south", { promoted: { ...inheritance, epoch: 4 } });
  await follow("north", second.port);
  await submit(second, 7);
  expect(second.runtime.primary?.epoch).toBe(10);
  expect(readdirSync(path("south")).filter((name) => name.startsWith("epoch"))).toEqual(["epoch-10"]);
  expect(readdirSync(path("north")).filter((name) => name.startsWith("epoch"))).toEqual(["epoch-10"]);
});

test("a replica that was restarted, and has not been welcomed since, does not count on its memory; an administrator may", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  await first.runtime.stop();
  await south.stop();
  const again = await follow("south", first.port);
  await until(() => again.position === 3);
  expect(await again.standing()).toMatchObject({ isWarm: false, position: 3, epoch: 3 });
  expect(await again.decide(false)).toMatchObject({
    kind: "refuse",
    because: expect.stringContaining("no other node"),
  });
  expect(await again.decide(true)).toEqual({ kind: "lead", epoch: 4, policy: "disk+ram", heard: [] });
});

test("hearing how a node stands is no promise of it: without one no tenure begins", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  await until(() => south.port > 0);
  await first.runtime.stop();
  // The replica does not find it: its port is another one. But it can be asked, and lacks nothing.
  const second = await lead("north", { peers: [south.port] });
  const why = () => second.submissions.submit(add(1)).then(String, (error: Error) => error.message);
  while (!(await why()).includes("nobody of a cluster of 2 has promised to follow it in epoch 6")) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(second.runtime.position).toBe(3);
  expect(readdirSync(path("north"))).toContain("epoch-6");
  await south.stop();
  await follow("south", second.port);
  expect(await submit(second, 7)).toBe(5);
  expect(readdirSync(path("south"))).toContain("epoch-6");
});

test("a replica that has promised a higher epoch is not led in a lower one: its node chooses one above", async () => {
  const first = await lead("north");
  const south = await follow("south", first.port);
  await submit(first, 5);
  await south.stop();
  await first.runtime.stop();
  renameSync(join(path("south"), "epoch-3"), join(path("south"), "epoch-7"));
  const second = await lead("north");
  await follow("south", second.port);
  await submit(second, 7);
  expect(second.runtime.primary?.epoch).toBe(9);
  expect(readdirSync(path("south")).filter((name) => name.startsWith("epoch"))).toEqual(["epoch-9"]);
});

/** North leads; south, by its own name, has begun another history: it follows and begins anew. */
async function diverges(some: Partial<ReplicaOptions>): Promise<Replica> {
  const leads = async (name: string): Promise<Primary> => {
    const node = await lead(name);
    await node.runtime.primary?.forceStart("ann");
    return node;
  };
  await (await leads("south")).runtime.stop();
  await (await leads("north")).runtime.stop();
  const north = await leads("north");
  const replica = new Replica({
    ...{
      keys: path("keys.json"),
      ownKey: path("south.key"),
      rules: COUNTER_RULES,
      segmentBytes: SEGMENT_BYTES,
    },
    ...{ application: () => new Counter(), news: () => {} },
    primaries: [{ host: HOST, port: north.port }],
    directory: await openDataDirectory(path("south")),
    ...some,
  });
  undo.push(() => replica.stop());
  return replica;
}

// It restored the snapshot that had come, which takes a thread nothing, and was said to wait for its disk.
test("a replica that begins anew does not wait for its disk, however long its application takes", async () => {
  const monotonicMicros = vi.spyOn(SystemClock.prototype, "monotonicMicros");
  undo.push(async () => monotonicMicros.mockRestore());
  const stalls: (string | undefined)[] = [];
  let begun = 0;
  const replica = await diverges({
    application: () => {
      if (++begun === 1) return new Counter();
      const now_us = new SystemClock().monotonicMicros();
      monotonicMicros.mockReturnValueOnce(now_us + 10_000_000);
      stalls.push(replica.view.stall);
      return new Counter();
    },
    // As every second.
    news: (line) => line.startsWith("the journal is open") && replica.view.turned(1, true),
  });
  await until(() => begun === 2);
  expect(stalls).toEqual([undefined]);
});

// It followed nobody, and nothing said why.
test("a replica that can't begin anew, because its snapshot's disk hangs, says so, and does when that answers", async () => {
  const answers = Promise.withResolvers<void>();
  const shadow = () => ({ take: () => new Promise<never>(() => {}), stop: () => answers.promise });
  const listener = { taken: () => {}, notTaken: () => {} };
  const told: string[] = [];
  let begun = 0;
  await diverges({
    application: () => {
      begun++;
      return new Counter();
    },
    snapshots: { shadow, every: 0, listener },
    news: (line, isWarning) => isWarning && told.push(line),
  });
  await until(() => told.length > 0);
  expect([told, begun]).toEqual([
    ["it begins anew when its snapshot is broken off: that one's disk hangs"],
    1,
  ]);
  answers.resolve();
  await until(() => begun === 2);
});

test("a node that is stopped while its tenure begins ends well, and has begun none", async () => {
  const application = new Counter();
  const replication = { host: HOST, port: 0, keys: path("keys.json"), ownKey: path("north.key") };
  const runtime = await openRuntime({
    ...{ application, genesis: beginning(), rules: COUNTER_RULES, segmentBytes: SEGMENT_BYTES, replication },
    directory: await openDataDirectory(path("north")),
    tenure: { epoch: 3, forcedBy: "ann" },
  });
  const submissions = new Submissions(runtime, rules);
  // Now the journal is asked to begin the epoch; its answer finds the node without a place for the Tenure.
  runtime.run(submissions, submissions);
  await runtime.stop();
  expect(entriesOf("north")).toEqual(["1 128 0"]);
});
