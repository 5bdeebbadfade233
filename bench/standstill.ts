// How long a thread stands still, told by itself: the time between two turns of a timer of one millisecond, so at most one
// too much. The system's accounts say what of it the thread worked and what it waited for a core; what is left it slept, though its
// timer was due: on a virtual machine, because the host woke it late.

import { openSync, readSync } from "node:fs";

/** Of what happened while it was watched; each is the longest of its kind, not all of one moment. */
export interface Standstill {
  readonly longest_ms: number;
  /** Work on a core, its own and the system's for it. */
  readonly busy_ms: number;
  /** Without a core though it could run; 0 where the system doesn't tell (Linux does). */
  readonly noCore_ms: number;
  /** Times that it stood still for longer than PAUSE_MS. */
  readonly pauses: number;
  readonly watched_ms: number;
}

export const PAUSE_MS = 5;
const TURN_MS = 1;
/** Of the thread that reads it: time on a core, time that it waited for one (ns), time slices. */
const ACCOUNT = "/proc/thread-self/schedstat";
const ACCOUNT_BYTES = 64;
const WAITED = 1;

/** One for the thread that makes it. */
export class StandstillWatch {
  readonly #account = openAccount();
  readonly #text = Buffer.alloc(ACCOUNT_BYTES);
  #timer: NodeJS.Timeout | undefined;
  #begun_ms = 0;
  // As of the last turn.
  #now_ms = 0;
  #worked_ms = 0;
  #waited_ms = 0;
  // Since it began.
  #longest_ms = 0;
  #busy_ms = 0;
  #noCore_ms = 0;
  #pauses = 0;

  begin(): void {
    this.#look();
    this.#begun_ms = this.#now_ms;
    this.#longest_ms = 0;
    this.#busy_ms = 0;
    this.#noCore_ms = 0;
    this.#pauses = 0;
    this.#timer ??= setInterval(() => this.#look(), TURN_MS);
  }

  /** Once it has begun. */
  end(): Standstill {
    this.#look();
    clearInterval(this.#timer);
    this.#timer = undefined;
    return {
      longest_ms: this.#longest_ms,
      busy_ms: this.#busy_ms,
      noCore_ms: this.#noCore_ms,
      pauses: this.#pauses,
      watched_ms: this.#now_ms - this.#begun_ms,
    };
  }

  #look(): void {
    const now_ms = performance.now();
    const worked_ms = workedOnCore_ms();
    const waited_ms = this.#waitedForCore_ms();
    const between_ms = now_ms - this.#now_ms;
    this.#longest_ms = Math.max(this.#longest_ms, between_ms);
    this.#busy_ms = Math.max(this.#busy_ms, worked_ms - this.#worked_ms);
    this.#noCore_ms = Math.max(this.#noCore_ms, waited_ms - this.#waited_ms);
    if (between_ms > PAUSE_MS) this.#pauses++;
    this.#now_ms = now_ms;
    this.#worked_ms = worked_ms;
    this.#waited_ms = waited_ms;
  }

  #waitedForCore_ms(): number {
    if (this.#account === undefined) return 0;
    const length = readSync(this.#account, this.#text, 0, ACCOUNT_BYTES, 0);
    return Number(this.#text.toString("latin1", 0, length).split(" ")[WAITED]) / 1e6;
  }
}

function workedOnCore_ms(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e3;
}

function openAccount(): number | undefined {
  try {
    return openSync(ACCOUNT, "r");
  } catch {
    return undefined;
  }
}
