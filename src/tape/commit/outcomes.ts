// What a commit worker has to say at the end of a turn, collected while it works: acks (one per connection, the highest
// batch counts), sessions opened, faults. It is told in an order that keeps every promise:
//
//   Visible, acks of level 1 | the syncs that are due | sessions opened, acks of level 2 | faults
//
// so an ack is never ahead of its level, an opened session's last batch neither, and a fault follows the acks before it.

import { assert } from "../../base/index.ts";
import type { CommitTopic } from "./commit-topic.ts";
import type { CommitResultWriter, TopicExtent } from "./result-codec.ts";

/** A publisher's connection. */
export class CommitConnection {
  readonly connection: number;
  readonly topic: CommitTopic;
  readonly ackLevel: number;
  /** To be acknowledged; 0: nothing. */
  batch = 0;
  nextRecord = 0;

  constructor(connection: number, topic: CommitTopic, ackLevel: number) {
    this.connection = connection;
    this.topic = topic;
    this.ackLevel = ackLevel;
  }
}

interface OpenedConnection {
  readonly of: CommitConnection;
  readonly epoch: number;
  readonly last: number;
}

interface ConnectionFault {
  readonly of: CommitConnection;
  readonly reason: number;
  readonly detail: number;
}

export class Outcomes {
  readonly #results: CommitResultWriter;
  #visible: CommitTopic[] = [];
  #written: CommitConnection[] = [];
  #opened: OpenedConnection[] = [];
  #unsafe: CommitConnection[] = [];
  #faults: ConnectionFault[] = [];

  constructor(results: CommitResultWriter) {
    this.#results = results;
  }

  /** Results that wait to be told. */
  get count(): number {
    const untilSync = this.#opened.length + this.#unsafe.length + this.#faults.length;
    return this.#visible.length + this.#written.length + untilSync;
  }

  /** Subscribers of the topic may read all that is written. */
  visible(topic: CommitTopic): void {
    if (topic.isVisibleDue) return;
    topic.isVisibleDue = true;
    this.#visible.push(topic);
  }

  /** Everything up to `batch` is written; `nextRecord` follows it, 0 when it was there before. */
  ack(of: CommitConnection, batch: number, nextRecord: number): void {
    if (of.ackLevel === 0 || batch < of.batch) return;
    // A duplicate of what waits to be acknowledged says nothing new.
    if (batch === of.batch) return;
    if (of.batch === 0) {
      if (of.ackLevel === 1) this.#written.push(of);
      else this.#unsafe.push(of);
    }
    if (of.ackLevel > 1) of.topic.isSyncDue = true;
    of.batch = batch;
    of.nextRecord = nextRecord;
  }

  opened(of: CommitConnection, epoch: number, last: number, mustBeSafe: boolean): void {
    if (mustBeSafe) of.topic.isSyncDue = true;
    this.#opened.push({ of, epoch, last });
  }

  fault(of: CommitConnection, reason: number, detail: number): void {
    this.#faults.push({ of, reason, detail });
  }

  /** The topic's log has failed with this reason: what was not safe is acknowledged to nobody, who was to be let in is refused. */
  failed(topic: CommitTopic, connections: readonly CommitConnection[], reason: number): void {
    const refused = this.#opened.filter(({ of }) => of.topic === topic);
    this.#opened = this.#opened.filter(({ of }) => of.topic !== topic);
    this.#unsafe = this.#unsafe.filter((of) => of.topic !== topic);
    for (const { of } of refused) told(this.#results.sessionOpened(of.connection, topic.id, reason, 0, 0));
    const isRefused = new Set(refused.map(({ of }) => of));
    for (const of of connections) if (!isRefused.has(of)) this.fault(of, reason, 0);
  }

  /** What is true as soon as it is written. */
  tellWritten(): void {
    for (const topic of this.#visible) {
      topic.isVisibleDue = false;
      if (topic.log !== undefined) told(this.#results.visible(topic.id, topic.log));
    }
    this.#visible.length = 0;
    this.#tellAcks(this.#written);
  }

  /** The rest, once every topic with `isSyncDue` has been synced. */
  tellSafe(): void {
    for (const { of, epoch, last } of this.#opened) {
      const extent: TopicExtent | undefined = of.topic.log;
      told(this.#results.sessionOpened(of.connection, of.topic.id, 0, epoch, last, extent));
    }
    this.#opened.length = 0;
    this.#tellAcks(this.#unsafe);
    for (const { of, reason, detail } of this.#faults) {
      told(this.#results.fault(of.connection, of.topic.id, reason, detail));
    }
    this.#faults.length = 0;
  }

  #tellAcks(waiting: CommitConnection[]): void {
    for (const of of waiting) {
      told(this.#results.ack(of.connection, of.topic.id, of.batch, of.nextRecord));
      of.batch = 0;
    }
    waiting.length = 0;
  }
}

/** The agent takes no command without room for what follows of it. */
function told(isWritten: boolean): void {
  assert(isWritten, "there is room for every result that a turn collects");
}
