// The commit workers as the event loop sees them: a topic belongs to the worker (topic's number mod workers), so the batches of one
// connection keep their order however many there are. Batches that find a queue full stop their publishers; the few other
// commands, some for each connection and topic at most, wait here in their order and go ahead of batches.

import type { CatalogTopic, CommitCommandWriter, CommitQueue } from "../../tape/index.ts";
import type { CommitStage } from "../threads/commit-stage.ts";

/** Writes one command; false: the queue is full, and nothing was written. */
type Command = (commands: CommitCommandWriter) => boolean;

interface WaitingCommand {
  readonly command: Command;
  /** The connection whose session it opens, or NOBODY. */
  readonly opens: number;
}

const NOBODY = -1;

export class CommitWorkers implements CommitQueue {
  readonly #stages: readonly CommitStage[];
  /** By worker. */
  readonly #waiting: readonly WaitingCommand[][];
  /** Nothing more is given: who asks for it is gone. */
  #isClosed = false;

  constructor(stages: readonly CommitStage[]) {
    this.#stages = stages;
    this.#waiting = stages.map(() => []);
  }

  get workers(): number {
    return this.#stages.length;
  }

  /** Commands that are on their way or wait here. */
  get queued(): number {
    return this.#stages.reduce((sum, stage, i) => sum + stage.queued + this.#waiting[i].length, 0);
  }

  /** Commands wait here for room. */
  get isWaiting(): boolean {
    return this.#waiting.some(({ length }) => length > 0);
  }

  workerOf(topic: number): number {
    return topic % this.#stages.length;
  }

  part(
    connection: number,
    topic: number,
    buffer: number,
    at: number,
    bytes: number,
    batches: number,
  ): boolean {
    const worker = this.workerOf(topic);
    if (this.#isClosed || this.#waiting[worker].length > 0) return false;
    return this.#stages[worker].commands.part(connection, topic, buffer, at, bytes, batches);
  }

  closeConnection(connection: number, topic: number): void {
    // One whose session was never asked for leaves nothing behind: else what waits would grow with every connection that comes and goes.
    const waiting = this.#waiting[this.workerOf(topic)];
    const asked = waiting.findIndex(({ opens }) => opens === connection);
    if (asked >= 0) waiting.splice(asked, 1);
    else this.#give(topic, (commands) => commands.closeConnection(connection, topic));
  }

  openTopic({ id, order, retainBytes, retain_us }: CatalogTopic): void {
    const retention = { bytes: retainBytes, age_us: retain_us };
    this.#give(id, (commands) => commands.openTopic(id, order, retention));
  }

  openSession(connection: number, topic: number, publisher: number, epoch: number, ackLevel: number): void {
    const command: Command = (commands) =>
      commands.openSession(connection, topic, publisher, epoch, ackLevel);
    this.#give(topic, command, connection);
  }

  retain({ id, retainBytes, retain_us }: CatalogTopic): void {
    this.#give(id, (commands) => commands.retain(id, { bytes: retainBytes, age_us: retain_us }));
  }

  deleteTopic(id: number): void {
    this.#give(id, (commands) => commands.deleteTopic(id));
  }

  hasRoom(worker: number): boolean {
    return !this.#isClosed && this.#waiting[worker].length === 0 && this.#stages[worker].hasRoom;
  }

  /** What waits goes out, as far as there is room. */
  settle(): void {
    if (this.#isClosed) return;
    for (let worker = 0; worker < this.#stages.length; worker++) {
      const waiting = this.#waiting[worker];
      let sent = 0;
      while (sent < waiting.length && waiting[sent].command(this.#stages[worker].commands)) sent++;
      waiting.splice(0, sent);
    }
  }

  publish(): void {
    if (this.#isClosed) return;
    for (const stage of this.#stages) stage.publish();
  }

  /** What was given is done and safe, and the workers are gone. Rejects with the first that failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const outcomes = await Promise.allSettled(this.#stages.map((stage) => stage.close()));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  #give(topic: number, command: Command, opens = NOBODY): void {
    if (this.#isClosed) return;
    const worker = this.workerOf(topic);
    const waiting = this.#waiting[worker];
    if (waiting.length > 0 || !command(this.#stages[worker].commands)) waiting.push({ command, opens });
    this.#stages[worker].publish();
  }
}
