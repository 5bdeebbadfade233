// Random runs: many subscribers of every pace over few buffers, in every order of events. Whatever happens, each sees the log's
// batches from its place on without a hole or a repetition, none is sent beyond its credit and a batch, a group has one active
// member at a time, and in the end everybody who is left has everything and every buffer is free.

import { expect, onTestFailed, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { TapeFrom } from "../../../src/protocol/index.ts";
import { extraSeeds } from "../../support/seeds.ts";
import { TOPIC, World } from "./support.ts";

const RECORDS = 4;
const STEPS = 600;

/** What a subscriber has seen, held against the rules as it comes. */
class Witness {
  readonly connection: number;
  readonly group: string;
  #given: number;
  #next: number | undefined;
  hasEnded = false;
  isActive: boolean;

  constructor(connection: number, group: string, credit: number, from: number | undefined) {
    this.connection = connection;
    this.group = group;
    this.#given = credit;
    this.#next = from;
    this.isActive = group === "";
  }

  give(bytes: number): void {
    this.#given += bytes;
  }

  look(world: World): void {
    const peer = world.peer(this.connection);
    for (const word of world.said(this.connection)) this.#hear(word);
    const last = peer.batches.at(-1)?.length ?? 0;
    if (peer.batchBytes - last >= this.#given && last > 0)
      throw new Error(`${this.connection}: beyond its credit`);
  }

  #hear(word: string): void {
    if (this.hasEnded) expect(word).toBe("closed");
    const [first, last] = word.split("-").map(Number);
    if (Number.isInteger(last)) {
      expect(this.isActive).toBe(true);
      if (this.#next !== undefined) expect([first, first + RECORDS > this.#next]).toEqual([first, true]);
      if (this.#next !== undefined) expect(first).toBeLessThanOrEqual(this.#next);
      this.#next = last + 1;
    } else if (word.startsWith("active")) {
      this.isActive = true;
      this.#next = Number(word.slice(7));
    } else if (word.startsWith("fault") || word === "closed") this.hasEnded = true;
  }

  get next(): number | undefined {
    return this.#next;
  }
}

class Run {
  readonly world: World;
  readonly witnesses = new Map<number, Witness>();
  readonly #random: Prng;
  #connections = 0;

  constructor(random: Prng) {
    this.#random = random;
    this.world = new World({ buffers: random.between(1, 3), batches: random.between(0, 5) });
  }

  async step(): Promise<void> {
    const { world } = this;
    // Where groups begin becomes safe between two steps, or later.
    if (this.#random.chance(0.5)) await new Promise(setImmediate);
    const random = this.#random;
    switch (random.between(0, 9)) {
      case 0:
        if (this.witnesses.size < 12) this.#open();
        break;
      case 1:
        for (let i = random.between(1, 4); i > 0; i--) world.append(8 * random.between(1, 60_000));
        break;
      case 2:
        if (random.chance(0.1)) world.retainFrom(this.#someBatch());
        break;
      case 3:
        this.#each((connection) => {
          world.peer(connection).isStuck = random.chance(0.3);
        });
        break;
      case 4:
        this.#each((connection, witness) => {
          const bytes = random.between(1, 1_000_000);
          witness.give(bytes);
          world.credit(connection, bytes);
        });
        break;
      case 5:
        if (random.chance(0.3)) this.#one((connection) => world.break(connection));
        break;
      case 6:
        this.#each((connection) => {
          if (random.chance(0.5)) world.drain(connection);
        });
        break;
      case 7:
        world.clock.now_us += random.between(0, 400_000);
        world.service.tick();
        break;
      case 8:
        world.storage.asked.shift()?.();
        break;
      default:
        world.turns();
    }
    this.look();
  }

  look(): void {
    for (const [connection, witness] of this.witnesses) {
      witness.look(this.world);
      if (witness.hasEnded && this.world.peer(connection).said.length === 0) this.#forgetClosed(connection);
    }
  }

  /** Everybody takes everything, as long as it takes. */
  async settle(): Promise<void> {
    const { world } = this;
    for (let round = 0; round < 400; round++) {
      for (const [connection, witness] of this.witnesses) {
        if (this.#isGone(connection)) continue;
        world.peer(connection).isStuck = false;
        witness.give(1_000_000);
        world.credit(connection, 1_000_000);
        world.drain(connection);
      }
      world.pass(0.1);
      if (round < 4) await world.safe();
      this.look();
    }
  }

  #open(): void {
    const random = this.#random;
    const connection = ++this.#connections;
    const group = random.chance(0.4) ? `g${random.between(0, 1)}` : "";
    const credit = random.between(0, 500_000);
    const { nextRecord, oldestRecord } = this.world.log;
    const [fromKind, from] = random.chance(0.5)
      ? [TapeFrom.Start, 0]
      : [TapeFrom.Record, random.between(oldestRecord, nextRecord)];
    const place = fromKind === TapeFrom.Start ? oldestRecord : from;
    this.witnesses.set(connection, new Witness(connection, group, credit, group === "" ? place : undefined));
    this.world.open(connection, { group, fromKind, from, credit });
  }

  /** The first record of a batch that is there, or the next. */
  #someBatch(): number {
    const { oldestRecord, nextRecord } = this.world.log;
    return (
      oldestRecord + RECORDS * this.#random.between(0, Math.floor((nextRecord - oldestRecord) / RECORDS))
    );
  }

  #isGone(connection: number): boolean {
    return this.witnesses.get(connection)?.hasEnded === true;
  }

  #forgetClosed(connection: number): void {
    const peer = this.world.peer(connection);
    if (peer.held === undefined) this.witnesses.delete(connection);
  }

  #each(act: (connection: number, witness: Witness) => void): void {
    for (const [connection, witness] of this.witnesses) if (!witness.hasEnded) act(connection, witness);
  }

  #one(act: (connection: number) => void): void {
    const there = [...this.witnesses.keys()].filter((connection) => !this.#isGone(connection));
    if (there.length > 0) act(there[this.#random.between(0, there.length - 1)]);
  }
}

const own = Math.floor(Math.random() * 2 ** 32);

test.each([1, 2, 3, 4, own, ...extraSeeds()])(
  "a random run of subscribers ends with everything seen (seed %i)",
  async (seed) => {
    onTestFailed(() => console.error(`seed ${seed}`));
    const run = new Run(new Prng(seed));
    for (let step = 0; step < STEPS; step++) await run.step();
    await run.settle();
    const { nextRecord } = run.world.log;
    const active = new Map<string, number>();
    for (const { group, isActive, hasEnded, next } of run.witnesses.values()) {
      if (hasEnded) continue;
      if (isActive) expect(next ?? nextRecord).toBe(nextRecord);
      if (group !== "" && isActive) active.set(group, (active.get(group) ?? 0) + 1);
    }
    for (const { name, members } of run.world.service.groupsOf(TOPIC.id)) {
      if (members > 0) expect([name, active.get(name)]).toEqual([name, 1]);
    }
    expect(run.world.service.figures).toMatchObject({ inUse: 0, waiting: 0 });
  },
);
