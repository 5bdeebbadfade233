// The duty cycle of a commit worker: takes what its ring holds, orders and writes it, says what is written, makes safe what
// somebody waits for with one sync per topic, and says that. The next turn's batches collect meanwhile: that is the group
// commit. Staging goes back as soon as a part is written, before any sync.
//
// A command is taken only while the ring of results has room for everything that could follow from it and for all that waits to
// be told; so no result is ever lost, and a loop that does not drain its results stops the commands, not the memory.
// A turn takes two runs of the ring at most: all that had arrived when it began, so a lease is judged over only when
// no batch that came in time lies unread.

import { assert, type Checksums, type Clock } from "../../base/index.ts";
import { type TapeMemory, TapeReason } from "../../protocol/index.ts";
import type { Agent, Ring, RingConsumer, RingProducer } from "../../ring/index.ts";
import { HoldMemory, type OrderingLimits, type OrderLevel } from "../ordering/limits.ts";
import { Opening } from "../ordering/topic-sessions.ts";
import { type CommitCommand, emptyCommand, readCommand } from "./command-codec.ts";
import { CommitFigures } from "./commit-figures.ts";

import type { CommitTopic } from "./commit-topic.ts";
import { CommitConnection, Outcomes } from "./outcomes.ts";
import { PartCommitter, type TurnTime } from "./part-committer.ts";
import { CommitCommandKind } from "./record-layout.ts";
import { CommitResultWriter } from "./result-codec.ts";
import { RESULTS_PER_COMMAND } from "./results-needed.ts";
import { type OpenTopicLog, type TopicNotice, TopicTable } from "./topic-table.ts";

/** Written between two times that the loop is told what is done: buffers come back while a turn goes on. */
const TOLD_BYTES = 256 * 1024;
/** Between two looks at what is due by time. */
const PASS_US = 10_000;
/** Topics that retention looks at in one: it may begin a file of each, or remove some dozens of one, and parts wait meanwhile. */
const RETAINED_PER_PASS = 8;

const REFUSALS: ReadonlyMap<Opening, TapeReason> = new Map([
  [Opening.OldEpoch, TapeReason.Epoch],
  [Opening.Fenced, TapeReason.LeaseOver],
  [Opening.TooMany, TapeReason.TooManyConnections],
]);

export interface CommitAgentParts {
  readonly commands: { readonly ring: Ring; readonly consumer: RingConsumer };
  readonly results: { readonly ring: Ring; readonly producer: RingProducer };
  /** The staging buffers, by number. */
  readonly buffers: readonly TapeMemory[];
  readonly openLog: OpenTopicLog;
  readonly checksums: Checksums;
  readonly clock: Clock;
  readonly limits: OrderingLimits;
  readonly holdMemory?: HoldMemory;
  /** COMMIT_FIGURES_BYTES. */
  readonly figures: SharedArrayBuffer;
  readonly notice?: TopicNotice;
}

export class CommitAgent implements Agent {
  readonly name = "commit";
  readonly #parts: CommitAgentParts;
  readonly #view: DataView;
  readonly #results: CommitResultWriter;
  readonly #outcomes: Outcomes;
  readonly #topics: TopicTable;
  readonly #committer: PartCommitter;
  readonly #connections = new Map<number, CommitConnection>();
  readonly #figures: CommitFigures;
  readonly #command = emptyCommand();
  readonly #now: TurnTime = { wall_us: 0, monotonic_us: 0 };
  #passed_us = 0;
  #untold_bytes = 0;
  #isHeldUp = false;

  constructor(parts: CommitAgentParts) {
    const { commands, results, openLog, checksums, limits, holdMemory = new HoldMemory() } = parts;
    this.#parts = parts;
    const { bytes } = commands.ring;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#results = new CommitResultWriter(results.ring, results.producer);
    this.#outcomes = new Outcomes(this.#results);
    this.#figures = new CommitFigures(parts.figures);
    const { notice = () => {} } = parts;
    this.#topics = new TopicTable(openLog, limits, holdMemory, this.#figures, this.#now, notice);
    this.#committer = new PartCommitter(
      checksums,
      this.#outcomes,
      this.#figures,
      this.#connections,
      this.#now,
    );
  }

  /** The last turn stopped because the loop has not drained its results. */
  get isHeldUp(): boolean {
    return this.#isHeldUp;
  }

  /** One turn; returns the commands taken. Throws the first failure of a disk that is more than full: the worker is over. */
  doWork(): number {
    const { clock } = this.#parts;
    // A clock that steps back stands still for the log.
    this.#now.wall_us = Math.max(this.#now.wall_us, clock.wallMicros());
    this.#now.monotonic_us = clock.monotonicMicros();
    this.#isHeldUp = false;
    const taken = this.#takeRun() + this.#takeRun();
    const isPassDue = this.#now.monotonic_us - this.#passed_us >= PASS_US;
    if (isPassDue && this.#hasRoom(this.#topics.size)) this.#pass();
    if (taken > 0 || this.#outcomes.count > 0) {
      this.#outcomes.tellWritten();
      this.#parts.results.producer.publish();
      this.#topics.syncDue();
      this.#outcomes.tellSafe();
      this.#figures.turns++;
      this.#figures.share();
    }
    this.#parts.results.producer.publish();
    return taken;
  }

  /** Closes the logs, everything safe. */
  onClose(): void {
    this.#topics.close();
  }

  #takeRun(): number {
    const { consumer } = this.#parts.commands;
    const count = consumer.available();
    for (let taken = 0; taken < count; taken++) {
      if (!this.#hasRoom()) {
        this.#isHeldUp = true;
        return taken;
      }
      readCommand(this.#view, consumer.offset() * 4, this.#command);
      this.#take(this.#command);
      consumer.release(1);
    }
    return count;
  }

  /** For what waits, for what a command may cause, and for `more` results. */
  #hasRoom(more = 0): boolean {
    const needed = this.#outcomes.count + this.#connections.size + RESULTS_PER_COMMAND + more;
    return this.#parts.results.producer.free() >= needed;
  }

  #take(command: CommitCommand): void {
    switch (command.kind) {
      case CommitCommandKind.Part:
        return this.#part(command);
      case CommitCommandKind.OpenSession:
        return this.#openSession(command);
      case CommitCommandKind.CloseConnection:
        return this.#closeConnection(command);
      case CommitCommandKind.OpenTopic:
        return this.#openTopic(command);
      case CommitCommandKind.Retain:
        return this.#retain(command);
      default:
        assert(command.kind === CommitCommandKind.DeleteTopic, "a command has a kind that there is");
        return this.#deleteTopic(command);
    }
  }

  #part({ connection, topic, buffer, at, bytes }: CommitCommand): void {
    const of = this.#connections.get(connection);
    const session = of?.topic.sessions.sessionOf(connection);
    const log = of?.topic.log;
    // What comes from a connection that is no more is let go.
    if (of !== undefined && session !== undefined && log !== undefined && of.topic.id === topic) {
      try {
        const reason = this.#committer.commit(
          { of, session, log },
          this.#parts.buffers[buffer],
          at,
          at + bytes,
        );
        if (reason !== TapeReason.None) this.#end(of, reason, session.last);
      } catch (error) {
        this.#fail(of.topic, error);
      }
    }
    this.#results.released(buffer);
    this.#untold_bytes += bytes;
    if (this.#untold_bytes >= TOLD_BYTES) this.#tell();
  }

  #tell(): void {
    this.#untold_bytes = 0;
    this.#outcomes.tellWritten();
    this.#parts.results.producer.publish();
  }

  #openTopic({ topic: id, orderLevel, retainBytes, retain_us }: CommitCommand): void {
    const retention = { bytes: retainBytes, age_us: retain_us };
    const topic = this.#topics.open(id, orderLevel as OrderLevel, retention);
    this.#results.topicOpened(id, topic.reason, topic.log);
  }

  #openSession({ connection, topic: id, publisher, epoch, ackLevel }: CommitCommand): void {
    const topic = this.#topics.get(id);
    const log = topic === undefined ? undefined : this.#topics.reopen(topic);
    if (topic === undefined || log === undefined) {
      const reason = topic?.reason ?? TapeReason.TopicUnknown;
      this.#results.sessionOpened(connection, id, reason, 0, 0);
      return;
    }
    const opened = topic.sessions.open(connection, publisher, epoch, log.session(publisher));
    const { opening, last } = opened;
    const reason = REFUSALS.get(opening);
    if (reason !== undefined) {
      const detail = opening === Opening.Fenced ? last : opened.epoch;
      this.#results.sessionOpened(connection, id, reason, opened.epoch, detail);
      return;
    }
    for (const old of opened.replaced) this.#endNumber(old, TapeReason.TakenOver, last);
    const of = new CommitConnection(connection, topic, ackLevel);
    this.#connections.set(connection, of);
    const isNew = opening === Opening.Begun;
    this.#outcomes.opened(of, opened.epoch, last, isNew || ackLevel > 1);
    if (isNew) this.#begin(topic, publisher, opened.epoch);
  }

  /** A session's beginning in the log; a sync makes it safe. */
  #begin(topic: CommitTopic, publisher: number, epoch: number): void {
    try {
      topic.log?.openSession(publisher, epoch, this.#now.wall_us);
      this.#outcomes.visible(topic);
    } catch (error) {
      this.#fail(topic, error);
    }
  }

  #closeConnection({ connection }: CommitCommand): void {
    const of = this.#connections.get(connection);
    of?.topic.sessions.close(connection);
    this.#connections.delete(connection);
  }

  #retain({ topic: id, retainBytes, retain_us }: CommitCommand): void {
    const topic = this.#topics.get(id);
    if (topic === undefined) return;
    topic.retention = { bytes: retainBytes, age_us: retain_us };
    if (topic.reason === TapeReason.DiskFull) this.#topics.reopen(topic);
    this.#shorten(topic);
  }

  /** Removes what the topic keeps no more; whether anything went. */
  #shorten(topic: CommitTopic): boolean {
    try {
      const isShorter = this.#topics.retain(topic);
      if (isShorter) this.#outcomes.visible(topic);
      return isShorter;
    } catch (error) {
      // Retention may begin a segment.
      this.#fail(topic, error);
      return false;
    }
  }

  #deleteTopic({ topic: id }: CommitCommand): void {
    const topic = this.#topics.get(id);
    if (topic !== undefined) {
      this.#outcomes.tellWritten();
      this.#outcomes.failed(topic, this.#takeConnections(topic), TapeReason.TopicDeleted);
      this.#topics.remove(topic);
    }
    this.#results.topicDeleted(id);
  }

  /** What is due by time. */
  #pass(): void {
    this.#passed_us = this.#now.monotonic_us;
    for (const topic of this.#topics.all()) if (!this.#isHeldUp) this.#fenceOverdue(topic);
    this.#topics.syncOld();
    if (this.#topics.isRetentionDue()) this.#topics.reopenFull();
    for (let looks = RETAINED_PER_PASS; looks > 0 && this.#hasRoom(this.#topics.size); looks--) {
      const topic = this.#topics.nextToRetain();
      if (topic === undefined || this.#shorten(topic)) return;
    }
  }

  /** Ends the sessions in which a batch is missing for longer than the lease. */
  #fenceOverdue({ sessions }: CommitTopic): void {
    while (this.#hasRoom()) {
      const session = sessions.overdue(this.#now.monotonic_us);
      if (session === undefined) return;
      for (const connection of sessions.fence(session)) {
        this.#endNumber(connection, TapeReason.LeaseOver, session.last);
      }
      this.#figures.fenced++;
    }
  }

  /** Writing to a topic's log threw this: a full disk fails the topic, everything else is thrown on. */
  #fail(topic: CommitTopic, error: unknown): void {
    // What was written before is readable, also in a log that takes no more.
    this.#outcomes.tellWritten();
    this.#topics.fail(topic, error);
    this.#outcomes.failed(topic, this.#takeConnections(topic), topic.reason);
    this.#results.topicFailed(topic.id, topic.reason);
  }

  #takeConnections(topic: CommitTopic): CommitConnection[] {
    const those = [...this.#connections.values()].filter((of) => of.topic === topic);
    for (const { connection } of those) this.#connections.delete(connection);
    return those;
  }

  #endNumber(connection: number, reason: TapeReason, detail: number): void {
    const of = this.#connections.get(connection);
    if (of !== undefined) this.#end(of, reason, detail);
  }

  /** The last word to a connection is due; nothing more is taken from it. */
  #end(of: CommitConnection, reason: TapeReason, detail: number): void {
    of.topic.sessions.close(of.connection);
    this.#connections.delete(of.connection);
    this.#outcomes.fault(of, reason, detail);
  }
}
