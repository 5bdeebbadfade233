// Letting in, step by step: who is gone before an answer comes leaves nothing behind, and its slot's next connection nothing of it.

import { expect, test } from "vitest";
import { connectionNumber } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import type { NetTransport } from "../../../src/platform/index.ts";
import {
  encodeTapeHello,
  encodeTapeProof,
  readAccepted,
  type TapeAcceptedFields,
  TapeSender,
  TapeStream,
  TapeType,
  type TopicGrant,
} from "../../../src/protocol/index.ts";
import {
  type AdministratorService,
  type CatalogTopic,
  ORDERING_LIMITS,
  type SubscriberService,
  type TopicDirectory,
} from "../../../src/tape/index.ts";
import { Admission } from "../../../src/tape-runtime/broker/admission.ts";
import { CommitResults } from "../../../src/tape-runtime/broker/commit-results.ts";
import { CommitWorkers } from "../../../src/tape-runtime/broker/commit-workers.ts";
import { OpenTopics } from "../../../src/tape-runtime/broker/open-topics.ts";
import { Reception } from "../../../src/tape-runtime/broker/reception.ts";
import { TopicDesk } from "../../../src/tape-runtime/broker/topic-desk.ts";
import { CommitInline } from "../../tape/commit/commit-inline.ts";
import { SMALL_TOPICS } from "../../tape/commit/support.ts";
import { Bench, batch } from "../../tape/ingest/support.ts";
import { publisherHello } from "./support.ts";

const TOPIC: CatalogTopic = {
  ...{ id: 1, name: "trades", order: 2, retainBytes: 0, retain_us: 0, created_us: 1 },
};

/** A key of two programs, and what it may send a second. */
const LOADER: TopicGrant = {
  ...{ name: "loader", isAdmin: false, bytesPerSecond: 1_000 },
  topics: [{ name: "*", may: ["publish"] }],
};

/** Reception and admission on a commit worker that works when the test says so. */
class Desk {
  readonly bench = new Bench(1);
  readonly reception: Reception;
  readonly stage: CommitInline;

  constructor() {
    const { bench } = this;
    const clock = { wallMicros: () => bench.now_us as never, monotonicMicros: () => bench.now_us };
    const results = new CommitResults(() => {});
    const limits = { ...ORDERING_LIMITS, sessionConnectionsMax: 1 };
    const sizes = { connectionsMax: 8, topicsMax: 8, topicLimits: SMALL_TOPICS, orderingLimits: limits };
    const parts = { directory: "/tape", buffers: bench.pool.shared, ...sizes };
    this.stage = new CommitInline(parts, results, new SimulatedDisk(), clock);
    const workers = new CommitWorkers([this.stage]);
    const open = new OpenTopics((topic) => workers.openTopic(topic));
    const topics = { getOrCreate: async () => TOPIC } as unknown as TopicDirectory;
    const subscribers = { onVisible: () => {}, onOpened: () => {} } as unknown as SubscriberService;
    const administrators = {} as AdministratorService;
    const publishers = bench.service;
    const services = { publishers, subscribers, administrators };
    const access = {
      isOpen: true,
      challenge: () => new Uint8Array(32),
      grantFor: () => LOADER,
      isProof: () => true,
    };
    this.reception = new Reception({
      transport: bench.transport as unknown as NetTransport,
      ...{ access, clock, connectionsMax: 8 },
      admit: (opening) => admission.admit(opening),
      gone: (opening) => admission.gone(opening),
    });
    const terms = { retainBytes: 0, retain_us: 0, lease_ms: 30_000 };
    const failed = (error: unknown) => expect.unreachable(String(error));
    const admission = new Admission(
      { access, topics, open, workers, ...services, ...terms, failed },
      this.reception,
    );
    const desk = new TopicDesk({
      ...{ open, workers, publishers, subscribers },
      remove: async () => {},
      status: () => ({}),
    });
    results.hearTo({ workers, open, publishers, subscribers, admission, desk, topics });
  }

  /** A Hello on the slot's connection of that generation, as far as it gets without the worker. */
  async hello(slot: number, generation: number, publisher: number, key = ""): Promise<number> {
    const connection = connectionNumber(slot, generation);
    this.reception.opened(connection, "127.0.0.1");
    this.reception.received(connection, encodeTapeHello({ ...publisherHello, publisher, order: 2, key }));
    if (key !== "") this.reception.received(connection, encodeTapeProof(new Uint8Array(64)));
    await new Promise((resolve) => setImmediate(resolve));
    return connection;
  }

  /** All that the worker has been asked for; what follows of its answers is asked for with it. */
  work(): void {
    this.stage.publish();
    this.stage.work();
    this.stage.drain();
  }

  /** Of each Accepted that it was sent, the epoch. */
  accepted(connection: number): number[] {
    return this.greetings(connection).map(({ epoch }) => epoch);
  }

  greetings(connection: number): TapeAcceptedFields[] {
    const greetings: TapeAcceptedFields[] = [];
    const stream = new TapeStream(TapeSender.Broker, (bytes) => new Uint8Array(bytes));
    stream.receive(this.bench.transport.stream(connection), (type, memory) => {
      if (type === TapeType.Accepted) greetings.push(readAccepted(memory, 0));
      return true;
    });
    return greetings;
  }
}

test("who is gone before its session is open leaves neither its place in the session nor an answer to its slot's next", async () => {
  const desk = new Desk();
  const first = await desk.hello(0, 1, 7);
  desk.work();
  // The topic is open, and the session asked for.
  desk.reception.closed(first, "ended" as never);
  const next = await desk.hello(0, 2, 8);
  // The first one's answer comes now, and the next one's.
  desk.work();
  desk.work();
  expect([desk.accepted(first), desk.accepted(next)]).toEqual([[], [3]]);
  expect(desk.bench.service.figures().publishers).toBe(1);
  // A session has room for one connection: the one that is gone takes none.
  const again = await desk.hello(1, 1, 7);
  desk.work();
  expect(desk.accepted(again)).toEqual([3]);
});

test("who is let in is told its topic, its levels and the lease that its batches may be missing for", async () => {
  const desk = new Desk();
  const connection = await desk.hello(0, 1, 7);
  desk.work();
  desk.work();
  expect(desk.greetings(connection)).toEqual([
    {
      ...{ topic: 1, order: 2, ack: 2, epoch: 3, lastBatch: 0 },
      ...{ nextRecord: 1, oldestRecord: 1, lease_ms: 30_000 },
    },
  ]);
});

test("all publishers of a key have its one rate: what the first has sent too much holds up the second", async () => {
  const desk = new Desk();
  const [first, second, other] = [
    await desk.hello(0, 1, 7, "loader"),
    await desk.hello(1, 1, 8, "loader"),
    await desk.hello(2, 1, 9),
  ];
  for (let i = 0; i < 3; i++) desk.work();
  const { bench } = desk;
  bench.receive(first, batch(1, 2_000, 7));
  expect([...bench.transport.paused]).toEqual([first]);
  bench.receive(second, batch(1, 64, 8));
  bench.receive(other, batch(1, 64, 9));
  expect([...bench.transport.paused]).toEqual([first, second]);
});
