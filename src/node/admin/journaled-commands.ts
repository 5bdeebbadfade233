// Administrative commands on their way through the log: written into the one order like everybody's, and answered when they
// are as safe as an answered order. What they led to (a refusal, cancelled orders) is read from their events.

import { type Position, type RecordBuffer, SeriatimError } from "../../base/index.ts";
import { within } from "../../platform/index.ts";
import {
  type AdminCommand,
  EventKind,
  EventWord,
  reasonText,
  writeAdminCommand,
} from "../../protocol/index.ts";
import type { CommandOutput, CommandPath } from "../../runtime/index.ts";

/** An acknowledgement that takes longer is not waited for: the answer says so. */
const SAFE_WITHIN_MS = 10_000;

/** What a command led to. */
export interface AdminOutcome {
  readonly position: Position;
  /** Orders that it took out. */
  readonly cancelled: number;
}

interface Pending {
  position: Position;
  cancelled: number;
  /** Why the engine refused it; 0: it did not. */
  reason: number;
  readonly safe: PromiseWithResolvers<void>;
}

/** As many wait as there are connections of administrators, each for one. */
export class JournaledCommands implements CommandOutput {
  readonly #path: CommandPath;
  #applying: Pending | undefined;
  #waiting: Pending[] = [];

  constructor(path: CommandPath) {
    this.#path = path;
    path.attach(this);
  }

  /** Throws SeriatimError BUSY, REFUSED, or UNCERTAIN when it is not known to be safe. */
  async submit(command: AdminCommand): Promise<AdminOutcome> {
    const at = this.#path.claim();
    if (at < 0) throw new SeriatimError("BUSY", `${whyNoSlot(this.#path)}: nothing was done`);
    writeAdminCommand(this.#path.words, at, command);
    const pending: Pending = { position: 0, cancelled: 0, reason: 0, safe: Promise.withResolvers() };
    this.#applying = pending;
    this.#path.commit();
    this.#applying = undefined;
    pending.position = this.#path.position;
    this.#waiting.push(pending);
    if (!(await within(pending.safe.promise, SAFE_WITHIN_MS))) {
      this.#waiting = this.#waiting.filter((other) => other !== pending);
      throw uncertain(pending, " yet");
    }
    const { position, cancelled, reason } = pending;
    if (reason !== 0) throw new SeriatimError("REFUSED", `position ${position}: ${reasonText(reason)}`);
    return { position, cancelled };
  }

  /** Nothing becomes safe any more. */
  halted(): void {
    for (const pending of this.#waiting.splice(0))
      pending.safe.reject(uncertain(pending, ", and the node has failed"));
  }

  onApplied({ words, count, recordWords }: RecordBuffer): void {
    const pending = this.#applying;
    if (pending === undefined) return;
    for (let i = 0, at = 0; i < count; i++, at += recordWords) {
      const head = words[at + EventWord.kindReasonCommandFlags];
      if ((head & 255) === EventKind.Reject) pending.reason = (head >>> 8) & 255;
      else if ((head & 255) === EventKind.Cancel) pending.cancelled++;
    }
  }

  /** Each waits for its own position. */
  seal(): void {}

  release(position: Position): void {
    if (this.#waiting.length === 0) return;
    for (const pending of this.#waiting) if (pending.position <= position) pending.safe.resolve();
    this.#waiting = this.#waiting.filter((pending) => pending.position > position);
  }

  /** Nobody here waits for room. */
  resumeStalled(): void {}
}

function whyNoSlot({ isOpen, isPaused }: Pick<CommandPath, "isOpen" | "isPaused">): string {
  if (!isOpen) return "this node does not lead yet, or no more";
  return isPaused ? "commands wait until the state is copied for a snapshot" : "the journal is behind";
}

function uncertain({ position }: Pending, why: string): SeriatimError {
  const where = `it is in the order of commands, at position ${position}, and may take effect`;
  return new SeriatimError("UNCERTAIN", `${where}, but is not known to be safe${why}: ask for the status`);
}
