// Publishes the log to its topics, from where they end, for as long as it is told to. Whatever goes wrong (the tape is gone, the journal was
// retired under it, a session was fenced) ends the round; the next one begins as after a restart, with what the topics hold then.
//
//   topics opened, their ends read -> journal course from there -> frames applied -> batches, when there are no more frames for now
//
// It is bounded by the publishers' windows: while they are full the log is read no further, and nothing else waits.

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { backoff, type Clock, SeriatimError } from "../../base/index.ts";
import type { TapePeerOptions } from "../../tape-runtime/index.ts";
import type { CopyBatch } from "./batcher.ts";
import { CopyTopic } from "./copy-topic.ts";
import type { CoursePlace } from "./course-start.ts";
import { JournalCourse, type TopicGap } from "./journal-course.ts";
import type { ReleasedPosition } from "./released-position.ts";
import { type DropCopyStream, dropCopyTopic } from "./topic-source.ts";

/** Between two rounds. */
const AGAIN_MS = { min: 250, max: 10_000, spreadFrom: 0.5 };
/** A round that lasted so long was none that failed at once. */
const GOOD_ROUND_MS = 10_000;
/** A node that has just begun to lead knows only after a while how much of its log is safe. */
const AHEAD_MS = 5_000;
/** How often it is looked whether a topic is still there while nothing happens. */
const LOOK_MS = 250;

export interface PublicationOptions {
  readonly place: CoursePlace;
  readonly streams: readonly DropCopyStream[];
  readonly peer: TapePeerOptions;
  readonly released: ReleasedPosition;
  readonly clock: Clock;
  /** Positions that are missing in a topic from now on. */
  readonly onGap: (gap: TopicGap) => void;
  /** Publishing goes on behind `position` of the log. */
  readonly onBegun: (position: number) => void;
  /** Nothing is published for now, for this reason. */
  readonly onLost: (error: SeriatimError) => void;
}

export class Publication {
  readonly #options: PublicationOptions;
  readonly #stop = new AbortController();
  /** Of the log, up to which everything was handed to the topics. */
  position = 0;

  constructor(options: PublicationOptions) {
    this.#options = options;
  }

  /** All that is released by now is published, if it can be, and the run ends. */
  stop(): void {
    this.#stop.abort();
    this.#options.released.wake();
  }

  /** Resolves when it was stopped; rejects with a bug alone. */
  async run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      const begun_ms = performance.now();
      try {
        await this.#round();
      } catch (error) {
        if (!(error instanceof SeriatimError)) throw error;
        if (!this.#stop.signal.aborted) this.#options.onLost(error);
      }
      if (performance.now() - begun_ms > GOOD_ROUND_MS) failures = 0;
      await this.#rest(backoff(failures, AGAIN_MS, Math.random()));
    }
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }

  /** Until it is stopped; rejects with what went wrong. */
  async #round(): Promise<void> {
    const { place, clock, released, onGap, onBegun } = this.#options;
    const topics = await this.#openTopics();
    let course: JournalCourse | undefined;
    try {
      await this.#awaitSafe(
        Math.max(...topics.map(({ last }) => (typeof last === "object" ? last.position : 1))),
      );
      const batches: CopyBatch[] = [];
      const onBatch = (batch: CopyBatch) => void batches.push(batch);
      course = new JournalCourse({ place, clock, streams: topics, onBatch }, released.position);
      course.gaps.forEach(onGap);
      this.position = course.position;
      onBegun(course.position);
      await this.#follow(course, batches, topics);
      await Promise.all(topics.map((topic) => topic.close()));
    } finally {
      course?.close();
      for (const topic of topics) topic.destroy();
    }
  }

  async #openTopics(): Promise<CopyTopic[]> {
    const { streams, peer } = this.#options;
    const opened = await Promise.allSettled(streams.map((stream) => CopyTopic.open(stream, peer)));
    const failed = opened.find((one) => one.status === "rejected");
    const topics = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    if (failed === undefined) return topics;
    for (const topic of topics) topic.destroy();
    throw failed.reason;
  }

  /** Waits a while until the log is safe up to what the topics have of it, and until there is a log. */
  async #awaitSafe(position: number): Promise<void> {
    const { released } = this.#options;
    const until_ms = performance.now() + AHEAD_MS;
    while (released.position < position && performance.now() < until_ms && !this.#stop.signal.aborted)
      await released.beyond(released.position, LOOK_MS);
  }

  /** Resolves when it was stopped and all that was released by then is on its way. */
  async #follow(course: JournalCourse, batches: CopyBatch[], topics: readonly CopyTopic[]): Promise<void> {
    const { released } = this.#options;
    for (;;) {
      const isLast = this.#stop.signal.aborted;
      const bound = released.position;
      const hasMoved = course.step(bound);
      if (!hasMoved) course.cut();
      await publishAll(batches, topics);
      this.position = course.position;
      if (hasMoved) await nextTurn();
      else if (isLast) return;
      else await released.beyond(bound, LOOK_MS);
    }
  }
}

/** Hands over what there is; the window of a topic that is full is waited for. */
async function publishAll(batches: CopyBatch[], topics: readonly CopyTopic[]): Promise<void> {
  for (const topic of topics) topic.check();
  for (const batch of batches.splice(0)) {
    const topic = topics.find(({ stream }) => dropCopyTopic(stream) === batch.topic);
    await topic?.publish(batch);
  }
}
