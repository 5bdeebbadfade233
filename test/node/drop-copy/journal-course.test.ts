// What is published of a log is what its replay says, each record once and in order, however often whoever publishes ends and begins
// again, with whatever part of its batches in the topic; and what nobody can read any more is said.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import type { BatchLimits, CopyBatch } from "../../../src/node/drop-copy/batcher.ts";
import { JournalCourse } from "../../../src/node/drop-copy/journal-course.ts";
import {
  type DropCopyStream,
  dropCopyTopic,
  type LastRecord,
} from "../../../src/node/drop-copy/topic-source.ts";
import {
  ChannelKind,
  DropCopyFlag,
  DropCopyKind,
  MarketDataReader,
  readDropCopyGap,
} from "../../../src/protocol/index.ts";
import { expectBook, HandClock, NaiveSubscriber } from "../../feed/channel/support.ts";
import { expectReports, LoggedFlow, TopicInMemory } from "./support.ts";

/** Small, so that many commands share one, and a few fill it. */
const SMALL = { bytes: 2_000, records: 12 };
/** So small that many commands fill more than one. */
const TINY = { bytes: 2_000, records: 4 };
/** No command fills one. */
const LARGE = { bytes: 65_536, records: 1_000 };
const COMMANDS = 800;

/** The topics of a log, and whoever publishes there, one after the other. */
class Publishing {
  readonly topics: Map<DropCopyStream, TopicInMemory>;
  flow: LoggedFlow;
  readonly #limits: BatchLimits;
  readonly #clock = new HandClock();
  /** Batches made and not yet in their topics. */
  readonly #pending: CopyBatch[] = [];
  course: JournalCourse;

  constructor(flow: LoggedFlow, streams: readonly DropCopyStream[], limits: BatchLimits = SMALL) {
    this.flow = flow;
    this.#limits = limits;
    this.topics = new Map(streams.map((stream) => [stream, new TopicInMemory()]));
    this.course = this.#begun(flow.journal.durablePosition);
  }

  /** Another one, after the one before was killed: what had not arrived never does. */
  begin(released: number): void {
    this.course.close();
    this.#pending.length = 0;
    this.course = this.#begun(released);
  }

  #begun(released: number): JournalCourse {
    const streams = [...this.topics].map(([stream, { last }]) => ({ stream, last }));
    const onBatch = (batch: CopyBatch) => void this.#pending.push(batch);
    const parts = { place: this.flow.place, clock: this.#clock, onBatch, limits: this.#limits };
    return new JournalCourse({ ...parts, streams }, released);
  }

  /** Follows up to `released`. */
  follow(released: number): void {
    while (this.course.step(released));
  }

  finish(released: number): void {
    this.follow(released);
    this.course.cut();
    this.arrive();
  }

  /** The first `count` batches arrive. */
  arrive(count = this.#pending.length): void {
    for (const batch of this.#pending.splice(0, count)) this.topic(batch.topic).take(batch);
  }

  get pending(): number {
    return this.#pending.length;
  }

  topic(name: string): TopicInMemory {
    for (const [stream, topic] of this.topics) if (dropCopyTopic(stream) === name) return topic;
    throw new Error(`no topic ${name}`);
  }
}

function of(publishing: Publishing, stream: DropCopyStream): TopicInMemory {
  return publishing.topics.get(stream) as TopicInMemory;
}

/** Takes all commands of the flow, with ends at random; returns how many there were. */
function publishAll(flow: LoggedFlow, publishing: Publishing, random: Prng): number {
  let ends = 0;
  while (flow.left > 0) {
    flow.trade(random.between(1, 30));
    if (random.between(0, 11) === 0) flow.snap();
    publishing.follow(flow.journal.durablePosition - random.between(0, 19));
    if (random.between(0, 1) === 0) publishing.course.cut();
    publishing.arrive(random.between(0, publishing.pending));
    if (random.between(0, 5) !== 0) continue;
    publishing.begin(flow.journal.durablePosition);
    ends++;
  }
  publishing.finish(flow.journal.durablePosition);
  return ends;
}

test.each(["sessions", "administered", "deep"] as const)(
  "each report is published once, in order, over any number of ends in the middle: %s",
  (profile) => {
    for (let seed = 1; seed <= 2; seed++) {
      const flow = new LoggedFlow(profile, seed, COMMANDS);
      const publishing = new Publishing(flow, ["reports"]);
      expect(publishAll(flow, publishing, new Prng(seed)), `seed ${seed}`).toBeGreaterThan(3);
      expectReports(of(publishing, "reports"), flow);
      expect(publishing.course.gaps).toEqual([]);
      if (profile === "sessions") expect(flow.reports.length).toBeGreaterThan(COMMANDS / 2);
    }
  },
);

test("a command that fills several batches is gone on with where its part in the topic ends", () => {
  const flow = new LoggedFlow("sessions", 5, COMMANDS / 4);
  const publishing = new Publishing(flow, ["reports"], TINY);
  let parts = 0;
  while (flow.left > 0) {
    flow.trade(20);
    publishing.follow(flow.journal.durablePosition);
    publishing.course.cut();
    // One batch, and then another one has to go on.
    for (let left = publishing.pending; left > 0; left--) {
      publishing.arrive(1);
      const { last } = of(publishing, "reports");
      if (last !== undefined && (last.flags & DropCopyFlag.Last) === 0) parts++;
      publishing.begin(flow.journal.durablePosition);
      publishing.follow(flow.journal.durablePosition);
      publishing.course.cut();
    }
  }
  publishing.finish(flow.journal.durablePosition);
  expect(parts).toBeGreaterThan(0);
  expectReports(of(publishing, "reports"), flow);
});

test("books built from the channels' topics are the engine's, in every epoch, and each trade is told once", () => {
  const kinds = { top: ChannelKind.Top, levels: ChannelKind.Levels, orders: ChannelKind.Orders } as const;
  for (const profile of ["mixed", "administered"] as const) {
    const flow = new LoggedFlow(profile, 4, COMMANDS);
    const publishing = new Publishing(flow, ["top", "levels", "orders"], LARGE);
    publishAll(flow, publishing, new Prng(9));
    for (const [stream, kind] of Object.entries(kinds)) {
      const epochs = subscribersOf(of(publishing, stream as DropCopyStream), kind);
      expect(epochs.length).toBeGreaterThan(3);
      const trades = epochs.flatMap(({ symbols }) => symbols.flatMap((symbol) => symbol.trades));
      const told = trades.map(([sequence, price, quantity]) => [sequence, price, quantity]);
      const traded = flow.trades.map(({ sequence, price, quantity }) => [sequence, price, quantity]);
      expect(told.sort((a, b) => a[0] - b[0])).toEqual(traded);
      const last = epochs.at(-1) as NaiveSubscriber;
      for (let symbol = 0; symbol < flow.engine.instruments.length; symbol++)
        expectBook(flow.engine, last, symbol);
    }
  }
});

/** A subscriber for each epoch of a topic, in their order. */
function subscribersOf(topic: TopicInMemory, kind: ChannelKind): NaiveSubscriber[] {
  const reader = new MarketDataReader();
  const epochs: NaiveSubscriber[] = [];
  for (const { value } of topic.records) {
    reader.bind(value, 0, value.length);
    if (epochs.at(-1)?.epoch !== reader.epoch) {
      expect(reader.epoch).toBeGreaterThan(epochs.at(-1)?.epoch ?? 0);
      epochs.push(new NaiveSubscriber(kind));
    }
    epochs.at(-1)?.take(value);
  }
  return epochs;
}

test("what was retired before it was published is told in the topics, and what follows is whole", () => {
  const flow = new LoggedFlow("sessions", 2, COMMANDS);
  const publishing = new Publishing(flow, ["reports", "levels"]);
  flow.trade(200);
  publishing.finish(flow.journal.durablePosition);
  const had = flow.journal.durablePosition;
  publishing.course.close();
  flow.trade(300);
  const older = flow.snap();
  flow.trade(300);
  flow.snap();
  flow.retire();
  publishing.begin(flow.journal.durablePosition);
  publishing.finish(flow.journal.durablePosition);
  const reports = of(publishing, "reports");
  const at = reports.places.findIndex(({ kind }) => kind === DropCopyKind.Gap);
  const { first, last } = readDropCopyGap(reports.records[at].value);
  // The topic may lack the end of what told nobody anything.
  expect(last).toBe(older);
  expect(first).toBe(reports.places[at - 1].position + 1);
  expect(first).toBeLessThanOrEqual(had + 1);
  expect(publishing.course.gaps.map(({ topic }) => topic)).toEqual(["exchange.reports", "exchange.levels"]);
  expectReports(reports, flow, (position) => position < first || position > last);
  // Once said, it is not said again.
  publishing.begin(flow.journal.durablePosition);
  publishing.finish(flow.journal.durablePosition);
  expect(reports.places.filter(({ kind }) => kind === DropCopyKind.Gap).length).toBe(1);
  const levels = of(publishing, "levels");
  expect(levels.places.some(({ kind }) => kind === DropCopyKind.Gap)).toBe(true);
});

test("a topic that holds more than the log is another log's: nothing is published", () => {
  const flow = new LoggedFlow("sessions", 2, 300);
  const publishing = new Publishing(flow, ["reports"]);
  flow.trade(300);
  publishing.finish(flow.journal.durablePosition);
  const { last } = of(publishing, "reports");
  const released = (last?.position ?? 0) - 1;
  expect(() => publishing.begin(released)).toThrow(
    expect.objectContaining({
      code: "DROP_COPY_AHEAD",
      message: expect.stringContaining("exchange.reports"),
    }),
  );
});

test.each(["reports", "top"] as const)(
  "a topic of another log is refused, however long this one is: %s",
  (stream) => {
    const began_us = 1_700_000_000_000_000;
    const publishing = new Publishing(new LoggedFlow("sessions", 2, 300, began_us), [stream]);
    publishing.flow.trade(200);
    publishing.finish(publishing.flow.journal.durablePosition);
    const published = of(publishing, stream).records.length;
    // Begun anew, at another time.
    publishing.flow = new LoggedFlow("sessions", 3, 900);
    while (publishing.flow.left > 0) publishing.flow.trade(30);
    const foreign = expect.objectContaining({
      code: "DROP_COPY_FOREIGN",
      message: expect.stringContaining(`topic exchange.${stream} holds another log`),
    });
    expect(() => publishing.begin(publishing.flow.journal.durablePosition)).toThrow(foreign);
    // What the topic has of it is retired in the log: a snapshot at that position tells.
    publishing.flow = new LoggedFlow("sessions", 3, 900);
    const { position } = of(publishing, stream).last as LastRecord;
    publishing.flow.trade(position - 1);
    publishing.flow.snap();
    while (publishing.flow.left > 0) publishing.flow.trade(200);
    publishing.flow.snap();
    publishing.flow.retire();
    expect(() => publishing.begin(publishing.flow.journal.durablePosition)).toThrow(foreign);
    expect(of(publishing, stream).records).toHaveLength(published);
  },
);

test("nothing behind the released position is read", () => {
  const flow = new LoggedFlow("sessions", 7, 300);
  const publishing = new Publishing(flow, ["reports"]);
  for (let frames = 0; frames < 30; frames++) flow.trade(10);
  const released = 100;
  publishing.finish(released);
  expect(publishing.course.position).toBeLessThanOrEqual(released);
  expect(publishing.course.position).toBeGreaterThan(released - 10);
  expect(of(publishing, "reports").places.every(({ position }) => position <= released)).toBe(true);
});
