// The journal as a stage of a node: where it runs is chosen here, what it does is the same. Records come out of it at
// start (recovery) and go into it from then on (the sequencer's ring); it gives slots back when they are safe.

import type { SeriatimError } from "../base/index.ts";
import type { RecordVisitor } from "../journal/index.ts";
import type { JournalRequest } from "./journal-requests.ts";

/** What a journal said about itself when it was opened. */
export interface Recovered {
  /** The last position in the log. */
  readonly position: number;
  /** The sequencer's time of the last command. */
  readonly timestamp_us: number;
  /** Of the last frame in the log. */
  readonly epoch: number;
  /** Whether the log was begun just now. */
  readonly created: boolean;
  /** Whether its end was torn and has been cut. */
  readonly wasTorn: boolean;
  /** The bytes that were cut off; 0 also when the end of the file was what was missing. */
  readonly cut_bytes: number;
  /** Whether it may lack what was once safe in it: its end was cut, now or before (segment/may-lack.ts), or it began anew. */
  readonly mayLack: boolean;
  /** What was found on the disk, in words. */
  readonly finding: string;
}

/** Told when room for the log runs out (why, in one line), and when there is room again (undefined). */
export type ShortageListener = (why: string | undefined) => void;

export interface JournalStage {
  /** What its group commits took, from taking the commands to their safety (base/latency-counts.ts); none without a log. */
  readonly times?: SharedArrayBuffer;
  /** Opens the journal and hands every record that is to be applied to `visit`; resolves when all were visited. Throws what `visit` throws. */
  recover(visit: RecordVisitor): Promise<Recovered>;
  /** Begins to take commands from `ring` (shared memory of a Ring of command records). */
  run(ring: SharedArrayBuffer, onShortage: ShortageListener): void;
  /** Called after each publish(): a stage on the caller's thread does its work now. */
  published(): void;
  /**
   * Has a running journal do something between two frames; resolves with its last durable position then, within a tenth
   * of a second when it is idle. Rejects with why not, when the journal fails or ends before.
   */
  ask(request: JournalRequest): Promise<number>;
  /**
   * Whether a batch costs something (a write, an fdatasync), so that all commands of a turn of the event loop should
   * share one; otherwise each chunk of requests is a batch and is answered at once.
   */
  readonly batches: boolean;
  /** Resolves when its thread has ended, which may be long after stop() where a disk hangs; none has no thread. */
  readonly ended?: Promise<void>;
  /** Resolves with what stopped the stage, if anything ever does. */
  readonly failed: Promise<SeriatimError>;
  /**
   * At any time, also before `recover` and after a failure. Writes what its closed ring still holds, and closes the
   * files; rejects with what failed, then or before. Called again it gives the same answer.
   */
  stop(): Promise<void>;
}
