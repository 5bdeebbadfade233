// SIGKILL again and again of a tape's broker and of its publishers, at random moments under load, on one data directory. Judged from
// the publishers' own ledgers, from subscribers that read along over everything, and from the files while no broker runs. Every draw
// comes from the seed; when a signal arrives does not, so a seed repeats the plan, not the run.
//
//   load -> SIGKILL (-> read the files) -> start (maybe killed on the way) -> subscribers catch up -> judge what is new

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Prng } from "../../src/base/index.ts";
import { reservePorts } from "../support/ports.ts";
import { TapeKillFigures } from "./kill-figures.ts";
import { BrokerProcess, PublishersProcess } from "./processes.ts";
import { LedgerReader } from "./publisher-ledger.ts";
import { judgeFiles } from "./topic-files.ts";
import { OneOrder, TopicJudge } from "./topic-judge.ts";
import type { PublisherPlan } from "./wire-publisher.ts";
import { WireSubscriber } from "./wire-subscriber.ts";

/** Small segments, so that kills also hit rotations. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
const STAGING = 8;
/** Of one process of publishers, in a second: what all leave on the disk is bounded by it. */
const BYTES_PER_SECOND = 8_000_000;
const WINDOW_BYTES = 4 * 1024 * 1024;
const LARGEST_ONE_IN = 200;
/** From a start to the kill; and the same in one round of five. */
const LOAD_MS = [5, 300] as const;
const LONG_LOAD_MS = [600, 1_500] as const;
const KILLED_STARTS_OF_TEN = 2;
/** The files are read from the first byte on after one kill of a broker in so many. */
const KILLS_PER_READING = 5;
const CAUGHT_UP_MS = 60_000;
const LOADED_LOOK_MS = 5;
const READERS = 2;

const ORDERED = { topic: "ordered", order: 2 } as const;
/** One process of publishers each. The seventh publisher wants no acks, and has its topic alone: it leaves out what was lost with a broker. */
const CROWDS: readonly (readonly PublisherPlan[])[] = [
  [
    { ...ORDERED, publisher: 1, ack: 2, connections: 1 },
    { ...ORDERED, publisher: 2, ack: 2, connections: 3 },
    { publisher: 3, topic: "arrival", order: 1, ack: 2, connections: 1 },
  ],
  [
    { ...ORDERED, publisher: 4, ack: 2, connections: 2 },
    { publisher: 5, topic: "arrival", order: 1, ack: 1, connections: 1 },
    { publisher: 6, topic: "loose", order: 0, ack: 2, connections: 1 },
    { publisher: 7, topic: "unheard", order: 0, ack: 0, connections: 1 },
  ],
  [
    { ...ORDERED, publisher: 8, ack: 2, connections: 1, library: "plain" },
    { publisher: 9, topic: "arrival", order: 1, ack: 2, connections: 1, library: "zstd" },
  ],
];
const TOPICS = [...new Set(CROWDS.flat().map(({ topic }) => topic))];

export interface TapeKillPlan {
  /** Of its own, and empty. */
  readonly directory: string;
  readonly seed: number;
  /** Where the broker listens, again and again. */
  readonly port: number;
}

export class TapeKillLoop {
  readonly figures = new TapeKillFigures();
  readonly #plan: TapeKillPlan;
  readonly #prng: Prng;
  readonly #orders = new Map(TOPICS.map((topic) => [topic, new OneOrder()]));
  readonly #judges: TopicJudge[] = [];
  #subscribers: WireSubscriber[] = [];
  readonly #ledgers = new Map<number, LedgerReader>();
  readonly #counted = new Map<string, number>();
  #broker: BrokerProcess | undefined;
  readonly #crowds: PublishersProcess[] = [];
  #brokerKills = 0;
  /** What the last start took: a killed one is killed within as much. */
  #start_ms = 500;

  static async make(plan: Omit<TapeKillPlan, "port">): Promise<TapeKillLoop> {
    const [port] = await reservePorts(1);
    const loop = new TapeKillLoop({ ...plan, port });
    await loop.#begin();
    return loop;
  }

  private constructor(plan: TapeKillPlan) {
    this.#plan = plan;
    this.#prng = new Prng(plan.seed);
  }

  async #begin(): Promise<void> {
    const { directory, port } = this.#plan;
    mkdirSync(join(directory, "ledgers"));
    for (const { publisher } of CROWDS.flat())
      this.#ledgers.set(publisher, new LedgerReader(join(directory, "ledgers", String(publisher))));
    await this.#startBroker();
    for (const crowd of CROWDS.keys()) this.#startCrowd(crowd);
    for (const topic of TOPICS) {
      for (let reader = 1; reader <= READERS; reader++) {
        const judge = this.#judgeOf(topic, `topic ${topic}, reader ${reader}`);
        const complain = (what: string) => this.figures.breach(what);
        this.#judges.push(judge);
        this.#subscribers.push(new WireSubscriber({ port, topic, complain }, judge));
      }
    }
  }

  #judgeOf(topic: string, name: string): TopicJudge {
    const terms = { name, mayJump: topic === "unheard", order: this.#orders.get(topic) };
    return new TopicJudge(terms, (wrong) => this.figures.breach(wrong));
  }

  /** One more round: one kill or two, and maybe of starts. */
  async round(): Promise<void> {
    const [least, most] = this.#prng.between(1, 5) === 1 ? LONG_LOAD_MS : LOAD_MS;
    const draw = this.#prng.between(1, 4);
    await this.#loaded();
    await sleep(this.#prng.between(least, most));
    if (draw <= 2) await this.#kill("the broker", this.#killBroker());
    else if (draw === 3) await this.#kill("a process of publishers", this.#killCrowd());
    else {
      const both = Promise.all([this.#killBroker(), this.#killCrowd()]);
      await this.#kill("the broker and a process of publishers", both);
    }
    if (this.#broker === undefined) await this.#startAfterKill();
    for (const crowd of CROWDS.keys()) if (this.#crowds[crowd] === undefined) this.#startCrowd(crowd);
    await this.#judge();
  }

  /** Every process of publishers has been acknowledged something since the last round. */
  async #loaded(): Promise<void> {
    const ofCrowd = (crowd: number) => {
      const ledgers = CROWDS[crowd].map(({ publisher }) => this.#ledgers.get(publisher));
      for (const ledger of ledgers) ledger?.update();
      return ledgers.reduce((sum, ledger) => sum + (ledger?.acknowledgements ?? 0), 0);
    };
    const before = CROWDS.map((_, crowd) => ofCrowd(crowd));
    const end_ms = performance.now() + CAUGHT_UP_MS;
    while (CROWDS.some((_, crowd) => ofCrowd(crowd) === before[crowd])) {
      if (performance.now() > end_ms) return this.figures.breach(`no acks for ${CAUGHT_UP_MS} ms`);
      await sleep(LOADED_LOOK_MS);
    }
  }

  async #kill(name: string, killed: Promise<unknown>): Promise<void> {
    this.figures.killed(name);
    await killed;
  }

  async #killBroker(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    const how = await broker?.end("SIGKILL");
    if (how !== "SIGKILL") this.figures.breach(`the broker ended with ${how}: ${broker?.stderr}`);
  }

  async #killCrowd(): Promise<void> {
    const crowd = this.#prng.between(0, CROWDS.length - 1);
    const publishers = this.#crowds[crowd];
    delete this.#crowds[crowd];
    await publishers.end("SIGKILL");
    this.#listen(publishers);
  }

  /** What publishers complain of. */
  #listen(publishers: PublishersProcess): void {
    const lines = publishers.stderr.split("\n").filter((line) => line !== "");
    publishers.stderr = "";
    for (const line of lines) this.figures.breach(line);
  }

  async #startAfterKill(): Promise<void> {
    if (++this.#brokerKills % KILLS_PER_READING === 0) this.#readFiles();
    while (this.#prng.between(1, 10) <= KILLED_STARTS_OF_TEN) {
      const broker = this.#launch();
      await sleep(this.#prng.between(0, Math.round(this.#start_ms)));
      await broker.end("SIGKILL");
      this.figures.row("the broker while it starts").kills++;
    }
    await this.#startBroker();
  }

  #launch(): BrokerProcess {
    const { directory, port } = this.#plan;
    const tape = join(directory, "tape");
    return new BrokerProcess({
      ...{ directory: tape, port, staging: STAGING, segmentBytes: SEGMENT_BYTES, retainBytes: 0 },
    });
  }

  async #startBroker(): Promise<void> {
    const begun_ms = performance.now();
    this.#broker = this.#launch();
    await this.#broker.ready();
    this.#start_ms = performance.now() - begun_ms;
    this.figures.started(this.#start_ms);
  }

  #startCrowd(crowd: number): void {
    const { directory, port } = this.#plan;
    this.#crowds[crowd] = new PublishersProcess({
      ...{ port, seed: this.#prng.u32(), publishers: CROWDS[crowd], windowBytes: WINDOW_BYTES },
      ...{ largestOneIn: LARGEST_ONE_IN, bytesPerSecond: BYTES_PER_SECOND },
      ledgers: join(directory, "ledgers"),
    });
  }

  /** What was acknowledged before subscribers read to the end must be there, and nothing that was not sent until then. */
  async #judge(): Promise<void> {
    for (const ledger of this.#ledgers.values()) ledger.update();
    const acknowledged = this.#claims(({ acknowledged }) => acknowledged);
    await this.#catchUp(this.#subscribers);
    for (const ledger of this.#ledgers.values()) ledger.update();
    const sent = this.#claims(({ sent }) => sent);
    for (const [i, judge] of this.#judges.entries()) {
      const topic = TOPICS[Math.floor(i / READERS)];
      for (const claim of acknowledged) if (claim.topic === topic) judge.wasAcknowledged(claim);
      for (const claim of sent) if (claim.topic === topic) judge.wasSent(claim);
    }
    for (const claim of acknowledged)
      this.#count(claim.ack, `${claim.publisher}:${claim.epoch}`, claim.batch);
    for (const crowd of this.#crowds) this.#listen(crowd);
  }

  #count(ack: number, session: string, batch: number): void {
    this.figures.current.acknowledged[ack] += batch - (this.#counted.get(session) ?? 0);
    this.#counted.set(session, batch);
  }

  #claims(of: (known: { sent: number; acknowledged: number }) => number) {
    return CROWDS.flat().flatMap(({ publisher, topic, ack }) =>
      [...(this.#ledgers.get(publisher)?.sessions ?? [])].map(([epoch, known]) => {
        return { publisher, topic, ack, epoch, batch: of(known) };
      }),
    );
  }

  async #catchUp(subscribers: readonly WireSubscriber[]): Promise<void> {
    const done = Promise.all(subscribers.map((subscriber) => subscriber.readAll()));
    const inTime = await Promise.race([done, sleep(CAUGHT_UP_MS, "late" as const, { ref: false })]);
    if (inTime === "late") this.figures.breach(`subscribers have not caught up within ${CAUGHT_UP_MS} ms`);
  }

  #readFiles(): void {
    const directory = join(this.#plan.directory, "tape");
    const reports = judgeFiles(directory, (topic) => this.#judgeOf(topic, `files of ${topic}`));
    this.figures.topicsRead += reports.length;
    this.figures.tornEnds += reports.filter(({ verdict }) => verdict === "torn").length;
  }

  /** Ends publishers and broker in order: then everything that was sent is there, and is read once more from the start. */
  async finish(): Promise<void> {
    // One that was just started does not know signals yet.
    await this.#loaded();
    for (const status of await Promise.all(this.#crowds.map((crowd) => crowd.end("SIGTERM"))))
      if (status !== 0) this.figures.breach(`a process of publishers ended with ${status}`);
    await this.#judge();
    this.#countUnknown();
    const { port } = this.#plan;
    const complain = (what: string) => this.figures.breach(what);
    const judges = TOPICS.map((topic) => this.#judgeOf(topic, `topic ${topic}, read again`));
    const again = TOPICS.map((topic, i) => new WireSubscriber({ port, topic, complain }, judges[i]));
    await this.#catchUp(again);
    for (const [i, judge] of judges.entries()) {
      const { batches, bytes, nextRecord } = judge;
      this.figures.batches += batches;
      this.figures.bytes += bytes;
      const first = this.#judges[i * READERS];
      if (first.nextRecord !== nextRecord || first.batches !== batches)
        this.figures.breach(`topic ${TOPICS[i]}: ${batches} batches read again, ${first.batches} along`);
    }
    for (const subscriber of [...again, ...this.#subscribers]) subscriber.end();
    const status = await this.#broker?.end("SIGTERM");
    if (status !== 0)
      this.figures.breach(`the broker ended with ${status} in the end: ${this.#broker?.stderr}`);
    this.#readFiles();
  }

  /** Of sessions that a kill ended: what was sent last and never acknowledged. */
  #countUnknown(): void {
    for (const { publisher, topic, epoch, ack, batch } of this.#claims(({ sent }) => sent)) {
      if (ack === 0) continue;
      const known = this.#ledgers.get(publisher)?.sessions.get(epoch);
      const there = this.#judges[TOPICS.indexOf(topic) * READERS].lastOf(publisher, epoch);
      const row = this.figures.row("a process of publishers");
      row.unknownThere += there - (known?.acknowledged ?? 0);
      row.unknownNot += batch - there;
    }
  }
}
