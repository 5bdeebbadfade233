// Publishers over connections that break, lose, repeat and reorder, against one commit worker at order level 2: whatever
// happens, a subscriber reads each publisher's values in the order they were published, each exactly once.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { ORDERING_LIMITS, topicDirectory } from "../../../src/tape/index.ts";
import { batchBytes, recordsOf, Workbench } from "./support.ts";

const PUBLISHERS = [7, 8, 9];
const VALUES = 40;
const LEASE_US = 350_000;
const counts = { breaks: 0, losses: 0, repeats: 0, fences: 0, held: 0 };

/** A publisher: what it has been told, and what it does about it. */
class Publisher {
  readonly id: number;
  /** Of its values, those that older epochs committed. */
  #before = 0;
  #epoch = 0;
  #acked = 0;
  #next = 1;
  /** It lost a batch and will not know until it looks at what is acknowledged. */
  #silent = 0;
  readonly open = new Set<number>();
  readonly asked = new Set<number>();

  constructor(id: number) {
    this.id = id;
  }

  get isDone(): boolean {
    return this.#before + this.#acked === VALUES;
  }
  get epoch(): number {
    return this.#epoch;
  }

  opened(connection: number, epoch: number, last: number): void {
    this.asked.delete(connection);
    this.open.add(connection);
    this.#epoch = epoch;
    this.acked(last);
    // What it sent over a connection that broke it sends again.
    this.#next = this.#acked + 1;
  }

  acked(batch: number): void {
    if (batch > this.#acked) this.#silent = 0;
    this.#acked = Math.max(this.#acked, batch);
    this.#next = Math.max(this.#next, this.#acked + 1);
  }

  fenced(lastGood: number): void {
    if (this.#epoch === 0) return;
    this.#before += lastGood;
    [this.#epoch, this.#acked, this.#next] = [0, 0, 1];
    this.open.clear();
    this.asked.clear();
  }

  gone(connection: number): void {
    this.open.delete(connection);
    this.asked.delete(connection);
  }

  /** The batch that it sends now, if any; after a long silence all that is not acknowledged, again. */
  take(): Uint8Array | undefined {
    if (++this.#silent > 12) {
      this.#silent = 0;
      this.#next = this.#acked + 1;
      counts.repeats++;
    }
    return this.#before + this.#next > VALUES ? undefined : this.batch(this.#next++);
  }

  /** One that was sent already, when there is one. */
  older(prng: Prng): Uint8Array | undefined {
    return this.#next === 1 ? undefined : this.batch(prng.between(1, this.#next - 1));
  }

  batch(number: number): Uint8Array {
    const values = [`${this.id}-${this.#before + number}`];
    return batchBytes(number, { publisher: this.id, epoch: this.#epoch, values });
  }
}

class World {
  readonly bench: Workbench;
  readonly told: string[] = [];
  readonly #prng: Prng;
  readonly #publishers = new Map(PUBLISHERS.map((id) => [id, new Publisher(id)]));
  readonly #of = new Map<number, Publisher>();
  #connections = 0;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
    const orderingLimits = { ...ORDERING_LIMITS, lease_us: LEASE_US };
    this.bench = new Workbench({ buffers: 16, orderingLimits }).topic(2);
  }

  run(): void {
    for (let step = 0; step < 6_000; step++) {
      const left = [...this.#publishers.values()].filter(({ isDone }) => !isDone);
      if (left.length === 0) break;
      this.#step(this.#prng.pick(left));
      this.bench.clock.now_us += this.#prng.between(0, 20_000);
      if (this.#prng.chance(0.5)) for (const line of this.bench.turn()) this.#hear(line);
    }
    counts.held += this.bench.stage.figures().held;
  }

  #step(publisher: Publisher): void {
    const { open, asked } = publisher;
    if (open.size + asked.size === 0 || (open.size < 3 && asked.size === 0 && this.#prng.chance(0.05))) {
      const connection = ++this.#connections;
      this.#of.set(connection, publisher);
      asked.add(connection);
      this.bench.open(connection, publisher.id, publisher.epoch, this.#prng.between(1, 2));
    } else if (open.size > 0) this.#send(publisher, this.#prng.pick([...open]));
  }

  #send(publisher: Publisher, connection: number): void {
    const chance = this.#prng.between(0, 99);
    if (chance < 2) {
      this.bench.stage.commands.closeConnection(connection, 1);
      publisher.gone(connection);
      counts.breaks++;
      return;
    }
    const batch = chance < 10 ? publisher.older(this.#prng) : publisher.take();
    if (batch === undefined) return;
    // Between publisher and broker, with a connection that breaks a moment later.
    if (chance > 90) counts.losses++;
    else this.bench.part(connection, [batch]);
  }

  #hear(line: string): void {
    this.told.push(line);
    const words = line.split(" ");
    const [kind, connection] = words;
    const publisher = this.#of.get(Number(connection));
    if (publisher === undefined) throw new Error(line);
    if (words[2] === "LeaseOver") {
      counts.fences++;
      // Several connections are told the same, and some have a new session by then.
      if (publisher.open.has(Number(connection)) || publisher.asked.has(Number(connection)))
        publisher.fenced(Number(words[3]));
    } else if (kind === "Ack") publisher.acked(Number(words[3]));
    else if (kind === "SessionOpened" && words[2] === "epoch")
      publisher.opened(Number(connection), Number(words[3]), Number(words[5]));
    else publisher.gone(Number(connection));
  }
}

test("order 2: first in, first out per session over reconnects, each value exactly once (30 seeds)", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const world = new World(seed);
    world.run();
    const read = recordsOf(world.bench.disk, 1, 1).map(({ value }) => value);
    for (const id of PUBLISHERS) {
      const own = read.filter((value) => value.startsWith(`${id}-`));
      expect([seed, own]).toEqual([seed, Array.from({ length: VALUES }, (_, i) => `${id}-${i + 1}`)]);
    }
  }
  console.log(`seeds 1..30: ${JSON.stringify(counts)}`);
  for (const [what, count] of Object.entries(counts)) expect([what, count >= 50]).toEqual([what, true]);
});

test("the same commands at the same times give the same results and the same files, byte for byte", () => {
  const twice = [1, 2].map(() => {
    const world = new World(99);
    world.run();
    return { told: world.told, files: world.bench.disk.image(topicDirectory("/tape", 1)) };
  });
  expect(twice[0].told.length).toBeGreaterThan(50);
  expect(twice[0]).toEqual(twice[1]);
});
