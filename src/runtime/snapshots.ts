// When snapshots of a running application are taken: by the number of commands, and on request. One at a time, of durable
// state only: the journal is synced first, and a shadow then follows it that far (journal/snapshot/shadow.ts). One that
// can't be taken is told and costs nothing else: the journal has everything. One that can't be taken because the journal is
// damaged is made of what the application has in memory: then that is all there is.

import { SeriatimError } from "../base/index.ts";
import type { StateInMemory } from "../journal/index.ts";

/** A snapshot that was taken, as plain data. */
export interface SnapshotTaken {
  readonly position: number;
  readonly path: string;
  /** Hexadecimal. */
  readonly stateHash: string;
  readonly stateBytes: number;
  /** Commands the shadow applied to get there. */
  readonly applied: number;
  /** Names of the journal's segments that were removed behind the older of two, oldest first. */
  readonly retired: readonly string[];
  /** Older snapshots that could not be used, a line each. */
  readonly refused: readonly string[];
  /** Why what it makes superfluous could not be removed; undefined: it was, as far as the settings say. */
  readonly notRemoved: string | undefined;
}

/** Where the shadow runs. */
export interface ShadowStage {
  /** Takes a snapshot of the log up to position `durable`, which is durable; one at a time. */
  take(durable: number): Promise<SnapshotTaken>;
  /** Breaks off what it is at, which rejects then; no more after it. */
  stop(): Promise<void>;
}

export interface SnapshotListener {
  taken(snapshot: SnapshotTaken, took_ms: number): void;
  notTaken(error: unknown): void;
}

export interface SnapshotStatus {
  /** Of the newest one; 0: there is none. */
  readonly position: number;
  /** Snapshots that could not be taken since the start. */
  readonly failures: number;
}

/** The log that is followed: a runtime's, or a replica's. */
export interface SnapshottedLog {
  /** Of the newest snapshot that there was at its start; 0: there was none. */
  readonly beganWith: number;
  /** The last whose effect may be seen. */
  readonly position: number;
  /** Makes all that is written durable; resolves with the last durable position. */
  sync(): Promise<number>;
}

/** What helps where a shadow can't read the log (LOG_DAMAGED). */
export interface FromMemory {
  /** The application's state, at the end of a durable frame (present-state.ts). */
  state(): Promise<StateInMemory>;
  /** Makes a snapshot of it. */
  keep(state: StateInMemory): Promise<SnapshotTaken>;
  /** Told why, each time it is found. */
  onDamage(why: string): void;
}

/** Ticks from one snapshot that is wanted to the next: whoever wants it asks until he has it. */
const WANTED_TICKS = 10;

/** Ticks after which one that is not done is told as a failure, each time: minutes, where millions of orders take some seconds. */
const LATE_TICKS = 300;

export interface SnapshotSchedule {
  readonly log: SnapshottedLog;
  readonly shadow: ShadowStage;
  /** Commands from one to the next, at least; 0: only on request. */
  readonly every: number;
  readonly listener: SnapshotListener;
  /** Left out where the application can't be asked, or has only what the log says. */
  readonly fromMemory?: FromMemory;
}

/** Has snapshots taken after every so many commands, and on request; one at a time. */
export class Snapshots {
  readonly #schedule: SnapshotSchedule;
  /** The position of the last one, taken or not: a disk that is full is not asked again at once. */
  #last: number;
  /** The position of the newest that was taken, or that the start began with. */
  #newest: number;
  #failures = 0;
  #isWanted = false;
  /** Ticks since the one under way began. */
  #ticksRunning = 0;
  /** Ticks before one that is wanted is taken. */
  #ticksToWait = 0;
  #running: Promise<SnapshotTaken> | undefined;
  #next: Promise<SnapshotTaken> | undefined;
  #isStopped = false;

  constructor(schedule: SnapshotSchedule) {
    this.#schedule = schedule;
    this.#newest = schedule.log.beganWith;
    this.#last = this.#newest;
  }

  get status(): SnapshotStatus {
    return { position: this.#newest, failures: this.#failures };
  }

  /** Somebody needs one behind damage of the log: it is taken soon, at most every WANTED_TICKS. */
  want(): void {
    this.#isWanted = true;
  }

  /** To be called now and then: takes one when it is due. */
  tick(): void {
    if (this.#ticksToWait > 0) this.#ticksToWait--;
    if (this.#running !== undefined && ++this.#ticksRunning % LATE_TICKS === 0) this.#sayLate();
    if (this.#running !== undefined || this.#next !== undefined || this.#isStopped || !this.#isDue) return;
    if (this.#isWanted) this.#ticksToWait = WANTED_TICKS;
    this.#isWanted = false;
    // Rejections have been told.
    this.request().catch(() => {});
  }

  /** It is waited for all the same: another one would wait for the same disk. */
  #sayLate(): void {
    this.#failures++;
    const what = "the one under way takes too long: its thread waits for its disk";
    this.#schedule.listener.notTaken(new SeriatimError("SNAPSHOT_LATE", what));
  }

  get #isDue(): boolean {
    const { every, log } = this.#schedule;
    if (this.#isWanted && this.#ticksToWait === 0) return true;
    return every > 0 && log.position - this.#last >= every;
  }

  /**
   * Takes one of all that is written by now. While one is being taken, all who ask share the next. Rejects with why none
   * could be taken.
   */
  request(): Promise<SnapshotTaken> {
    // First: it begins a little after the one before it has ended, and whoever asks in between asks for it.
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin();
    const begin = () => this.#begin();
    this.#next = this.#running.then(begin, begin);
    return this.#next;
  }

  #begin(): Promise<SnapshotTaken> {
    this.#next = undefined;
    this.#ticksRunning = 0;
    this.#running = this.#take().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #take(): Promise<SnapshotTaken> {
    const { log, listener } = this.#schedule;
    const started = performance.now();
    this.#last = log.position;
    try {
      this.#orEnded();
      const durable = await log.sync();
      this.#orEnded();
      const taken = await this.#takeOrKeep(durable);
      this.#last = taken.position;
      this.#newest = taken.position;
      listener.taken(taken, Math.round(performance.now() - started));
      return taken;
    } catch (error) {
      if (!this.#isStopped) {
        this.#failures++;
        listener.notTaken(error);
      }
      throw error;
    }
  }

  async #takeOrKeep(durable: number): Promise<SnapshotTaken> {
    const { shadow, fromMemory } = this.#schedule;
    try {
      return await shadow.take(durable);
    } catch (error) {
      const isDamage = error instanceof SeriatimError && error.code === "LOG_DAMAGED";
      if (!isDamage || fromMemory === undefined) throw error;
      this.#orEnded();
      fromMemory.onDamage(error.message);
      const state = await fromMemory.state();
      this.#orEnded();
      return fromMemory.keep(state);
    }
  }

  #orEnded(): void {
    if (this.#isStopped) throw new SeriatimError("SNAPSHOT_ENDED", "no snapshot is taken: the node stops");
  }

  /** Breaks off what is under way, which then leaves nothing but a temporary file: the next start removes that. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#schedule.shadow.stop();
    await this.#running?.catch(() => {});
  }
}
