// Commands that this process itself brings, each with a promise: it resolves with what the command caused when the gate
// lets that out. Alone it is all a small application needs (runtime.run(it, it)); beside a gateway it is a second output
// of the path (path.attach(it)), with answers of its own behind the same gate.
//
// Bound: as many wait as the ring holds and `waitingMax` says; the next is refused (TOO_MANY_IN_FLIGHT), and so is what comes
// while the path pauses for a copy of the state.

import { assert, type Position, type RecordBuffer, SeriatimError } from "../base/index.ts";
import type { RecordRules } from "../journal/index.ts";
import { within } from "../platform/index.ts";
import { COMMAND_WORDS } from "../protocol/index.ts";
import type { CommandOutput, CommandPath } from "./command-path.ts";
import type { Runtime, RuntimeListener } from "./runtime.ts";

/** Commands with an open promise: some hundred bytes each, and their events. */
const WAITING_MAX = 65_536;
/** The longest that close() waits for answers; a disk that needs longer hangs. */
const CLOSE_MS = 5_000;

/** What a command caused. */
export interface Reply {
  /** The command's place in the log. */
  readonly position: Position;
  /** Its event records, back to back; none if it caused none. */
  readonly events: Int32Array<ArrayBuffer>;
}

interface Waiting {
  readonly position: Position;
  readonly events: Int32Array<ArrayBuffer>;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: SeriatimError) => void;
}

const NO_EVENTS = new Int32Array(0);
const NO_RULES =
  "Submissions takes the application's rules themselves behind the runtime, not where they lie: an object with firstUnknown";

/**
 * Commands of this process: `submit` resolves with position and events when they are safe; it rejects with the SeriatimError that docs/runtime.md
 * lists.
 */
export class Submissions implements CommandOutput, RuntimeListener {
  readonly #path: CommandPath;
  readonly #rules: Pick<RecordRules, "firstUnknown">;
  readonly #waitingMax: number;
  /** In the order of their positions. */
  readonly #waiting: Waiting[] = [];
  /** Events of the command being submitted; those of other commands are not ours. */
  #events: Int32Array<ArrayBuffer> | undefined;
  #refusal: SeriatimError | undefined;
  #shortage: SeriatimError | undefined;
  #degraded: SeriatimError | undefined;
  /** Resolves a close() when nothing waits any more. */
  #drained: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  /**
   * `rules` of the application, themselves (openRuntime takes their module's URL): what its journal would not take back at the next
   * start is not let in. Throws SeriatimError `INVALID_ARGUMENT` for anything else.
   */
  constructor(runtime: Runtime, rules: Pick<RecordRules, "firstUnknown">, waitingMax = WAITING_MAX) {
    if (typeof rules?.firstUnknown !== "function") throw new SeriatimError("INVALID_ARGUMENT", NO_RULES);
    this.#path = runtime.path;
    this.#rules = rules;
    this.#waitingMax = waitingMax;
    // Settled behind the last release: whatever still waits then never becomes safe.
    runtime.failed.then((error) => this.#end(error));
  }

  /**
   * `write` fills the command record at `words[at]`, all zero but what it writes; the time is the sequencer's to write.
   * Rejects with SeriatimError: COMMAND_UNKNOWN (the rules know no such record), TOO_MANY_IN_FLIGHT, DISK_FULL,
   * REPLICA_DISCONNECTED, CLOSED, or with what `write` threw: nothing happened then, the command is not in the log. Or with what
   * stopped the runtime; for a command under way then nobody knows whether it is safe.
   */
  submit(write: (words: Int32Array, at: number) => void): Promise<Reply> {
    assert(this.#events === undefined, "a command is not submitted from inside another");
    const refusal = this.#refusal ?? this.#shortage ?? this.#degraded;
    if (refusal !== undefined) return Promise.reject(refusal);
    const { words } = this.#path;
    const at = this.#waiting.length < this.#waitingMax ? this.#path.claim() : -1;
    if (at < 0) return Promise.reject(this.#path.isOpen ? this.#tooMany() : closed());
    words.fill(0, at, at + COMMAND_WORDS);
    try {
      write(words, at);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#rules.firstUnknown(words, at, 1) >= 0) return Promise.reject(unknown(words[at] & 0xff));
    const { position, events } = this.#commit();
    return new Promise((resolve, reject) => this.#waiting.push({ position, events, resolve, reject }));
  }

  #commit(): Reply {
    this.#events = NO_EVENTS;
    try {
      this.#path.commit();
    } catch (error) {
      // Its runtime fails, and has every promise rejected.
      if (!this.#path.isBroken) throw error;
    }
    const { position } = this.#path;
    const events = this.#events;
    this.#events = undefined;
    return { position, events };
  }

  #tooMany(): SeriatimError {
    const many = `${this.#waiting.length} commands wait for the journal: wait for one of them`;
    const paused = "commands wait until the state is copied for a snapshot: try again";
    return new SeriatimError("TOO_MANY_IN_FLIGHT", this.#path.isPaused ? paused : many);
  }

  /** Takes no more; resolves when all that waits is answered, or, after CLOSE_MS, was rejected (OUTCOME_UNKNOWN). Called again it gives the same answer. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#refusal ??= closed();
    if (this.#waiting.length === 0) return;
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    if (!(await within(drained, CLOSE_MS))) this.#end(unanswered());
  }

  #end(error: SeriatimError): void {
    this.#refusal ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#drained?.();
  }

  // ---- the path's side (CommandOutput)

  onApplied(events: RecordBuffer): void {
    if (this.#events === undefined) return;
    const before = this.#events;
    this.#events = new Int32Array(before.length + events.used_words);
    this.#events.set(before);
    this.#events.set(events.words.subarray(0, events.used_words), before.length);
  }

  /** Nothing: a command's own position is what its reply waits for. */
  seal(): void {}

  release(position: Position): void {
    let safe = 0;
    while (safe < this.#waiting.length && this.#waiting[safe].position <= position) safe++;
    const ready = this.#waiting.splice(0, safe);
    for (const { resolve, position: at, events } of ready) resolve({ position: at, events });
    if (this.#waiting.length === 0) this.#drained?.();
  }

  /** Nothing: who was refused tries again by itself. */
  resumeStalled(): void {}

  // ---- the runtime's side (RuntimeListener)

  roomChanged(why: string | undefined): void {
    this.#shortage =
      why === undefined ? undefined : new SeriatimError("DISK_FULL", `no room for the log to grow: ${why}`);
  }

  ackShortage(why: string | undefined): void {
    this.#degraded =
      why === undefined
        ? undefined
        : new SeriatimError("REPLICA_DISCONNECTED", `nothing is acknowledged: ${why}`);
  }

  halted(error: SeriatimError): void {
    this.#refusal = error;
  }

  /** Nothing: an application of this kind has no clock that anybody compares. */
  clockIsBehind(): void {}
}

function unknown(kind: number): SeriatimError {
  const what = `the rules of the application know no such record of kind ${kind}`;
  return new SeriatimError("COMMAND_UNKNOWN", what);
}

function unanswered(): SeriatimError {
  const what = `closed ${CLOSE_MS / 1e3} s ago, and not acknowledged since: it may be in the log or not`;
  return new SeriatimError("OUTCOME_UNKNOWN", what);
}

function closed(): SeriatimError {
  return new SeriatimError("CLOSED", "no more commands are taken");
}
