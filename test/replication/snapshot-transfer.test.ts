// A replica that lacks what the primary's journal no longer has: it is sent a snapshot, begins with that, and gets the rest.
// On links that lose, repeat, spoil and end, and with files that go or rot meanwhile, what stands in the end is whole.

import { describe, expect, test } from "vitest";
import { Prng, SeriatimError, type Storage } from "../../src/base/index.ts";
import { OutgoingSnapshots } from "../../src/journal/index.ts";
import { RefusalCode, SNAPSHOT_PART_BYTES_MAX, StreamFault } from "../../src/protocol/index.ts";
import { HEARTBEAT_US, History, SnapshotSender } from "../../src/replication/index.ts";
import { failingLooks } from "../support/failing-looks.ts";
import { APPLICATION, Pair, PrimaryNode, ReplicaNode, rows, stateAt } from "./support.ts";

/** Three parts, the last of them short. */
const STATE_BYTES = SNAPSHOT_PART_BYTES_MAX * 2 + 1_001;

/** Its first segments are gone, covered by a snapshot; frames follow that. */
function retiredPrimary(stateBytes = STATE_BYTES): PrimaryNode {
  const primary = new PrimaryNode({ frames: 150 });
  primary.takeSnapshot(stateBytes);
  primary.retire();
  for (let i = 0; i < 20; i++) primary.append(3);
  return primary;
}

/** Connects as often as it takes. */
function follow(primary: PrimaryNode, replica: ReplicaNode, tries = 8): Pair {
  for (let i = 0; ; i++) {
    const pair = new Pair(primary, replica);
    pair.settle();
    if (pair.following.ended === undefined || i === tries) return pair;
    // Its connection ends with it.
    pair.serving.close();
    if (pair.following.ended.kind === "snapshot received") replica.beginWithReceived();
  }
}

function expectRestIsPrimarys(primary: PrimaryNode, replica: ReplicaNode): void {
  expect(replica.log.position).toBe(primary.writer.position);
  expect(Buffer.from(replica.log.chain).equals(primary.writer.chain)).toBe(true);
  const own = Buffer.concat(replica.log.frames);
  const all = Buffer.concat(primary.frames);
  expect(own.equals(all.subarray(all.length - own.length))).toBe(true);
}

test.each<[name: string, stateBytes: number]>([
  ["of several parts", STATE_BYTES],
  ["of exactly one part with its header", SNAPSHOT_PART_BYTES_MAX - 256],
  ["with no state at all", 0],
])("a new replica behind retired segments gets a snapshot %s, then the frames behind it", (_, stateBytes) => {
  const primary = retiredPrimary(stateBytes);
  const at = primary.writer.position - 60;
  const replica = new ReplicaNode();
  const pair = follow(primary, replica);
  expect(pair.following.isFollowing).toBe(true);
  expect([replica.received, replica.state]).toEqual([1, stateAt(at, stateBytes)]);
  expect(replica.log.frames.length).toBe(20);
  expectRestIsPrimarys(primary, replica);
  expect(rows(primary)).toEqual([[0, primary.writer.position, primary.writer.position]]);
});

test("a replica far behind gets one too, and counts for nothing before it has logged on with it", () => {
  const primary = new PrimaryNode({ frames: 30 });
  const replica = new ReplicaNode();
  const first = new Pair(primary, replica);
  first.settle();
  first.serving.close();
  for (let i = 0; i < 150; i++) primary.append(20);
  primary.takeSnapshot(STATE_BYTES);
  primary.retire();
  const second = new Pair(primary, replica);
  second.down.deliver(new Prng(1), (bytes) => second.following.received(bytes, 0));
  second.up.deliver(new Prng(1), (bytes) => second.serving.received(bytes, 0));
  expect(second.serving.snapshotTo).toEqual({ name: "south", position: primary.writer.position });
  second.settle();
  expect(second.following.ended).toEqual({ kind: "snapshot received" });
  expect(rows(primary)).toEqual([]);
  replica.beginWithReceived();
  follow(primary, replica);
  expectRestIsPrimarys(primary, replica);
});

test("what a replica had before is not shown while a snapshot comes: nobody has compared it with this history", () => {
  const primary = retiredPrimary();
  const replica = new ReplicaNode();
  const other = new PrimaryNode({ frames: 0 });
  other.append(20);
  replica.log.append(other.frames[0], 1);
  const pair = new Pair(primary, replica);
  sendSteps(pair, FIRST_PART);
  sendSteps(pair, 0);
  pair.serving.tick(HEARTBEAT_US);
  sendSteps(pair, 0);
  expect(pair.serving.snapshotTo).toBeDefined();
  expect([replica.log.position, replica.lastReleased]).toEqual([20, 0]);
  expect(pair.following.primaryPosition).toBe(primary.writer.position);
});

test("one whose next frame is still there gets that, whatever snapshots there are", () => {
  const primary = retiredPrimary();
  const replica = new ReplicaNode();
  follow(primary, replica).serving.close();
  primary.takeSnapshot();
  primary.append(5);
  follow(primary, replica);
  expect(replica.received).toBe(1);
  expectRestIsPrimarys(primary, replica);
});

const path = ({ position }: { position: number }) =>
  `snapshots/snapshot-${String(position).padStart(16, "0")}.snap`;

/** Another byte at `offset`, as a disk that rots has it. */
function rot(primary: PrimaryNode, file: string, offset: number): void {
  const bytes = primary.disk.contents(file);
  bytes[offset] ^= 1;
  primary.disk.overwrite(file, bytes);
}

describe("a snapshot that does not hold is not sent", () => {
  test("the one before it is, when the journal still goes on behind that", () => {
    const primary = retiredPrimary();
    const older = primary.writer.position - 60;
    primary.takeSnapshot(STATE_BYTES);
    rot(primary, path(primary.writer), STATE_BYTES);
    const replica = new ReplicaNode();
    follow(primary, replica);
    expect([replica.received, replica.state]).toEqual([1, stateAt(older, STATE_BYTES)]);
    expectRestIsPrimarys(primary, replica);
  });

  test("without another one the replica is refused, and told so", () => {
    const primary = retiredPrimary();
    rot(primary, path({ position: primary.writer.position - 60 }), 300);
    const pair = follow(primary, new ReplicaNode());
    expect(pair.following.ended).toMatchObject({ kind: "refused by peer", code: RefusalCode.NoSnapshot });
  });

  test("nor is one of another history, whatever its file says", () => {
    const primary = retiredPrimary();
    const other = new PrimaryNode({ frames: 151 });
    for (let i = 0; i < 20; i++) other.append(3);
    other.takeSnapshot();
    const file = path(other.writer);
    const copy = primary.disk.create(file);
    copy.write(other.disk.contents(file), 0, other.disk.contents(file).length, 0);
    copy.close();
    while (primary.writer.position < other.writer.position) primary.append(1);
    const replica = new ReplicaNode();
    follow(primary, replica);
    expect(replica.received).toBe(1);
    expectRestIsPrimarys(primary, replica);
  });
});

test("a primary without any snapshot refuses", () => {
  const primary = retiredPrimary();
  primary.disk.remove(path({ position: primary.writer.position - 60 }));
  const pair = follow(primary, new ReplicaNode());
  expect(pair.following.ended).toMatchObject({ kind: "refused by peer", code: RefusalCode.NoSnapshot });
});

/** Sends until `count` messages lie in the pipe. */
function sendSteps(pair: Pair, count: number): void {
  pair.down.deliver(new Prng(1), (bytes) => pair.following.received(bytes, 0));
  pair.up.deliver(new Prng(1), (bytes) => pair.serving.received(bytes, 0));
  for (let i = 0; i < count; i++) pair.serving.send(0);
}

/** Until the first part has left: a header and three pieces are checked, then the beginning is said. */
const FIRST_PART = 5;

test("a file that is removed while it is sent is sent to its end", () => {
  const primary = retiredPrimary();
  const pair = new Pair(primary, new ReplicaNode());
  sendSteps(pair, FIRST_PART);
  for (let i = 0; i < 3; i++) {
    primary.append(2);
    primary.takeSnapshot();
  }
  primary.disk.remove(path({ position: primary.writer.position - 66 }));
  pair.settle();
  expect(pair.following.ended).toEqual({ kind: "snapshot received" });
});

test("a snapshot whose following frames are gone when it has come is followed by a newer one", () => {
  const primary = retiredPrimary();
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  sendSteps(pair, FIRST_PART);
  for (let i = 0; i < 150; i++) primary.append(20);
  primary.takeSnapshot();
  primary.retire();
  pair.settle();
  pair.serving.close();
  replica.beginWithReceived();
  follow(primary, replica);
  expect(replica.received).toBe(2);
  expectRestIsPrimarys(primary, replica);
});

test("frames that are retired while they are sent end the session, and the next one sends a snapshot", () => {
  const primary = new PrimaryNode({ frames: 200 });
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  sendSteps(pair, 1);
  primary.takeSnapshot();
  primary.retire();
  pair.settle();
  expect(pair.serving.ended).toEqual({ kind: "closed" });
  follow(primary, replica);
  expect(replica.received).toBe(1);
  expectRestIsPrimarys(primary, replica);
});

test("a file that changes after it was checked is not taken for a snapshot: its digest is another one", () => {
  const primary = retiredPrimary();
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  sendSteps(pair, FIRST_PART);
  rot(primary, path({ position: primary.writer.position - 60 }), STATE_BYTES);
  pair.settle();
  expect(pair.following.ended).toEqual({ kind: "refused", code: RefusalCode.Gap });
  expect(pair.following.why).toBe("the snapshot's digest is not the one announced");
  expect(replica.disk.list("incoming")).toEqual([]);
});

test("a byte that changes on its way ends the session, and nothing of what came stays", () => {
  const primary = retiredPrimary();
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  sendSteps(pair, FIRST_PART + 2);
  let seen = 0;
  pair.down.deliver(
    new Prng(1),
    (bytes) => pair.following.received(bytes, 0),
    (piece) => {
      seen += piece.length;
      return [
        seen > SNAPSHOT_PART_BYTES_MAX && seen - piece.length <= SNAPSHOT_PART_BYTES_MAX
          ? flipped(piece)
          : piece,
      ];
    },
  );
  expect(pair.following.ended).toEqual({ kind: "bad stream", fault: StreamFault.BadChecksum });
  expect(replica.disk.list("incoming")).toEqual([]);
});

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 16 : byte));
}

test("a slow link with a snapshot on it is not taken for a dead one, a dead one is", () => {
  const primary = retiredPrimary();
  const replica = new ReplicaNode();
  const pair = new Pair(primary, replica);
  sendSteps(pair, 0);
  let now_us = 0;
  const beat = (): void => {
    pair.serving.tick(now_us);
    pair.following.tick(now_us);
  };
  // A kilobyte and a half at a time, ten times a second.
  for (; pair.following.ended === undefined && now_us < 120_000_000; now_us += 100_000) {
    pair.serving.send(now_us);
    pair.down.deliverSome(1_500, (bytes) => pair.following.received(bytes, now_us));
    pair.up.deliver(new Prng(1), (bytes) => pair.serving.received(bytes, now_us));
    beat();
  }
  expect(pair.following.ended).toEqual({ kind: "snapshot received" });
  pair.serving.close();
  const cut = new Pair(primary, replica, now_us);
  sendSteps(cut, FIRST_PART);
  now_us += 2_100_000;
  cut.serving.tick(now_us);
  cut.following.tick(now_us);
  expect([cut.serving.ended, cut.following.ended]).toEqual([{ kind: "silent" }, { kind: "silent" }]);
});

const SEEDS = [1, 2, 3];

test.each(SEEDS)(
  "on bad links, with segments that go, a replica has the primary's history in the end (seed %i)",
  (seed) => {
    const prng = new Prng(seed);
    const primary = new PrimaryNode({ liveBytes: 4096 });
    const replica = new ReplicaNode();
    let isFaulty = true;
    const spoil = (piece: Uint8Array): Uint8Array[] => {
      if (!isFaulty || !prng.chance(0.002)) return [piece];
      return prng.pick([[], [piece, piece], [flipped(piece)]]);
    };
    for (let i = 0; i < 120; i++) {
      isFaulty = i < 100;
      for (let frame = prng.between(0, 12); frame > 0; frame--) primary.append(prng.between(1, 120));
      if (prng.chance(0.3)) primary.takeSnapshot(prng.between(0, STATE_BYTES));
      if (prng.chance(0.3)) primary.retire();
      const pair = new Pair(primary, replica);
      for (let turn = isFaulty ? prng.between(1, 60) : 10_000; turn > 0; turn--) {
        const more = pair.serving.send(0);
        pair.down.deliver(prng, (bytes) => pair.following.received(bytes, 0), spoil);
        pair.up.deliver(prng, (bytes) => pair.serving.received(bytes, 0), spoil);
        if (pair.following.ended !== undefined || (!more && pair.serving.sent === primary.writer.position))
          break;
      }
      if (pair.following.ended?.kind === "snapshot received") replica.beginWithReceived();
      pair.serving.close();
      pair.following.close();
    }
    expectRestIsPrimarys(primary, replica);
    expect(replica.received).toBeGreaterThan(1);
    expect(replica.disk.openFiles).toBe(0);
    expect(primary.stops).toEqual([]);
  },
);

// The snapshot that it had opened, and could not compare with the log for want of a descriptor, stayed open: one more for every try.
test("whichever look at the disk fails while a snapshot is chosen, no file stays open", () => {
  const primary = retiredPrimary();
  const { disk, place, snapshots, writer } = primary;
  const open = disk.openFiles;
  const output = { hasRoom: true, write: () => {} };
  const between = { after: 0, written: writer.position };
  for (let failing = 1, hasFailed = true; hasFailed; failing++) {
    const { storage, counted } = failingLooks(disk, failing, "EMFILE");
    const source = new OutgoingSnapshots({ ...snapshots, storage }, APPLICATION);
    const history = new History({ ...place, storage });
    const choose = () => new SnapshotSender(source, history, between, output, place.checksums);
    try {
      choose().close();
    } catch (error) {
      expect(error).toMatchObject({ code: "EMFILE" });
    }
    hasFailed = counted.looks >= failing;
    expect([failing, disk.openFiles]).toEqual([failing, open]);
  }
});

test("a log whose disk can't read at all is damaged", () => {
  const primary = new PrimaryNode({ frames: 10 });
  const { disk, place, writer } = primary;
  const open = () => {
    throw new SeriatimError("EIO", "cannot read the file");
  };
  const storage = { list: (directory: string) => disk.list(directory), open } as unknown as Storage;
  const history = new History({ ...place, storage });
  expect(history.compare(writer, writer.position)).toBe("damaged");
  expect(history.damage).toBe("cannot read the file");
});

// Simulation seeds 2 (500 requests) and 440: a replica met the damage again and again, and the cluster never got on.
// A segment that somebody had moved away: a replica was sent what lies before it again and again, without a word.
const SEGMENT = "d/journal-0000000002.seg";
describe.each([
  [
    "has rotted in a segment's middle",
    "no whole frame begins here",
    (primary: PrimaryNode) => rot(primary, SEGMENT, 8_000),
  ],
  [
    "lacks a segment between others",
    "segment 2 is missing",
    (primary: PrimaryNode) => primary.disk.remove(SEGMENT),
  ],
])("where the primary's own log %s", (_, what, spoil) => {
  /** Of five segments the second is spoiled; no snapshot yet. */
  function spoiledPrimary(): PrimaryNode {
    const primary = new PrimaryNode({ frames: 1 });
    while (primary.disk.list("d").length < 5) primary.append(20);
    spoil(primary);
    return primary;
  }

  /** Its last position is of the second segment, behind the damage, and safe. */
  function behindDamage(primary: PrimaryNode): ReplicaNode {
    const replica = new ReplicaNode();
    for (const frame of primary.frames) {
      if (replica.log.position < 2 * Math.floor(16_384 / 416) * 20 - 100) replica.log.append(frame, 1);
    }
    replica.log.sync();
    return replica;
  }

  test("a replica that needs what lies there waits, and is not refused for good", () => {
    const primary = spoiledPrimary();
    const replica = new ReplicaNode();
    const pair = follow(primary, replica, 2);
    expect(pair.serving.ended).toEqual({
      kind: "unreadable",
      why: expect.stringContaining(`${SEGMENT} at offset`),
    });
    expect(pair.following.ended).toBeUndefined();
    expect(replica.log.position).toBeGreaterThan(0);
    expect(primary.primary?.history.damage).toContain(what);
  });

  test("it is sent a snapshot behind it, and goes on from there", () => {
    const primary = spoiledPrimary();
    const replica = new ReplicaNode();
    follow(primary, replica, 1);
    const had = replica.log.position;
    primary.takeSnapshot();
    const at = primary.writer.position;
    primary.append(5);
    const pair = follow(primary, replica);
    expect(pair.following.isFollowing).toBe(true);
    expect([had < at, replica.received, replica.state]).toEqual([true, 1, stateAt(at, 100)]);
    expectRestIsPrimarys(primary, replica);
  });

  test("a snapshot before it helps nobody who lacks what lies there, and is not sent", () => {
    const primary = new PrimaryNode({ frames: 1 });
    primary.takeSnapshot();
    while (primary.disk.list("d").length < 5) primary.append(20);
    spoil(primary);
    const replica = new ReplicaNode();
    follow(primary, replica, 1);
    expect(follow(primary, replica, 1).serving.ended).toMatchObject({ kind: "unreadable" });
    expect(replica.received).toBe(0);
  });

  test("one whose last position lies behind damage of its segment is compared with nothing, and sent a snapshot", () => {
    const primary = spoiledPrimary();
    const replica = behindDamage(primary);
    primary.takeSnapshot();
    primary.append(5);
    follow(primary, replica);
    expect(replica.received).toBe(1);
    expectRestIsPrimarys(primary, replica);
  });

  // What it had acknowledged was gone from its disk, and the primary's could not give it again.
  test("a snapshot from before what a replica has is never sent: it keeps that, and waits for one behind it", () => {
    const primary = new PrimaryNode({ frames: 1 });
    primary.takeSnapshot();
    while (primary.disk.list("d").length < 5) primary.append(20);
    spoil(primary);
    const replica = behindDamage(primary);
    const had = replica.log.position;
    const pair = follow(primary, replica, 2);
    expect(pair.serving.ended).toMatchObject({ kind: "unreadable" });
    expect([replica.received, replica.log.position, replica.log.persisted]).toEqual([0, had, had]);
    primary.takeSnapshot();
    primary.append(5);
    follow(primary, replica);
    expect(replica.received).toBe(1);
    expectRestIsPrimarys(primary, replica);
  });

  test("nor is it taken, should a primary send one: the replica refuses, and keeps what it has", () => {
    const primary = retiredPrimary();
    const replica = new ReplicaNode();
    const pair = new Pair(primary, replica);
    sendSteps(pair, 1);
    // As if it had logged on with all this.
    for (const frame of primary.frames) replica.log.append(frame, 1);
    pair.settle();
    const at = primary.writer.position - 60;
    expect(pair.following.ended).toEqual({ kind: "refused", code: RefusalCode.Gap });
    expect(pair.following.why).toBe(
      `a snapshot of position ${at} is sent to a node that has position ${at + 60}`,
    );
    expect([replica.log.position, replica.disk.openFiles]).toEqual([at + 60, 0]);
  });

  test("who has all that lies before and in it follows as ever", () => {
    const primary = spoiledPrimary();
    const replica = new ReplicaNode();
    for (const frame of primary.frames.slice(0, -2)) replica.log.append(frame, 1);
    const pair = follow(primary, replica);
    expect([pair.following.isFollowing, replica.received]).toEqual([true, 0]);
    expect(primary.primary?.history.damage).toBeUndefined();
    expectRestIsPrimarys(primary, replica);
  });
});
