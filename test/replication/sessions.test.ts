// A primary's and a replica's session against each other: what each refuses, how they catch up, and that under loss,
// delay, duplication and cut links the replica's history is the primary's and nothing is believed that is not so.

import { expect, test } from "vitest";
import { Prng, WordBuffer } from "../../src/base/index.ts";
import {
  encodeReplicationRefusal,
  MessageStream,
  NodeRole,
  RefusalCode,
  readAck,
  StreamFault,
  writeAck,
  writeHeartbeat,
} from "../../src/protocol/index.ts";
import {
  ASK_US,
  AskingSession,
  HEARTBEAT_US,
  obeyedRefusal,
  PRESENT_US,
  ServingSession,
  SILENCE_US,
} from "../../src/replication/index.ts";
import { SECTOR_BYTES } from "../../src/segment/index.ts";
import { checksums, type MemoryLog, Pair, Pipe, PrimaryNode, ReplicaNode, rows } from "./support.ts";

/** Frame by frame the same bytes. */
function expectSameHistory(primary: PrimaryNode, replica: ReplicaNode): void {
  expect(replica.log.frames.map((frame) => frame.length)).toEqual(
    primary.frames.map((frame) => frame.length),
  );
  expect(Buffer.concat(replica.log.frames).equals(Buffer.concat(primary.frames))).toBe(true);
}

function sendAck(pair: Pair, epoch: number, inMemory: number, persisted: number): void {
  const buffer = new WordBuffer(64);
  const total = writeAck(buffer, { epoch, inMemory, persisted }, checksums);
  pair.serving.received(buffer.bytes.subarray(0, total), 0);
}

test("a new replica gets the whole journal, byte for byte, then each frame as it is made", () => {
  const primary = new PrimaryNode({ frames: 60 });
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  pair.settle();
  expectSameHistory(primary, replica);
  expect(rows(primary)).toEqual([[0, primary.writer.position, primary.writer.position]]);
  for (let i = 0; i < 100; i++) {
    primary.append(1 + (i % 30));
    pair.settle();
    expect(replica.log.position).toBe(primary.writer.position);
  }
  expectSameHistory(primary, replica);
  expect(replica.log.segments.at(-1)).toBeGreaterThan(3);
  expect(pair.following.ended).toBeUndefined();
});

test("memory is acknowledged before the disk is asked, room is made behind both, all once per delivery", () => {
  const primary = new PrimaryNode();
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  pair.settle();
  const order: string[] = [];
  const { log } = replica;
  log.sync = () => {
    order.push(`sync ${log.position}`);
    log.persisted = log.position;
  };
  log.prepareNext = (whenIdle) => order.push(`prepare ${whenIdle ? "all" : "ahead"}`);
  const acks = new MessageStream(checksums);
  pair.up.write = (bytes) => {
    acks.receive(bytes, (_, at) => {
      const { inMemory, persisted } = readAck(acks.buffer, at);
      order.push(`ack ${inMemory} in memory, ${persisted} on the disk`);
      return true;
    });
  };
  primary.append(3);
  while (pair.serving.send(0));
  pair.down.deliver(new Prng(1), (bytes) => pair.following.received(bytes, 0));
  const acknowledged = ["ack 4 in memory, 1 on the disk", "sync 4", "ack 4 in memory, 4 on the disk"];
  expect(order).toEqual([...acknowledged, "prepare ahead"]);
});

// A slow disk and many small frames read at once: it said nothing for longer than a silence may last, and was dropped again and again.
test("a replica says how far it has come while it stores many frames, and its disk's time is no silence", () => {
  const primary = new PrimaryNode({ liveBytes: 65_536 });
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  pair.settle();
  const said: string[] = [];
  const acks = new MessageStream(checksums);
  pair.up.write = (bytes) => {
    acks.receive(bytes, (_, at) => {
      const { inMemory, persisted } = readAck(acks.buffer, at);
      said.push(`${inMemory} in memory, ${persisted} on the disk`);
      return true;
    });
  };
  for (let i = 0; i < 70; i++) primary.append(1);
  expect([1, 2, 3].map(() => pair.serving.send(0))).toEqual([true, true, false]);
  const pieces: Uint8Array[] = [];
  pair.down.deliver(new Prng(1), (piece) => pieces.push(piece));
  pair.following.received(Buffer.concat(pieces), 0);
  const inMemory = [33, 65, 71].map((position) => `${position} in memory, 1 on the disk`);
  expect(said).toEqual([...inMemory, "71 in memory, 71 on the disk"]);
  pair.following.stored(SILENCE_US);
  pair.following.tick(2 * SILENCE_US);
  expect(pair.following.ended).toBeUndefined();
});

test("a replica too slow for the live frames is put back to the journal, and catches up", () => {
  const primary = new PrimaryNode({ liveBytes: 2048 });
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  pair.settle();
  for (let i = 0; i < 200; i++) primary.append(20);
  pair.settle();
  expectSameHistory(primary, replica);
});

test("a frame longer than the live memory reaches a replica through the journal", () => {
  const primary = new PrimaryNode({ liveBytes: 1024 });
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  pair.settle();
  primary.append(100);
  primary.append(1);
  pair.settle();
  expectSameHistory(primary, replica);
});

test("a replica that connects again goes on where it was, with its true position in the view at once", () => {
  const primary = new PrimaryNode({ frames: 10 });
  const replica = new ReplicaNode();
  const first = new Pair(primary, replica);
  first.settle();
  first.serving.close();
  expect(rows(primary)).toEqual([]);
  const had = replica.log.position;
  primary.append(7);
  replica.log.persisted = had - 1;
  const second = new Pair(primary, replica);
  second.down.deliver(new Prng(1), (bytes) => second.following.received(bytes, 0));
  second.up.deliver(new Prng(1), (bytes) => second.serving.received(bytes, 0));
  expect(rows(primary)).toEqual([[0, had, had - 1]]);
  second.settle();
  expectSameHistory(primary, replica);
});

test("a replica that connects again before its old connection was found dead takes its own seat", () => {
  const primary = new PrimaryNode({ seats: ["south"] });
  const replica = new ReplicaNode();
  const old = new Pair(primary, replica);
  old.settle();
  const fresh = new Pair(primary, replica, PRESENT_US);
  fresh.settle(PRESENT_US);
  expect([old.serving.ended, fresh.serving.ended]).toEqual([{ kind: "closed" }, undefined]);
  expect(rows(primary)).toHaveLength(1);
  expect(PRESENT_US).toBeLessThan(SILENCE_US);
  const other = new Pair(primary, new ReplicaNode("west"));
  other.settle();
  expect(other.following.ended).toMatchObject({ kind: "refused by peer", code: RefusalCode.Full });
});

test("a second node of one name is refused while the first one is heard, whose session goes on", () => {
  const primary = new PrimaryNode({ frames: 10 });
  const first = new Pair(primary, new ReplicaNode());
  first.settle();
  const twin = new ReplicaNode();
  for (let now_us = 0; now_us < 4 * SILENCE_US; now_us += HEARTBEAT_US) {
    first.serving.tick(now_us);
    first.settle(now_us);
    const second = new Pair(primary, twin, now_us);
    second.settle(now_us);
    expect(second.following.ended).toMatchObject({ code: RefusalCode.NameInUse, isProved: true });
  }
  expect([first.serving.ended, twin.log.position, twin.welcomes]).toEqual([undefined, 0, 0]);
});

/** A replica with the primary's first frames, and a claim of its own. */
function replicaOf(primary: PrimaryNode, claim: (log: MemoryLog) => Partial<MemoryLog>): ReplicaNode {
  const replica = new ReplicaNode();
  for (const frame of primary.frames.slice(0, 5)) replica.log.append(frame, 1);
  replica.log.sync();
  Object.assign(replica.log, claim(replica.log));
  return replica;
}

const { Diverged, Ahead, StaleEpoch, BadMessage } = RefusalCode;

test.each<[name: string, claim: (log: MemoryLog) => Partial<MemoryLog>, code: RefusalCode, stops: boolean]>([
  ["another chain value", () => ({ chain: new Uint8Array(32).fill(7) }), Diverged, false],
  ["a position where no frame ends", () => ({ position: 4, persisted: 4 }), Diverged, false],
  ["a surplus of an older tenure", () => ({ position: 900, epoch: 0 }), Diverged, false],
  ["a surplus of this tenure", () => ({ position: 900 }), Ahead, true],
  ["a higher epoch", () => ({ epoch: 2 }), StaleEpoch, true],
  ["more on disk than it has", ({ position }) => ({ persisted: position + 1 }), BadMessage, false],
])("a replica with %s is refused, and never counts", (_, claim, code, stops) => {
  const primary = new PrimaryNode({ frames: 10 });
  const pair = new Pair(primary, replicaOf(primary, claim));
  pair.settle();
  expect(pair.serving.ended).toEqual({ kind: "refused", code });
  expect(pair.following.ended).toMatchObject({ kind: "refused by peer", code, isProved: true });
  expect(primary.stops).toEqual(stops ? [code] : []);
  expect(rows(primary)).toEqual([]);
});

/** What a replica at 40 of epoch 3, which has promised epoch 5, does when it is refused. */
test.each<[name: string, code: RefusalCode, epoch: number, isProved: boolean, isObeyed: boolean]>([
  ["Diverged by the primary of a later epoch", Diverged, 6, true, true],
  ["Diverged by that of its own epoch, whatever it has promised", Diverged, 3, true, true],
  ["Diverged by an older one", Diverged, 2, true, false],
  ["Diverged by nobody knows whom", Diverged, 9, false, false],
  ["NoSnapshot in the epoch that it has promised", RefusalCode.NoSnapshot, 5, true, true],
  ["NoSnapshot by one that was replaced: another one may have it", RefusalCode.NoSnapshot, 4, true, false],
  ["NotAuthorised by its primary", RefusalCode.NotAuthorised, 5, true, true],
  ["NotAuthorised by nobody knows whom", RefusalCode.NotAuthorised, 9, false, false],
  ["NotPrimary, proved or not", RefusalCode.NotPrimary, 9, true, false],
])(
  "a refusal changes what a replica has or does only when it must: %s",
  (_, code, epoch, isProved, isObeyed) => {
    const ended = { kind: "refused by peer", code, epoch, position: 40, isProved } as const;
    expect(obeyedRefusal(ended, { logEpoch: 3, highestEpoch: 5 })).toBe(isObeyed ? code : undefined);
  },
);

test.each<[name: string, refusal: () => Uint8Array]>([
  ["before it has said who it is", () => encodeReplicationRefusal(REFUSAL, undefined, checksums)],
  [
    "with a proof of another connection",
    () => {
      const primary = new PrimaryNode({ frames: 10 });
      const pair = new Pair(
        primary,
        replicaOf(primary, () => ({ position: 900, epoch: 0 })),
      );
      return lastMessage(pair);
    },
  ],
])("a refusal %s is no proved one", (_, refusal) => {
  const pair = new Pair(new PrimaryNode(), new ReplicaNode());
  const bytes = refusal();
  pair.down.deliver(new Prng(1), (piece) => pair.following.received(piece, 0));
  pair.following.received(bytes, 0);
  expect(pair.following.ended).toMatchObject({ kind: "refused by peer", code: Diverged, isProved: false });
});

const REFUSAL = { code: Diverged, epoch: 9, position: 900 };

/** What the listener said last, as it went over the wire. */
function lastMessage(pair: Pair): Uint8Array {
  let last = new Uint8Array();
  const { down } = pair;
  const write = down.write.bind(down);
  down.write = (bytes) => {
    last = bytes.slice();
    write(bytes);
  };
  pair.settle();
  expect(pair.following.ended).toMatchObject({ code: Diverged, isProved: true });
  return last;
}

test.each<[name: string, replica: () => ReplicaNode]>([
  ["a name that is not known", () => new ReplicaNode("east")],
  ["another node's name", () => Object.assign(new ReplicaNode("east"), { name: "south" })],
])("%s is refused before anything is said of the journal", (_, replica) => {
  const primary = new PrimaryNode();
  const pair = new Pair(primary, replica());
  pair.settle();
  expect(pair.serving.ended).toEqual({ kind: "refused", code: RefusalCode.NotAuthorised });
  expect(rows(primary)).toEqual([]);
});

test("a replica refuses a primary that can't prove who it is, and one of an older epoch than it has heard of", () => {
  const stranger = new Pair(new PrimaryNode(), new ReplicaNode("south", ["west"]));
  stranger.settle();
  expect(stranger.following.ended).toEqual({ kind: "refused", code: RefusalCode.NotAuthorised });
  const primary = new PrimaryNode();
  const replica = Object.assign(new ReplicaNode(), { highestEpoch: 2 });
  const stale = new Pair(primary, replica);
  stale.settle();
  expect(stale.following.ended).toEqual({ kind: "refused", code: RefusalCode.StaleEpoch });
  expect([primary.stops, primary.promises]).toEqual([[], ["south: 2"]]);
});

test("a replica that is welcomed acknowledges at once: it has promised to follow nothing older", () => {
  const primary = new PrimaryNode();
  const replica = replicaOf(primary, () => ({}));
  const pair = new Pair(primary, replica);
  pair.settle();
  expect(primary.promises).toEqual(["south"]);
  expect(primary.claims).toMatchObject([{ name: "south", position: primary.writer.position, isWarm: false }]);
});

test("a node that is asked says how it stands, and who asks knows that it is that node", () => {
  const primary = new PrimaryNode();
  const [there, back] = [new Pipe(), new Pipe()];
  const serving = new ServingSession(primary, back, 0);
  const asking = new AskingSession(new ReplicaNode(), there, 0);
  const prng = new Prng(1);
  for (let i = 0; i < 4; i++) {
    back.deliver(prng, (bytes) => asking.received(bytes));
    there.deliver(prng, (bytes) => serving.received(bytes, 0));
  }
  const { position } = primary.writer;
  expect(asking.standing).toMatchObject({ name: "north", role: NodeRole.Primary, epoch: 1, position });
  expect([asking.ended, serving.ended]).toEqual([{ kind: "closed" }, { kind: "closed" }]);
  expect(primary.claims).toEqual([]);
});

test("an answer that nobody proves is none, and silence ends the question", () => {
  const [there, back] = [new Pipe(), new Pipe()];
  const serving = new ServingSession(new PrimaryNode(), back, 0);
  const asking = new AskingSession(new ReplicaNode("south", ["west"]), there, 0);
  const prng = new Prng(1);
  for (let i = 0; i < 4; i++) {
    back.deliver(prng, (bytes) => asking.received(bytes));
    there.deliver(prng, (bytes) => serving.received(bytes, 0));
  }
  expect([asking.standing, asking.ended]).toEqual([
    undefined,
    { kind: "refused", code: RefusalCode.NotAuthorised },
  ]);
  const silent = new AskingSession(new ReplicaNode(), new Pipe(), 0);
  silent.tick(ASK_US);
  expect(silent.ended).toBe(undefined);
  silent.tick(ASK_US + 1);
  expect(silent.ended).toEqual({ kind: "silent" });
});

test("a node that is no primary is not followed", () => {
  const primary = new PrimaryNode();
  primary.primary = undefined;
  const pair = new Pair(primary, new ReplicaNode());
  pair.settle();
  expect(pair.following.ended).toMatchObject({ kind: "refused by peer", code: RefusalCode.NotPrimary });
});

test.each<[name: string, epoch: number, ahead: number, code: RefusalCode, stops: boolean]>([
  ["ahead of what was sent", 1, 1, RefusalCode.AckAhead, false],
  ["that goes back", 1, -1, RefusalCode.BadMessage, false],
  ["of an older epoch", 0, 0, RefusalCode.StaleEpoch, false],
  ["of a higher epoch", 2, 0, RefusalCode.StaleEpoch, true],
])("an acknowledgement %s ends the session and leaves the view", (_, epoch, ahead, code, stops) => {
  const primary = new PrimaryNode({ frames: 10 });
  const pair = new Pair(primary, new ReplicaNode());
  pair.settle();
  const { position } = primary.writer;
  primary.append(1);
  sendAck(pair, epoch, position + ahead, position + Math.min(0, ahead));
  expect(pair.serving.ended).toEqual({ kind: "refused", code });
  expect(primary.stops).toEqual(stops ? [code] : []);
  expect(rows(primary)).toEqual([]);
});

// The error flew out of the socket's event, and ended the thread with the healthy replica's row.
test.each(["at its logon", "while it catches up"])(
  "a replica whose frames the primary's disk does not give (%s) is lost, and no other",
  (when) => {
    const primary = new PrimaryNode({ frames: 200 });
    const [healthy, west] = [new ReplicaNode(), new ReplicaNode("west")];
    const pair = new Pair(primary, healthy);
    pair.settle();
    if (when === "at its logon") {
      for (const frame of primary.frames.slice(0, 5)) west.log.append(frame, 1);
      west.log.sync();
    }
    const file = "d/journal-0000000001.seg";
    const bytes = primary.disk.contents(file);
    primary.disk.overwrite(file, bytes.fill(0, SECTOR_BYTES, SECTOR_BYTES + 512));
    const lost = new Pair(primary, west);
    lost.settle();
    expect(lost.serving.claimant).toBe("west");
    expect(lost.serving.ended).toMatchObject({ kind: "unreadable", why: expect.stringContaining(file) });
    primary.append(1);
    pair.settle();
    expect(rows(primary)).toEqual([[0, primary.writer.position, primary.writer.position]]);
  },
);

test("a frame that does not follow is never stored: the replica says so and ends", () => {
  const primary = new PrimaryNode({ frames: 10 });
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  pair.settle();
  replica.log.chain.fill(9);
  primary.append(2);
  const had = replica.log.frames.length;
  pair.settle();
  expect(replica.log.frames).toHaveLength(had);
  expect(pair.following.ended).toEqual({ kind: "refused", code: RefusalCode.Gap });
  expect(pair.following.why).toBe("its chain value does not follow");
  expect(pair.serving.ended).toMatchObject({ kind: "refused by peer", code: RefusalCode.Gap });
  expect(rows(primary)).toEqual([]);
});

test("bytes that are no message end either side", () => {
  const pair = new Pair(new PrimaryNode(), new ReplicaNode());
  pair.serving.received(new Uint8Array(64).fill(1), 0);
  pair.following.received(new Uint8Array(64).fill(1), 0);
  const bad = { kind: "bad stream", fault: StreamFault.BadMagic };
  expect([pair.serving.ended, pair.following.ended]).toEqual([bad, bad]);
});

test("a heartbeat of another epoch than the one it was welcomed in ends a replica's session", () => {
  const primary = new PrimaryNode();
  const pair = new Pair(primary, new ReplicaNode());
  pair.settle();
  const beat = (epoch: number) => {
    const buffer = new WordBuffer(64);
    const bytes = writeHeartbeat(buffer, { epoch, released: 0 }, checksums);
    pair.following.received(buffer.bytes.subarray(0, bytes), 0);
  };
  beat(1);
  expect(pair.following.ended).toBe(undefined);
  beat(0);
  expect(pair.following.ended).toEqual({ kind: "refused", code: RefusalCode.StaleEpoch });
});

test("a link that says nothing is over after 2 s for both; one with heartbeats goes on", () => {
  const primary = new PrimaryNode();
  const pair = new Pair(primary, new ReplicaNode());
  pair.settle();
  for (let now_us = 0; now_us <= 20_000_000; now_us += 100_000) {
    pair.serving.tick(now_us);
    pair.following.tick(now_us);
    pair.settle(now_us);
  }
  expect([pair.serving.ended, pair.following.ended]).toEqual([undefined, undefined]);
  pair.serving.tick(22_100_000);
  pair.following.tick(22_100_000);
  expect([pair.serving.ended, pair.following.ended]).toEqual([{ kind: "silent" }, { kind: "silent" }]);
  expect(rows(primary)).toEqual([]);
});

test("a frame that is longer on its way than the silence of a dead link comes all the same", () => {
  const primary = new PrimaryNode();
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  pair.settle();
  primary.append(120);
  let now_us = 0;
  for (; replica.log.position < primary.writer.position && now_us < 10_000_000; now_us += 100_000) {
    pair.serving.send(now_us);
    pair.down.deliverSome(50, (bytes) => pair.following.received(bytes, now_us));
    pair.up.deliver(new Prng(1), (bytes) => pair.serving.received(bytes, now_us));
    pair.serving.tick(now_us);
    pair.following.tick(now_us);
  }
  expect(now_us).toBeGreaterThan(SILENCE_US);
  expect([pair.serving.ended, pair.following.ended]).toEqual([undefined, undefined]);
  expectSameHistory(primary, replica);
});

const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1);

test.each(SEEDS)("loss, delay, duplication and cut links never show in what was stored (seed %i)", (seed) => {
  const prng = new Prng(seed);
  const primary = new PrimaryNode({ liveBytes: 4096 });
  const replica = new ReplicaNode();
  let pair: Pair | undefined;
  let connectAt_us = 0;
  const spoil = (piece: Uint8Array): Uint8Array[] => {
    if (prng.chance(0.002)) return [];
    if (prng.chance(0.002)) return [piece, piece];
    if (prng.chance(0.002)) return [piece.map((byte, i) => (i === 0 ? byte ^ 64 : byte))];
    return [piece];
  };
  const step = (now_us: number, isFaulty: boolean): void => {
    if (pair === undefined && now_us >= connectAt_us) pair = new Pair(primary, replica, now_us);
    if (pair === undefined) return;
    const { down, up, serving, following } = pair;
    for (const pipe of [down, up]) {
      pipe.now_us = now_us;
      pipe.delay_us = isFaulty ? prng.between(0, 30_000) : 1_000;
    }
    while (serving.send(now_us));
    down.deliver(prng, (bytes) => following.received(bytes, now_us), isFaulty ? spoil : undefined);
    up.deliver(prng, (bytes) => serving.received(bytes, now_us), isFaulty ? spoil : undefined);
    serving.tick(now_us);
    following.tick(now_us);
    if (serving.ended === undefined && following.ended === undefined && !(isFaulty && prng.chance(0.01)))
      return;
    serving.close();
    following.close();
    pair = undefined;
    connectAt_us = now_us + prng.between(0, 300_000);
  };
  let now_us = 0;
  for (let i = 0; i < 1_000; i++) {
    now_us += 5_000;
    if (prng.chance(0.5)) primary.append(prng.between(1, 120));
    if (prng.chance(0.2)) primary.writer.sync();
    step(now_us, true);
    for (const [, inMemory, persisted] of rows(primary)) {
      expect(inMemory).toBeLessThanOrEqual(replica.log.position);
      expect(persisted).toBeLessThanOrEqual(replica.log.persisted);
    }
  }
  for (let i = 0; i < 2_000 && replica.log.position < primary.writer.position; i++) {
    now_us += 5_000;
    step(now_us, false);
  }
  expectSameHistory(primary, replica);
  expect(primary.stops).toEqual([]);
  expect(replica.welcomes).toBeGreaterThan(3);
});

test("each replica has its own row, whoever comes and goes: so that a row says who was heard", () => {
  const primary = new PrimaryNode();
  const first = new Pair(primary, new ReplicaNode("west"));
  first.settle();
  expect(rows(primary).map(([replica]) => replica)).toEqual([1]);
  first.serving.close();
  const second = new Pair(primary, new ReplicaNode("south"));
  second.settle();
  const third = new Pair(primary, new ReplicaNode("west"));
  third.settle();
  second.serving.close();
  expect(rows(primary).map(([replica]) => replica)).toEqual([1]);
});
