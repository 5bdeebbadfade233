// A deterministic application made durable: one order, journal, recovery and gate, on base/application.ts alone. Who
// brings commands and who takes what they cause is its user's affair: an exchange has sessions, a ledger its callers.
//
//   openRuntime   the newest snapshot that serves is restored, the journal opened, what it says after that applied
//   run           commands are taken (path.claim, path.commit); what they cause leaves when it is safe
//   stop          the journal writes what it was given; files and lock are given back
//
// Fail-stop: after the journal has failed, or its directory is gone, nothing more leaves but what was safe by then.

import {
  type Application,
  assertPosition,
  type Clock,
  counted,
  type Position,
  SeriatimError,
} from "../base/index.ts";
import { SEGMENT_BYTES_DEFAULT, type SnapshotHeader, type StateInMemory } from "../journal/index.ts";
import { SystemClock } from "../platform/index.ts";
import { COMMAND_BYTES } from "../protocol/index.ts";
import { createLiveFrames } from "../replication/index.ts";
import { createRing, type Ring } from "../ring/index.ts";
import { FIRST_EPOCH } from "../segment/index.ts";
import { Sequencer } from "../sequencer/index.ts";
import { type CommandOutput, CommandPath } from "./command-path.ts";
import { commandRingRecords } from "./command-ring.ts";
import { type DataDirectory, directoryGone } from "./data-directory.ts";
import { journalOf } from "./journal-choice.ts";
import type { JournalRequest } from "./journal-requests.ts";
import type { JournalStage, Recovered } from "./journal-stage.ts";
import { presentState } from "./present-state.ts";
import { recoverApplication } from "./recover.ts";
import { refuseUnableToLead } from "./replication/keys.ts";
import { type AckListener, Primary } from "./replication/primary.ts";
import type { Tenure } from "./replication/tenure.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { checkedRuntimeOptions, type RuntimeOptions } from "./runtime-options.ts";
import { StallWatch } from "./stall-watch.ts";

/** Between two looks at the directory and the clock. */
const TICK_MS = 1_000;
/** A sequencer ahead of the wall clock by more than this gives every command the same time for a while to notice. */
const CLOCK_AHEAD_US = 60_000_000;

/** With what a runtime began. */
export interface RuntimeStart extends Recovered {
  /** The snapshot whose state it began with; undefined: the whole log was applied, or the application had its state. */
  readonly snapshot: SnapshotHeader | undefined;
  /** The position of the newest snapshot that is known: that one's, or of those that its node took as a replica; 0: none is. */
  readonly newestSnapshot: Position;
  /** The last position of it that is known to have been acknowledged, or may be. */
  readonly released: Position;
}

/** Who is told what befalls a runtime. */
export interface RuntimeListener extends AckListener {
  /** Room for the log has run out (why, in one line): refuse commands until there is room again (undefined). */
  roomChanged(why: string | undefined): void;
  /** Nothing more becomes safe: refuse commands. What was safe by now leaves when this returns. */
  halted(error: SeriatimError): void;
  /** The log is ahead of the wall clock: every command gets the log's last time until it catches up. Told once. */
  clockIsBehind(by_us: number): void;
}

/**
 * Opens the log in `directory`, or begins one, and applies it. Throws SeriatimError: what the journal says, LOG_UNKNOWN for
 * a record that the application can't apply, or CLUSTER_LOG; all is closed again then, and the lock given back.
 */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { application, directory, clock = new SystemClock(), onReplayed = () => {}, replication } = options;
  const { version, segmentBytes = SEGMENT_BYTES_DEFAULT } = options;
  let journal: JournalStage | undefined;
  let primary: Primary | undefined;
  try {
    const checked = checkedRuntimeOptions(options);
    // Before a log is begun: its first entry fixes what another start could not change.
    if (replication !== undefined) refuseUnableToLead(replication);
    const live = replication && createLiveFrames();
    const snapshot = options.warm === undefined ? restoreSnapshot(options) : undefined;
    // A replica that was sent a snapshot, and no frame since, has no segment yet.
    const from = options.warm === undefined ? snapshot : { ...options.warm, firstSegment: 1 };
    journal = journalOf({ ...checked, segmentBytes, from, live });
    if (journal.ended !== undefined) directory?.lock.keepUntil(journal.ended);
    const replayed = await recoverApplication(journal, application, onReplayed);
    assertPosition(application, replayed.position);
    if (replication === undefined) refuseLogOfCluster(replayed, directory);
    // Where nothing follows that state, the log's last time is its.
    const timestamp_us = Math.max(replayed.timestamp_us, from?.timestamp_us ?? 0);
    // What of a cluster's log was acknowledged, its disk doesn't say.
    const released = replication === undefined ? replayed.position : (options.warm?.released ?? 0);
    const newestSnapshot = snapshot?.position ?? options.warm?.snapshot ?? 0;
    const recovered = { ...replayed, timestamp_us, snapshot, newestSnapshot, released };
    if (replication !== undefined && live !== undefined && directory !== undefined) {
      primary = await Primary.start(
        replication,
        { directory, segmentBytes, live, version },
        recovered,
        clock,
        options.warm,
      );
    }
    return new Runtime(
      application,
      journal,
      recovered,
      directory,
      clock,
      primary,
      options.tenure,
      segmentBytes,
    );
  } catch (error) {
    // The first error is the one to report: what stopping then says follows from it.
    await primary?.stop();
    await journal?.stop().catch(() => {});
    await directory?.lock.release();
    throw error;
  }
}

/**
 * A log that had a tenure is a copy that others have too. Who went on with it alone, in its epoch, would answer what they
 * know nothing of, and they what it knows nothing of.
 */
function refuseLogOfCluster({ epoch }: Recovered, directory: DataDirectory | undefined): void {
  // Without one there is no log to go on with.
  if (directory === undefined || epoch === FIRST_EPOCH) return;
  const what = `the log in ${directory.journal} is a cluster's, of epoch ${epoch}, and is not gone on with alone`;
  throw new SeriatimError("CLUSTER_LOG", what, { exitCode: 2 });
}

/**
 * A running application with its log, made by `openRuntime`: `run` begins, `stop` ends in order. Nothing leaves it before it is safe by the
 * durability and the ack policy in force.
 */
export class Runtime {
  /** What snapshots and journal said when they were opened. */
  readonly recovered: RuntimeStart;
  readonly path: CommandPath;
  /** Resolves with what stopped it, if anything ever does; nothing leaves from then on. */
  readonly failed: Promise<SeriatimError>;
  failure: SeriatimError | undefined;
  readonly #journal: JournalStage;
  readonly #application: Application;
  /** Where all is kept; undefined: nothing is. */
  readonly directory: DataDirectory | undefined;
  readonly #clock: Clock;
  readonly #ring: Ring;
  readonly #sequencer: Sequencer;
  readonly #primary: Primary | undefined;
  readonly #tenure: Tenure | undefined;
  /** Settled when the application has thrown, the data directory is gone, or another node is the primary. */
  readonly #lost = Promise.withResolvers<SeriatimError>();
  #listener: RuntimeListener | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #hasToldOfClock = false;
  /** Of this node's disk, and of whoever else must have a command before it is answered. */
  readonly #disk: StallWatch;
  readonly #answers: StallWatch;
  #stopped: Promise<void> | undefined;

  /** Not by itself: openRuntime. */
  constructor(
    application: Application,
    journal: JournalStage,
    recovered: RuntimeStart,
    directory: DataDirectory | undefined,
    clock: Clock,
    primary?: Primary,
    tenure?: Tenure,
    segmentBytes = SEGMENT_BYTES_DEFAULT,
  ) {
    this.#primary = primary;
    this.#tenure = tenure;
    this.recovered = recovered;
    this.#journal = journal;
    this.#application = application;
    this.directory = directory;
    this.#clock = clock;
    this.#disk = new StallWatch(clock.monotonicMicros());
    this.#answers = new StallWatch(clock.monotonicMicros());
    this.#ring = createRing({ recordBytes: COMMAND_BYTES, capacity: commandRingRecords(segmentBytes) });
    this.#sequencer = new Sequencer(this.#ring, recovered.position, recovered.timestamp_us);
    this.path = new CommandPath(this.#sequencer, application, journal, clock);
    if (primary !== undefined) this.path.hold(recovered.released);
    this.path.broken.then((error) => this.#stopServing(error));
    primary?.fenced.then((error) => this.#stopServing(error));
    this.failed = Promise.race([journal.failed, this.#lost.promise]).then((error) => this.#halt(error));
  }

  /** What makes it a node of a cluster. */
  get primary(): Primary | undefined {
    return this.#primary;
  }

  /** The last position given. */
  get position(): number {
    return this.#sequencer.position;
  }

  /**
   * Why nothing of what was given becomes safe on this disk, or is acknowledged by the replicas, in one line; undefined: something
   * is, or nothing was given.
   */
  get stall(): string | undefined {
    const now_us = this.#clock.monotonicMicros();
    const { durablePosition: durable, releasedPosition: released, position } = this.path;
    const disk_s = this.#disk.stalled_s(durable, position, now_us);
    const held = (done: Position) => `it holds up ${counted(position - done, "command")}`;
    if (disk_s !== undefined)
      return `this node's disk has made nothing safe for ${disk_s} s: ${held(durable)}`;
    const answers_s = this.#answers.stalled_s(released, this.#promised, now_us);
    if (answers_s === undefined) return undefined;
    return `the replicas have acknowledged nothing that may be answered for ${answers_s} s: ${held(released)}`;
  }

  /** What is to be answered as soon as it may be. Of a gate that says why it is closed nothing more is to be said. */
  get #promised(): Position {
    return this.#primary?.gate.shortage === undefined ? this.path.position : this.path.releasedPosition;
  }

  /** The sequencer's time for a command of now. */
  get time_us(): number {
    return Math.max(this.#sequencer.time_us, this.#clock.wallMicros());
  }

  /** Has the journal do something between two frames; resolves with its last durable position then. */
  ask(request: JournalRequest): Promise<number> {
    return this.#journal.ask(request);
  }

  /** Its application's state, from memory (present-state.ts); `session`: no command of its log names a higher one. */
  stateInMemory(session: () => number): Promise<StateInMemory> {
    const time_us = () => this.#sequencer.time_us;
    const { path } = this;
    const isServing = () => path.isOpen && this.#primary?.role !== "waiting";
    const of = { path, journal: this.#journal, application: this.#application };
    return presentState({ ...of, isServing, time_us, session });
  }

  /** Begins: once, when `output` can take what commands cause. */
  run(output: CommandOutput, listener: RuntimeListener): void {
    this.#listener = listener;
    this.path.attach(output);
    if (this.failure !== undefined) listener.halted(this.failure);
    this.#journal.run(this.#ring.shared, (why) => listener.roomChanged(why));
    this.#primary?.run(this.path, listener, this.#clock, this.#journal, this.#tenure);
    this.#tick();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  #tick(): void {
    this.path.meter.turnOver(this.#sequencer.position);
    const now_us = this.#clock.monotonicMicros();
    this.#disk.look(this.path.durablePosition, this.path.position, now_us);
    this.#answers.look(this.path.releasedPosition, this.#promised, now_us);
    void this.#lookForDirectory();
    const ahead_us = this.#sequencer.time_us - this.#clock.wallMicros();
    if (ahead_us <= CLOCK_AHEAD_US || this.#hasToldOfClock) return;
    this.#hasToldOfClock = true;
    this.#listener?.clockIsBehind(ahead_us);
  }

  /**
   * The files are open, so writing goes on without a complaint; but nobody would ever find them again. Noticed within a
   * second; what was acknowledged in that second is lost with the rest.
   */
  async #lookForDirectory(): Promise<void> {
    const { directory } = this;
    if (directory === undefined || (await directory.isStillThere()) || this.#stopped !== undefined) return;
    this.#stopServing(directoryGone(directory));
  }

  /** Nothing more leaves, whatever the journal says. */
  #stopServing(error: SeriatimError): void {
    this.path.cutOff();
    this.#lost.resolve(error);
  }

  #halt(error: SeriatimError): SeriatimError {
    this.failure = error;
    this.#listener?.halted(error);
    this.path.releaseLast();
    return error;
  }

  /**
   * No more commands: writes what it was given, closes the files, gives the lock back. Rejects, when all that is done,
   * with what failed, then or before. Called again it gives the same answer.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.#primary?.standDown();
    this.path.close();
    this.#sequencer.close();
    try {
      await this.#journal.stop();
    } finally {
      await this.#primary?.stop();
      await this.directory?.lock.release();
    }
    if (this.failure !== undefined) throw this.failure;
  }
}
