// What a replica says of itself over its connections: whether what it acknowledged from memory is still there, and whether
// its disk may lack what it once had. The second on real journals: the disk remembers it.

import { describe, expect, test } from "vitest";
import {
  openJournal,
  putReceivedInPlace,
  ReplicaJournal,
  setAsideDiverged,
} from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import {
  ACK_POLICIES,
  decidePromotion,
  type PeerStanding,
  ReplicaStanding,
} from "../../src/replication/index.ts";
import { scanLog, wholeFrame } from "../../src/segment/index.ts";
import { journalOptions, ordersFrom } from "../journal/support.ts";

const chain = new Uint8Array(32);

function logAt(epoch: number, position: number, mayLack: boolean) {
  const log = { epoch, position, persisted: position, chain, mayLack, lacksNothing: () => {} };
  log.lacksNothing = () => {
    log.mayLack = false;
  };
  return log;
}

test("a replica is warm once it has what its primary had, and stays so over any number of connections", () => {
  const log = logAt(3, 7, false);
  const standing = new ReplicaStanding(log);
  const isWarm = () => standing.of(0).isWarm;
  expect(isWarm()).toBe(false);
  // It was restarted: what it had in memory beyond 7 is gone until it has all that the primary has by now.
  standing.welcomed({ epoch: 3, position: 500 });
  standing.heard(1);
  expect(isWarm()).toBe(false);
  log.position = 400;
  standing.heard(2);
  expect(isWarm()).toBe(false);
  // The connection is lost before that, and made again.
  standing.welcomed({ epoch: 3, position: 600 });
  log.position = 500;
  standing.heard(3);
  expect(isWarm()).toBe(false);
  log.position = 600;
  standing.heard(4);
  expect(isWarm()).toBe(true);
  // Lost again: it lacks what comes meanwhile, and has lost nothing.
  standing.welcomed({ epoch: 3, position: 900 });
  standing.heard(5);
  expect(isWarm()).toBe(true);
  expect(standing.of(5)).toMatchObject({ epoch: 3, position: 600, primaryHeard_us: 0 });
});

test("who is welcomed by a node that does not lead yet is not warm before that one's Tenure is in its log", () => {
  const log = logAt(3, 7, true);
  const standing = new ReplicaStanding(log);
  standing.welcomed({ epoch: 6, position: 7 });
  standing.heard(1);
  expect(standing.of(1)).toMatchObject({ isWarm: false, mayLack: true, epoch: 3 });
  Object.assign(log, { epoch: 6, position: 8 });
  standing.heard(2);
  expect(standing.of(2)).toMatchObject({ isWarm: true, mayLack: false, epoch: 6 });
});

interface Frame {
  readonly bytes: Uint8Array;
  readonly last: number;
}

const COMMANDS = 200;

/** The journal of a primary that led in epoch 1 and, from behind `tenureAt` on, in epoch 5. */
function historyOf(tenureAt: number): readonly Frame[] {
  const disk = new SimulatedDisk();
  const options = { ...journalOptions(disk), segmentBytes: 65_536 };
  const { journal } = openJournal(options, () => {});
  while (journal.position < COMMANDS) {
    if (journal.position >= tenureAt && journal.epoch === 1) journal.beginEpoch(5);
    journal.append(ordersFrom(journal.position + 1, 1), 0, 1);
  }
  const frames: Frame[] = [];
  scanLog({ ...options, log: "journal" }, (frame) => {
    frames.push({ bytes: wholeFrame(frame).slice(), last: frame.firstPosition + frame.count - 1 });
  });
  journal.close();
  return frames;
}

/** A replica's disk, and the process that runs on it. */
class Machine {
  readonly name: string;
  readonly #disk = new SimulatedDisk();
  #log: ReplicaJournal;
  #standing: ReplicaStanding;

  constructor(name: string) {
    this.name = name;
    this.#log = this.#opened();
    this.#standing = new ReplicaStanding(this.#log);
  }

  get #files() {
    const [parent, storage] = ["data", this.#disk];
    const [journal, snapshots, incoming] = ["data/journal", "data/snapshots", "data/incoming"];
    return { parent, storage, journal, snapshots, incoming };
  }

  #opened(): ReplicaJournal {
    this.#disk.makeDirectory("data");
    putReceivedInPlace(this.#files);
    const { genesis: _, ...options } = journalOptions(this.#disk);
    return new ReplicaJournal({ ...options, segmentBytes: 65_536, from: undefined }, () => {});
  }

  restart(): void {
    this.#log.close();
    this.#log = this.#opened();
    this.#standing = new ReplicaStanding(this.#log);
  }

  setAside(): void {
    this.#log.close();
    setAsideDiverged(this.#files, this.#log);
    this.restart();
  }

  welcomed(epoch: number, position: number): void {
    this.#standing.welcomed({ epoch, position });
  }

  /** Stores what follows of `frames`, up to `position`. */
  follow(frames: readonly Frame[], position: number): void {
    for (const { bytes, last } of frames)
      if (last > this.#log.position && last <= position) expect(this.#log.append(bytes, 1)).toBeUndefined();
    this.#log.sync();
    this.#standing.heard(0);
  }

  /** Long after it has heard of a primary last. */
  get says(): PeerStanding {
    return { name: this.name, ...this.#standing.of(60_000_000) };
  }

  /** Whether it may take over under two-disks in a cluster of this size, when these answer. */
  promoted(nodes: number, others: readonly Machine[]): string {
    const cluster = { policy: ACK_POLICIES["two-disks"], replicas: nodes - 1 };
    const peers = others.map(({ says }) => says);
    return decidePromotion(this.says, 1, cluster, peers, false).kind;
  }
}

describe("a disk that begins with nothing", () => {
  const frames = historyOf(COMMANDS);

  test.each(["in one process", "over a restart"])(
    "at position 10 of a million is no copy of what was acknowledged: %s",
    (how) => {
      const [north, south] = [new Machine("north"), new Machine("south")];
      south.welcomed(1, 60);
      south.follow(frames, 60);
      north.welcomed(1, 1_000_000);
      north.follow(frames, 10);
      if (how === "over a restart") for (const machine of [north, south]) machine.restart();
      expect([north.says, south.says]).toMatchObject([
        { position: 10, persisted: 10, mayLack: true },
        { position: 60, persisted: 60, mayLack: false },
      ]);
      expect(north.promoted(2, [])).toBe("refuse");
      expect(south.promoted(3, [north])).toBe("refuse");
      // All that a primary had when it welcomed it: it is a copy again, and stays one.
      north.welcomed(1, 60);
      north.follow(frames, 60);
      north.restart();
      expect([north.says.mayLack, north.promoted(2, []), south.promoted(3, [north])]).toEqual([
        false,
        "lead",
        "lead",
      ]);
    },
  );
});

// A and B had 1..100 acknowledged, C is at 60. A dies with 20 more that nobody else has, B leads on from 100.
test.each(["at once", "when it was started once more"])(
  "who sets its history aside and has got little of the new one doesn't help another one to lead without the rest: %s",
  (when) => {
    const [before, now] = [historyOf(COMMANDS), historyOf(100)];
    const [a, c] = [new Machine("a"), new Machine("c")];
    for (const machine of [a, c]) machine.welcomed(1, 1);
    a.follow(before, 120);
    c.follow(before, 60);
    expect([a.says.mayLack, c.says.mayLack]).toEqual([false, false]);
    // B refuses A as diverged. It begins anew and has 10 positions when B dies.
    a.setAside();
    a.welcomed(5, 100);
    a.follow(now, 10);
    if (when !== "at once") a.restart();
    expect(a.says).toMatchObject({ position: 10, mayLack: true });
    expect([c.promoted(3, [a]), a.promoted(3, [c])]).toEqual(["refuse", "refuse"]);
    // It must have B's Tenure too, not only the position: B is back, and goes on as before.
    a.welcomed(5, 100);
    a.follow(now, 100);
    expect(a.says.mayLack).toBe(true);
    a.follow(now, 101);
    expect([a.says.mayLack, a.promoted(3, [c]), c.promoted(3, [a])]).toEqual([false, "lead", "refuse"]);
  },
);
