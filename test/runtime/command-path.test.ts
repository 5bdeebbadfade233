// The path of commands with a journal that a test owns: nothing leaves before the test gives its slots back, and what
// leaves then is exactly what those slots caused.

import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Application, type RecordBuffer, SeriatimError } from "../../src/base/index.ts";
import { GATEWAY_LIMITS, Gateway } from "../../src/gateway/index.ts";
import { COMMAND_BYTES, CommandWord, EventKind, EventWord, Reason } from "../../src/protocol/index.ts";
import { ACK_VIEW_BYTES, AckView } from "../../src/replication/index.ts";
import { createRing, Ring, RingConsumer } from "../../src/ring/index.ts";
import type { JournalStage } from "../../src/runtime/index.ts";
import { CommandPath, presentState } from "../../src/runtime/index.ts";
import { AckGate } from "../../src/runtime/replication/ack-gate.ts";
import { Sequencer } from "../../src/sequencer/index.ts";
import { describeStream, ManualTransport, order } from "../gateway/support.ts";

/** The log's last position before the test. */
const BEFORE = 10;

/** A journal that keeps every slot until it is told. */
class HeldJournal implements JournalStage {
  readonly batches = true;
  readonly failed = new Promise<SeriatimError>(() => {});
  consumer: RingConsumer | undefined;
  /** Records it was given by each publish. */
  readonly batchSizes: number[] = [];
  #seen = 0;

  recover(): never {
    throw new SeriatimError("UNUSED", "there is no log");
  }

  run(shared: SharedArrayBuffer): void {
    this.consumer = new RingConsumer(Ring.attach(shared));
  }

  published(): void {
    const all = this.consumer?.available() ?? 0;
    this.batchSizes.push(all - this.#seen);
    this.#seen = all;
  }

  makeSafe(count: number): void {
    this.consumer?.release(count);
    this.#seen -= count;
  }

  ask(): never {
    throw new SeriatimError("UNUSED", "nobody asks");
  }

  async stop(): Promise<void> {}
}

/** Accepts every command. */
const accepting: Application = {
  apply(words: Int32Array, at: number, events: RecordBuffer): void {
    const event = events.claim();
    events.words.fill(0, event, event + events.recordWords);
    events.words[event + EventWord.kindReasonCommandFlags] = EventKind.Accept;
    events.words[event + EventWord.orderIdLow] = words[at + CommandWord.orderIdLow];
  },
  snapshot: () => {},
  restore: () => {},
};

const isServing = (): boolean => true;
const INSTRUMENT = { name: "A", priceDecimals: 2, tick: 1, lot: 1 };

let journal: HeldJournal;
let transport: ManualTransport;
let gateway: Gateway;
let path: CommandPath;
let wall_us = 1_000;
beforeEach(() => {
  const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: 16 });
  journal = new HeldJournal();
  transport = new ManualTransport();
  wall_us = 1_000;
  const clock = { wallMicros: () => wall_us++, monotonicMicros: () => 0 };
  path = new CommandPath(new Sequencer(ring, BEFORE, 0), accepting, journal, clock);
  gateway = new Gateway({
    transport,
    sink: path,
    directory: { count: 0, instrument: () => INSTRUMENT },
    limits: { ...GATEWAY_LIMITS, connectionsMax: 4, accountsMax: 4 },
  });
  path.attach(gateway);
  journal.run(ring.shared);
  for (const connection of [0, 1]) gateway.opened(connection, "");
});

const seen = (connection = 0) => describeStream(transport.stream(connection));

/** Lets the event loop do all it can do by itself. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await nextTurn();
}

describe("an answer", () => {
  test("leaves when its command is safe, not when it is sequenced, applied and published", async () => {
    gateway.received(0, order(1));
    await settle();
    expect(journal.batchSizes).toEqual([1]);
    expect(seen()).toEqual([]);
    expect(path.releasedPosition).toBe(BEFORE);
    journal.makeSafe(1);
    await settle();
    expect(seen()).toEqual(["Ack 1"]);
    expect(path.releasedPosition).toBe(BEFORE + 1);
  });

  test("does not leave with an earlier batch's", async () => {
    gateway.received(0, order(1));
    await settle();
    for (const id of [2, 3]) gateway.received(1, order(id));
    await settle();
    expect(journal.batchSizes).toEqual([1, 2]);
    journal.makeSafe(1);
    await settle();
    expect([seen(0), seen(1)]).toEqual([["Ack 1"], []]);
    journal.makeSafe(1);
    await settle();
    expect(seen(1)).toEqual([]);
    journal.makeSafe(1);
    await settle();
    expect(seen(1)).toEqual(["Ack 2", "Ack 3"]);
  });

  test("leaves when the command became safe before anybody waited for it", async () => {
    gateway.received(0, order(1));
    const published = journal.published.bind(journal);
    journal.published = () => {
      published();
      journal.makeSafe(1);
    };
    await settle();
    expect(seen()).toEqual(["Ack 1"]);
  });
});

describe("a journal that fails", () => {
  test("lets out what it had made safe, and nothing behind it", async () => {
    for (const id of [1, 2]) {
      gateway.received(0, order(id));
      await settle();
    }
    journal.makeSafe(1);
    journal.consumer?.fail();
    await settle();
    expect(seen()).toEqual(["Ack 1"]);
    path.releaseLast();
    expect(seen()).toEqual(["Ack 1"]);
  });

  test("within the turn that published: what was made safe still leaves", async () => {
    for (const id of [1, 2]) gateway.received(0, order(id));
    const published = journal.published.bind(journal);
    journal.published = () => {
      published();
      journal.makeSafe(2);
      journal.consumer?.fail();
    };
    await settle();
    path.releaseLast();
    expect(seen()).toEqual(["Ack 1", "Ack 2"]);
  });

  /** Behind a gate by that policy, the first of two orders was let out: the replica has it. */
  async function acknowledgedOne(policyName: "ram" | "disk+ram"): Promise<AckView> {
    const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
    const gate = new AckGate({ policyName, replicas: 1, view: memory });
    const replica = new AckView(memory);
    void gate.lead(1);
    path.gateBy(gate);
    replica.join(0, BEFORE, BEFORE);
    for (const id of [1, 2]) {
      gateway.received(0, order(id));
      await settle();
    }
    replica.acknowledge(0, BEFORE + 1, BEFORE + 1);
    path.look();
    expect(seen()).toEqual(["Ack 1"]);
    return replica;
  }

  test("ends what its gate lets out, too: a replica's later acknowledgement counts on a memory that is none", async () => {
    const replica = await acknowledgedOne("disk+ram");
    journal.consumer?.fail();
    path.releaseLast();
    replica.acknowledge(0, BEFORE + 2, BEFORE + 2);
    path.look();
    expect(seen()).toEqual(["Ack 1"]);
  });

  test("lets nothing out behind it that a replica acknowledged before anybody looked", async () => {
    const replica = await acknowledgedOne("ram");
    journal.consumer?.fail();
    replica.acknowledge(0, BEFORE + 2, BEFORE + 2);
    path.look();
    expect(seen()).toEqual(["Ack 1"]);
  });

  test("has refusals answered at once", async () => {
    gateway.received(0, order(1));
    await settle();
    gateway.refuseOrders(Reason.Halted);
    gateway.received(1, order(2));
    await settle();
    expect(seen(1)).toEqual([`Reject 2 ${Reason.Halted}`]);
  });
});

describe("settled", () => {
  const stateOf = async (promise: Promise<void>) => {
    let state = "waits";
    promise.then(() => {
      state = "settled";
    });
    await settle();
    return state;
  };

  test("waits for commands that were not even published", async () => {
    gateway.received(0, order(1));
    const settled = path.settled();
    expect(await stateOf(settled)).toBe("waits");
    journal.makeSafe(1);
    expect(await stateOf(settled)).toBe("settled");
    expect(seen()).toEqual(["Ack 1"]);
  });

  test("is so at once when nothing is in flight", async () => {
    expect(await stateOf(path.settled())).toBe("settled");
  });
});

describe("a path that pauses", () => {
  test("takes nothing more until all it was given is written; who came meanwhile is read when it goes on", async () => {
    gateway.received(0, order(1));
    let isWritten: boolean | undefined;
    void path.pause().then((is) => {
      isWritten = is;
    });
    gateway.received(1, order(2));
    await settle();
    expect([isWritten, journal.batchSizes, path.position]).toEqual([undefined, [1], BEFORE + 1]);
    journal.makeSafe(1);
    await settle();
    expect([isWritten, path.position]).toEqual([true, BEFORE + 1]);
    path.resume();
    await settle();
    expect([journal.batchSizes, path.position]).toEqual([[1, 1], BEFORE + 2]);
  });

  test("waits for this node's journal, also when replicas have let the answers out", async () => {
    const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
    const gate = new AckGate({ policyName: "ram", replicas: 1, view: memory });
    path.gateBy(gate);
    void gate.lead(1);
    const replica = new AckView(memory);
    replica.join(0, BEFORE, BEFORE);
    path.look();
    gateway.received(0, order(1));
    await settle();
    replica.acknowledge(0, BEFORE + 1, BEFORE + 1);
    path.look();
    let isWritten: boolean | undefined;
    void path.pause().then((is) => {
      isWritten = is;
    });
    await settle();
    expect([isWritten, path.releasedPosition]).toEqual([undefined, BEFORE + 1]);
    journal.makeSafe(1);
    await settle();
    expect(isWritten).toBe(true);
  });

  test("is not made of one that does not serve yet: who is to lead writes without waiting", async () => {
    const of = { path, journal, application: accepting, time_us: () => 0, session: () => 0 };
    await expect(presentState({ ...of, isServing: () => false })).rejects.toMatchObject({
      code: "NOT_AVAILABLE",
    });
    expect(path.isPaused).toBe(false);
  });

  test("takes nothing when it is opened meanwhile", async () => {
    void path.pause();
    path.open();
    gateway.received(0, order(1));
    await settle();
    expect(path.position).toBe(BEFORE);
    path.resume();
    await settle();
    expect(path.position).toBe(BEFORE + 1);
  });

  test("has a segment begun and all synced before its state is copied, and goes on", async () => {
    const asked: string[] = [];
    const ask = async ({ kind }: { readonly kind: string }): Promise<number> => {
      asked.push(kind);
      return BEFORE;
    };
    const of = {
      path,
      journal: { ask },
      application: accepting,
      isServing,
      time_us: () => 7,
      session: () => 3,
    };
    expect(await presentState(of)).toMatchObject({ position: BEFORE, timestamp_us: 7, session: 3 });
    expect(asked).toEqual(["rotate", "sync"]);
    expect(path.claim()).toBeGreaterThanOrEqual(0);
  });

  test("goes on when the journal can't say that it is synced", async () => {
    const ask = async ({ kind }: { readonly kind: string }): Promise<number> => {
      if (kind === "sync") throw new SeriatimError("EIO", "cannot sync");
      return BEFORE;
    };
    const of = {
      path,
      journal: { ask },
      application: accepting,
      isServing,
      time_us: () => 7,
      session: () => 3,
    };
    await expect(presentState(of)).rejects.toMatchObject({ code: "EIO" });
    expect(path.claim()).toBeGreaterThanOrEqual(0);
  });

  test("hears that nothing becomes safe any more", async () => {
    gateway.received(0, order(1));
    const paused = path.pause();
    path.cutOff();
    expect(await paused).toBe(false);
  });

  test.each<[when: string, fail: () => void]>([
    ["while it waits", () => journal.consumer?.fail()],
    ["before it was asked", () => path.cutOff()],
  ])("hears that its journal has failed %s", async (when, fail) => {
    gateway.received(0, order(1));
    await settle();
    if (when === "before it was asked") fail();
    let isWritten: boolean | undefined;
    void path.pause().then((is) => {
      isWritten = is;
    });
    if (when === "while it waits") fail();
    await settle();
    expect(isWritten).toBe(false);
  });
});

test("what a node of a cluster began with is no more released than is known; the gate says the rest", async () => {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const gate = new AckGate({ policyName: "two-disks", replicas: 1, view: memory });
  const replica = new AckView(memory);
  const told: number[] = [];
  path.tap({ committed() {}, released: (position) => told.push(position) });
  path.hold(BEFORE - 4);
  path.gateBy(gate);
  path.look();
  expect([path.releasedPosition, told]).toEqual([BEFORE - 4, []]);
  // Nothing is under way: a stop waits for nobody.
  await path.settled();
  path.open();
  void gate.lead(1);
  replica.join(0, BEFORE - 2, BEFORE - 2);
  path.look();
  replica.acknowledge(0, BEFORE, BEFORE);
  path.look();
  expect([path.releasedPosition, told]).toEqual([BEFORE, [BEFORE - 2, BEFORE]]);
});

test("a path whose gate waits for a replica's disk alone is not woken by its own; a change of policy has it wait again", async () => {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const gate = new AckGate({ policyName: "two-disks", replicas: 1, view: memory });
  const replica = new AckView(memory);
  path.gateBy(gate);
  void gate.lead(1);
  replica.join(0, BEFORE, BEFORE);
  path.look();
  gateway.received(0, order(1));
  await settle();
  const looks = vi.spyOn(gate, "position");
  journal.makeSafe(1);
  await settle();
  expect(looks).not.toHaveBeenCalled();
  gateway.received(0, order(2));
  gate.change("disk", path.position);
  await settle();
  journal.makeSafe(1);
  await settle();
  expect(seen()).toEqual(["Ack 1", "Ack 2"]);
});

// Who watched went on without a wait, for ever: the thread stood still, and the fenced node never ended.
test("a path that is cut off says so to who looks: its gate would call a change new for ever", async () => {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const gate = new AckGate({ policyName: "two-disks", replicas: 1, view: memory });
  path.gateBy(gate);
  const replica = new AckView(memory);
  replica.join(0, BEFORE, BEFORE);
  expect(gate.whenChanged()).toBeUndefined();
  expect(path.look()).toBe(true);
  expect(gate.whenChanged()).toBeInstanceOf(Promise);
  path.cutOff();
  replica.leave(0);
  expect(path.look()).toBe(false);
  expect(gate.whenChanged()).toBeUndefined();
});

test("all commands of a turn have one time, those of the next a later one", async () => {
  const times: number[] = [];
  const apply = accepting.apply;
  accepting.apply = (words, at, events) => {
    times.push(words[at + CommandWord.timestampLow]);
    apply(words, at, events);
  };
  for (const id of [1, 2]) gateway.received(0, order(id));
  await settle();
  gateway.received(0, order(3));
  await settle();
  accepting.apply = apply;
  expect(times).toEqual([1_000, 1_000, 1_001]);
});
