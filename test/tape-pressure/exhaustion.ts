// Many publishers, few staging buffers: each one sends what it can, batches up to the largest there are, at order level 2, and a
// subscriber reads along. Nothing may be lost, doubled or reordered, nobody starve, and the broker's memory stay as it is. What
// publishers may make is bounded by what the subscriber has read, so that retention never takes what was not judged yet.

import { setTimeout as sleep } from "node:timers/promises";
import { reservePorts } from "../support/ports.ts";
import { brokerFigures } from "./broker-status.ts";
import { type ExhaustionMinute, exhaustionTable } from "./exhaustion-table.ts";
import { BrokerProcess, PublishersProcess } from "./processes.ts";
import type { PublishersWord } from "./publishers-worker.ts";
import { TopicJudge } from "./topic-judge.ts";
import { WireSubscriber } from "./wire-subscriber.ts";

const TOPIC = "pressure";
const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Kept by the topic: four times what may be made and not be read. */
const RETAIN_BYTES = 1024 * 1024 * 1024;
const UNREAD_BYTES_MAX = RETAIN_BYTES / 4;
const LARGEST_ONE_IN = 20;
/** As much as they can. */
const BYTES_PER_SECOND = 1e10;
const LOOK_MS = 50;
const MINUTE_MS = 60_000;
/** For what is on its way when publishers are told to end. */
const SETTLE_MS = 60_000;
/** A broker that grows by more than this beyond its first minute is not flat. */
const GROWTH_BYTES = 128 * 1024 * 1024;

const SILENCE: PublishersWord = { publishers: [], heldBackShare: 0, complaints: ["publishers said nothing"] };

export interface ExhaustionPlan {
  /** Of its own, and empty. */
  readonly directory: string;
  readonly seed: number;
  readonly publishers: number;
  readonly buffers: number;
  readonly duration_ms: number;
  /** Of each publisher: bytes on their way. All of it is waited for at the end. */
  readonly windowBytes: number;
  /** Told each minute. */
  readonly onMinute?: (minute: ExhaustionMinute) => void;
}

export interface ExhaustionReport {
  /** Every breach, in words. */
  readonly wrong: readonly string[];
  readonly batches: number;
  /** Of the publishers, by number. */
  readonly perPublisher: PublishersWord["publishers"];
  readonly timesExhausted: number;
  /** Markdown: the minutes and a line. */
  readonly text: string;
}

export async function runExhaustion(plan: ExhaustionPlan): Promise<ExhaustionReport> {
  const run = new ExhaustionRun(plan, (await reservePorts(1))[0]);
  await run.broker.ready();
  await run.load();
  return run.finish();
}

class ExhaustionRun {
  readonly broker: BrokerProcess;
  readonly #plan: ExhaustionPlan;
  readonly #port: number;
  readonly #publishers: PublishersProcess;
  readonly #subscriber: WireSubscriber;
  readonly #judge: TopicJudge;
  readonly #wrong: string[] = [];
  readonly #minutes: ExhaustionMinute[] = [];

  constructor(plan: ExhaustionPlan, port: number) {
    const { directory, buffers, seed, windowBytes } = plan;
    this.#plan = plan;
    this.#port = port;
    const kept = { segmentBytes: SEGMENT_BYTES, retainBytes: RETAIN_BYTES };
    this.broker = new BrokerProcess({ directory, port, staging: buffers, ...kept }, true);
    const one = (_: unknown, i: number) =>
      ({ publisher: i + 1, topic: TOPIC, order: 2, ack: 1, connections: 1 }) as const;
    const publishers = Array.from({ length: plan.publishers }, one);
    const load = {
      windowBytes,
      largestOneIn: LARGEST_ONE_IN,
      bytesPerSecond: BYTES_PER_SECOND,
    };
    this.#publishers = new PublishersProcess({ port, seed, publishers, ...load, ledgers: "" }, true);
    const complain = (what: string) => void this.#wrong.push(what);
    this.#judge = new TopicJudge({ name: `topic ${TOPIC}`, mayJump: false }, complain);
    this.#subscriber = new WireSubscriber({ port, topic: TOPIC, complain }, this.#judge);
  }

  /** For the time that was asked for, from when every publisher was acknowledged something. */
  async load(): Promise<void> {
    const launched_ms = performance.now();
    while (!this.#haveAllBegun() && this.#wrong.length === 0) {
      await this.#look();
      if (performance.now() > launched_ms + SETTLE_MS)
        this.#wrong.push(`not every publisher was acknowledged a batch within ${SETTLE_MS} ms`);
    }
    const begun_ms = performance.now();
    const { duration_ms } = this.#plan;
    for (let at_ms = 0; at_ms < duration_ms && this.#wrong.length === 0; ) {
      await this.#look();
      at_ms = performance.now() - begun_ms;
      if (at_ms >= MINUTE_MS * (this.#minutes.length + 1)) await this.#minute(at_ms);
    }
    if (this.#minutes.length === 0) await this.#minute(performance.now() - begun_ms);
  }

  #haveAllBegun(): boolean {
    return this.#publishers.word?.publishers.every(({ batches }) => batches > 0) ?? false;
  }

  async #look(): Promise<void> {
    this.#publishers.bound(this.#judge.bytes + UNREAD_BYTES_MAX);
    await sleep(LOOK_MS);
  }

  async #minute(at_ms: number): Promise<void> {
    const { staging } = await brokerFigures(this.#port);
    const minute = {
      minutes: at_ms / MINUTE_MS,
      batches: this.#judge.batches,
      bytes: this.#judge.bytes,
      residentBytes: this.broker.residentBytes,
      heapBytes: this.broker.heapBytes,
      timesExhausted: staging.timesExhausted,
    };
    this.#minutes.push(minute);
    this.#plan.onMinute?.(minute);
    if (minute.residentBytes > this.#minutes[0].residentBytes + GROWTH_BYTES)
      this.#wrong.push(`the broker grew to ${Math.round(minute.residentBytes / 2 ** 20)} MiB`);
  }

  /** Publishers end when all they sent is acknowledged; then all of it must have been read. */
  async finish(): Promise<ExhaustionReport> {
    const ended = this.#publishers.end("SIGTERM");
    const inTime = await Promise.race([ended, sleep(SETTLE_MS, "late" as const, { ref: false })]);
    if (inTime !== 0) this.#wrong.push(`publishers ended ${inTime}: ${this.#publishers.stderr}`);
    const read = this.#subscriber.readAll();
    if ((await Promise.race([read, sleep(SETTLE_MS, "late" as const, { ref: false })])) === "late")
      this.#wrong.push("the subscriber did not catch up");
    this.#subscriber.end();
    const { publishers: perPublisher, heldBackShare, complaints } = this.#publishers.word ?? SILENCE;
    this.#wrong.push(...complaints);
    for (const { publisher, batches: batch } of perPublisher) {
      this.#judge.wasAcknowledged({ publisher, epoch: 1, batch });
      this.#judge.wasSent({ publisher, epoch: 1, batch });
    }
    const { staging } = await brokerFigures(this.#port);
    const status = await this.broker.end("SIGTERM");
    if (status !== 0) this.#wrong.push(`the broker ended with ${status}: ${this.broker.stderr}`);
    const text = exhaustionTable(this.#minutes, perPublisher, heldBackShare);
    const { timesExhausted } = staging;
    return { wrong: this.#wrong, batches: this.#judge.batches, perPublisher, timesExhausted, text };
  }
}
