// The path of a command through its own thread: source -> sequencer -> application -> outputs, and the gate.
//
//   commit()   whoever claimed a slot has filled it: the command takes its position, the application applies it, what
//              it causes is handed to the outputs, where it waits
//   turn()     once per turn of the event loop (without a journal: per chunk of requests): outputs are sealed with the
//              batch's position, the batch is published
//   release()  the journal has given slots back: what waited for them leaves, stalled sources go on
//
// Knows its application by base/application.ts alone, and who sends and receives by CommandOutput. Fail-stop: when the journal fails, nothing is released any more;
// when the application throws, which it never does but for a bug, its command and what came with it is not written either: no start could apply it.

import type { Application, Clock, Position } from "../base/index.ts";
import { assert, RecordBuffer, SeriatimError } from "../base/index.ts";
import { monotonicNanos } from "../platform/index.ts";
import { EVENT_WORDS } from "../protocol/index.ts";
import type { Sequencer } from "../sequencer/index.ts";
import type { CommandTimer, Nanos } from "./command-timer.ts";
import type { JournalStage } from "./journal-stage.ts";
import { LoadMeter } from "./load-meter.ts";
import type { AckGate } from "./replication/ack-gate.ts";

/** Events of one command handed on at once; a larger answer comes in pieces. 40 KiB stay in the cache. */
const EVENTS_PER_PIECE = 512;

/** Where what commands cause waits until it may leave. A gateway is one. */
export interface CommandOutput {
  /**
   * Events of the command at `words[at]`; several times for one command that has many. In the middle of applying it, so
   * the application must neither be read nor called.
   */
  onApplied(events: RecordBuffer, words: Int32Array, at: number): void;
  /** All that was taken since the last seal waits for `position`: the last one of the batch it belongs to. */
  seal(position: Position): void;
  /** The log is safe up to `position`: what waits for it or less leaves. */
  release(position: Position): void;
  /** There may be room for commands again. */
  resumeStalled(): void;
}

/** Who else sees the commands. */
export interface CommandTap {
  /** The command at `words[at]` has its position and was applied. */
  committed(words: Int32Array, at: number): void;
  /** Whatever commands up to `position` caused may be seen. */
  released(position: Position): void;
}

export class CommandPath {
  readonly words: Int32Array;
  readonly meter: LoadMeter;
  readonly #timer: CommandTimer;
  readonly #sequencer: Sequencer;
  readonly #application: Application;
  readonly #journal: JournalStage;
  readonly #clock: Clock;
  #gate: AckGate | undefined;
  readonly #events: RecordBuffer;
  readonly #outputs: CommandOutput[] = [];
  #tap: CommandTap | undefined;
  /** Word offset of the command being applied. */
  #at = 0;
  #timeIsFresh = false;
  /** When the first bytes of the batch came in. */
  #arrived_ns = 0;
  /** The last position of the batch before. */
  #sealedPosition: Position;
  #turnIsDue = false;
  #released: Position;
  /** The last position of the log that it began with. */
  readonly #began: Position;
  #isWaiting = false;
  #isCutOff = false;
  #isBroken = false;
  readonly #broken = Promise.withResolvers<SeriatimError>();
  #isOpen = true;
  #isClosed = false;
  /** Told, while it pauses, that all it was given is written (true), or never will be. */
  #paused: ((isWritten: boolean) => void) | undefined;
  /** Open, and not paused. */
  #takes = true;
  /** Resolves a `settled()` when everything is released. */
  #settled: (() => void) | undefined;

  /** `now_ns`: for what is measured, and decides nothing. */
  constructor(
    sequencer: Sequencer,
    application: Application,
    journal: JournalStage,
    clock: Clock,
    now_ns: Nanos = monotonicNanos,
  ) {
    this.words = sequencer.words;
    this.#sequencer = sequencer;
    this.#application = application;
    this.#journal = journal;
    this.#clock = clock;
    this.#began = sequencer.position;
    this.#released = sequencer.position;
    this.#sealedPosition = sequencer.position;
    this.meter = new LoadMeter(sequencer.position, journal.times, now_ns);
    this.#timer = this.meter.timer;
    this.#events = new RecordBuffer(EVENT_WORDS, EVENTS_PER_PIECE, (events) => {
      for (const output of this.#outputs) output.onApplied(events, this.words, this.#at);
    });
  }

  /** An output and the path need each other: whoever makes both connects them once. Several see the same, in order. */
  attach(output: CommandOutput): void {
    this.#outputs.push(output);
  }

  /** From now on `gate` says what is safe; without one that is what the journal gives back. */
  gateBy(gate: AckGate): void {
    this.#gate = gate;
  }

  /**
   * Takes no commands before open(). Of what the log began with only `released` is known to be safe: the rest may be seen
   * when the gate says so.
   */
  hold(released: Position): void {
    this.#isOpen = false;
    this.#takes = false;
    this.#released = released;
  }

  open(): void {
    this.#isOpen = !this.#isClosed;
    this.#takes = this.#isOpen && this.#paused === undefined;
  }

  /** Takes no commands any more. */
  close(): void {
    this.#isClosed = true;
    this.#isOpen = false;
    this.#takes = false;
  }

  /**
   * Takes no commands before resume(), as when too many wait for the journal. Resolves when the journal has given back
   * all that it was given: the application is where the log's last frame ends, and stays there. False: nothing becomes
   * safe any more. One at a time.
   */
  pause(): Promise<boolean> {
    assert(this.#paused === undefined, "one pause at a time");
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#paused = resolve;
    this.#takes = false;
    if (!this.#turnIsDue) this.#release();
    return promise;
  }

  resume(): void {
    this.#paused = undefined;
    this.#takes = this.#isOpen;
    if (this.#takes) for (const output of this.#outputs) output.resumeStalled();
  }

  /** The application has thrown for a command: nothing leaves any more. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Resolves when that is so, with what happened. */
  get broken(): Promise<SeriatimError> {
    return this.#broken.promise;
  }

  /** Takes nothing between a pause() and its resume(), though it is open. */
  get isPaused(): boolean {
    return this.#paused !== undefined;
  }

  /** Whether it takes commands; one that doesn't claims nothing. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Tells `tap` of every command from now on. */
  tap(tap: CommandTap): void {
    this.#tap = tap;
  }

  /** The last position given. */
  get position(): Position {
    return this.#sequencer.position;
  }

  /** The last position that was released. */
  get releasedPosition(): Position {
    return this.#released;
  }

  /** The last position that this node's journal has given back. */
  get durablePosition(): Position {
    return this.#sequencer.safePosition;
  }

  /** Word offset in `words` of a slot for the next command, or -1 when too many wait for the journal, or it is paused or not open. */
  claim(): number {
    return this.#takes ? this.#sequencer.claim() : -1;
  }

  /** Bytes have come in: the commands claimed until `taken` were in them. Others come when they are committed. */
  arrived(): void {
    this.#timer.arrived();
  }

  taken(): void {
    this.#timer.taken();
  }

  /** The command in the claimed slot takes its place in the order and is applied. */
  commit(): void {
    if (!this.#timeIsFresh) {
      this.#arrived_ns = this.#timer.begin();
      this.#sequencer.setTime(this.#clock.wallMicros());
      this.#timeIsFresh = true;
    }
    try {
      if (this.#timer.isDue) this.#commitMeasured();
      else {
        this.#at = this.#sequencer.commit();
        this.#application.apply(this.words, this.#at, this.#events);
        this.#events.drain();
      }
    } catch (error) {
      this.#break(error);
      throw error;
    }
    this.#timer.passed();
    this.#tap?.committed(this.words, this.#at);
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    // After the poll phase, so that all that arrived together becomes one batch; or after this chunk.
    if (this.#journal.batches) setImmediate(this.#turn);
    else process.nextTick(this.#turn);
  }

  #commitMeasured(): void {
    const timer = this.#timer;
    timer.decoded();
    this.#at = this.#sequencer.commit();
    timer.sequenced();
    this.#application.apply(this.words, this.#at, this.#events);
    timer.applied();
    this.#events.drain();
    timer.encoded();
  }

  /** Nobody knows what the application's state is now. */
  #break(cause: unknown): void {
    this.#isBroken = true;
    this.close();
    this.#sequencer.abandon();
    this.cutOff();
    const why = cause instanceof Error ? cause.message : String(cause);
    const what = `this is a bug: the application threw for the command at position ${this.position}, which is not in the log: ${why}`;
    this.#broken.resolve(new SeriatimError("APPLICATION_FAILED", what, { cause }));
  }

  readonly #turn = (): void => {
    this.#turnIsDue = false;
    this.#timeIsFresh = false;
    const { position } = this.#sequencer;
    for (const output of this.#outputs) output.seal(position);
    this.#timer.end(position - this.#sealedPosition);
    this.#sealedPosition = position;
    this.meter.sealed(position, this.#arrived_ns);
    this.#sequencer.publish();
    this.#journal.published();
    this.#release();
  };

  /** Lets out what is safe, and waits for the rest. */
  #release(): void {
    if (this.#isCutOff) return this.#paused?.(false);
    // Before the position: a journal that fails gives back no more, so what is read after it is final.
    const failed = this.#sequencer.journalFailed;
    const durable = this.#sequencer.safePosition;
    const diskIsLast = this.#waitsForDisk;
    const safe = this.#safeBy(durable, failed);
    this.meter.releasing(safe, durable, diskIsLast);
    if (safe > this.#released) {
      this.#released = safe;
      for (const output of this.#outputs) output.release(safe);
      this.meter.released();
      this.#tap?.released(safe);
      for (const output of this.#outputs) output.resumeStalled();
    }
    this.#gate?.say(this.#released);
    if (this.#isSettled) this.#settled?.();
    if (failed) this.cutOff();
    else if (this.#waitsForDisk && this.#released < this.#sequencer.position) this.#waitForMore(durable);
    if (this.#paused !== undefined) this.#sayIfWritten(durable, this.#paused);
  }

  /** Behind a failed write nothing leaves, whoever acknowledged it: this node's copy, which policies of replicas count, is none any more. */
  #safeBy(durable: Position, failed: boolean): Position {
    const safe = this.#gate?.position(durable, this.#sequencer.position) ?? durable;
    return failed ? Math.min(safe, durable) : safe;
  }

  /** Otherwise whoever lets out the next has the gate look, by look(). */
  get #waitsForDisk(): boolean {
    return this.#gate === undefined || this.#gate.waitsForDisk;
  }

  /** What replicas have may be released before this node's journal has given it back. */
  #sayIfWritten(durable: Position, paused: (isWritten: boolean) => void): void {
    if (durable === this.#sequencer.position) paused(true);
    else if (!this.#isCutOff) this.#waitForMore(durable);
  }

  /** For the journal only: of a gate's other sources its owner tells, by look(). */
  #waitForMore(durable: Position): void {
    if (this.#isWaiting) return;
    const wait = this.#sequencer.whenSafeBeyond(durable);
    this.#isWaiting = true;
    // Already so: in the next turn, so that a fast journal can't keep the sockets waiting.
    if (wait === undefined) setImmediate(this.#waited);
    else wait.then(this.#waited);
  }

  readonly #waited = (): void => {
    this.#isWaiting = false;
    this.#release();
  };

  /** What is safe may have changed: lets it out. False: nothing leaves any more, and the gate is not asked again. */
  look(): boolean {
    this.#release();
    return !this.#isCutOff;
  }

  /** The journal has failed: lets out what it had made safe by then, the last that leaves. */
  releaseLast(): void {
    this.#release();
  }

  /** Nothing leaves any more, whatever the journal says: what it calls safe is not. */
  cutOff(): void {
    this.#isCutOff = true;
    this.#paused?.(false);
  }

  /** Nothing was taken since the start, or all of it has been released. */
  get #isSettled(): boolean {
    const { position } = this.#sequencer;
    return position === this.#began || position === this.#released;
  }

  /** Resolves when every command has been released; never after the journal has failed. */
  settled(): Promise<void> {
    if (!this.#turnIsDue && this.#isSettled) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }
}
