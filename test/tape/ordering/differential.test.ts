// The ordering against its naive twin over generated histories: publishers that lose, repeat and reorder batches, connections
// that come and go, time that passes. Every answer is compared, and the log at the end.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { type Limits, NaiveOrdering, type Ordering, RealOrdering } from "./naive-ordering.ts";

const limits: Limits = {
  lease_us: 1_000,
  sessionConnectionsMax: 3,
  heldBatchesMax: 5,
  heldBytesMax: 900,
  memoryBytes: 1_500,
  fencedMax: 2,
};
const PUBLISHERS = 4;
const STEPS = 600;

/** What one publisher would send next, as it sees it. */
class Course {
  readonly connections: number[] = [];
  next = 1;
}

/** One history: the same calls for whoever is asked, because only the seed and the answers' own course decide. */
class History {
  readonly #prng: Prng;
  readonly #courses = Array.from({ length: PUBLISHERS }, () => new Course());
  readonly answers: string[] = [];
  readonly #of: Ordering;
  #now = 1_000_000;
  #connections = 0;

  constructor(seed: number, of: Ordering) {
    this.#prng = new Prng(seed);
    this.#of = of;
  }

  #below(bound: number): number {
    return this.#prng.between(0, bound - 1);
  }

  run(steps: number): this {
    for (let step = 0; step < steps; step++) this.#step(1 + this.#below(PUBLISHERS));
    return this;
  }

  #step(publisher: number): void {
    const course = this.#courses[publisher - 1];
    const chance = this.#below(100);
    this.#now += this.#below(chance === 0 ? 1_500 : 25);
    for (const line of this.#of.pass(this.#now)) this.answers.push(line);
    if (chance < 8 || course.connections.length === 0) this.#open(publisher, course);
    else if (chance < 12) this.#close(course);
    else this.#send(course);
  }

  #open(publisher: number, course: Course): void {
    const connection = ++this.#connections;
    const epochs = [0, 1, 2, 3, this.#now % 7];
    // Mostly the epoch that the publisher was last told.
    const epoch = this.#below(4) === 0 ? epochs[this.#below(epochs.length)] : this.#told(publisher);
    const answer = this.#of.open(connection, publisher, epoch);
    this.answers.push(answer);
    const words = answer.split(" ");
    this.#epochs.set(publisher, Number(words[2]));
    if (words[0] === "OldEpoch" || words[0] === "TooMany") return;
    // Told that it is fenced, a publisher asks for the next epoch.
    if (words[0] === "Fenced") {
      this.#epochs.set(publisher, 0);
      return;
    }
    course.connections.push(connection);
    course.next = Number(words[4]) + 1;
  }

  readonly #epochs = new Map<number, number>();
  #told(publisher: number): number {
    return this.#epochs.get(publisher) ?? 0;
  }

  #close(course: Course): void {
    const [connection] = course.connections.splice(this.#below(course.connections.length), 1);
    this.#of.close(connection);
  }

  #send(course: Course): void {
    const { connections } = course;
    const connection = connections[this.#below(connections.length)];
    const answer = this.#of.batch(connection, this.#number(course), 60 + this.#below(300), this.#now);
    this.answers.push(answer);
    if (answer === "Stranger") connections.splice(connections.indexOf(connection), 1);
    // An ack is what a publisher goes on from, now and then: what it lost comes again.
    const last = /last ([0-9]+)/.exec(answer);
    if (last !== null && this.#below(6) === 0) course.next = Number(last[1]) + 1;
  }

  /** In order, lost, twice, ahead, or nonsense. */
  #number(course: Course): number {
    const chance = this.#below(40);
    if (chance < 20) return course.next++;
    if (chance < 26) return ++course.next;
    if (chance < 32) return Math.max(1, course.next - this.#below(5));
    if (chance < 38) return course.next + this.#below(4);
    return chance === 38 ? 0 : course.next + 20;
  }
}

function seedsOf(level: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => 1_000 * (level + 1) + i);
}

test.each([
  [0, ["Joined", "Begun", "OldEpoch", "Take", "Duplicate", "BadNumber", "Stranger"]],
  [1, ["Joined", "Begun", "OldEpoch", "Take", "Duplicate", "BadNumber", "Stranger"]],
  [
    2,
    [
      ...["Joined", "Begun", "OldEpoch", "TooMany", "Take", "Cascade", "Duplicate", "Hold", "AlreadyHeld"],
      ...["HoldFull", "BadNumber", "Fence", "Fenced", "Stranger"],
    ],
  ],
] as const)("order level %i decides as its naive twin over generated histories", (level, kinds) => {
  const counts = new Map<string, number>();
  for (const seed of seedsOf(level, 60)) {
    const real = new RealOrdering(level, limits);
    const naive = new NaiveOrdering(level, limits);
    const told = new History(seed, real).run(STEPS).answers;
    const expected = new History(seed, naive).run(STEPS).answers;
    const first = told.findIndex((line, i) => line !== expected[i]);
    expect([seed, first, told[first]]).toEqual([seed, -1, undefined]);
    expect([seed, real.log]).toEqual([seed, naive.log]);
    for (const line of told) {
      const [kind] = line.split(" ");
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  const text = kinds.map((kind) => `${kind} ${counts.get(kind) ?? 0}`).join(", ");
  console.log(`order level ${level}, seeds ${seedsOf(level, 60)[0]}.. x 60: ${text}`);
  expect([...counts.keys()].sort()).toEqual([...kinds].sort());
  for (const kind of kinds) expect([kind, (counts.get(kind) ?? 0) >= 300]).toEqual([kind, true]);
});

test("a history gives the same answers every time", () => {
  const twice = [1, 2].map(() => new History(77, new RealOrdering(2, limits)).run(2_000).answers);
  expect(twice[0]).toEqual(twice[1]);
});

test("at order level 2 the log has every session's batches once, from 1 on without a gap, whatever came over the wire", () => {
  for (const seed of seedsOf(5, 40)) {
    const real = new RealOrdering(2, limits);
    new History(seed, real).run(STEPS);
    const next = new Map<string, number>();
    for (const entry of real.log) {
      const [publisher, epoch, batch] = entry.split(".");
      const session = `${publisher}.${epoch}`;
      expect([seed, entry, Number(batch)]).toEqual([seed, entry, (next.get(session) ?? 0) + 1]);
      next.set(session, Number(batch));
    }
  }
});
