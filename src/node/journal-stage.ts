// The journal as a stage of a node: where it runs is chosen here, what it does is the same. Records come out of it at
// start (recovery) and go into it from then on (the sequencer's ring); it gives slots back when they are safe.

import type { SeriatimError } from "../base/index.ts";
import type { RecordVisitor } from "../journal/index.ts";

/** What a journal said about itself when it was opened. */
export interface Recovered {
  /** The last position in the log. */
  readonly position: number;
  /** The sequencer's time of the last command. */
  readonly timestamp_us: number;
  /** Whether the log was begun just now. */
  readonly created: boolean;
  /** Bytes of a torn last frame that were cut off; 0 when there was none. */
  readonly cut_bytes: number;
  /** What was found on the disk, in words. */
  readonly finding: string;
}

export interface JournalStage {
  /** Opens the journal and hands every record to `visit`; resolves when all were visited. */
  recover(visit: RecordVisitor): Promise<Recovered>;
  /** Begins to take commands from `ring` (shared memory of a Ring of command records). */
  run(ring: SharedArrayBuffer): void;
  /** Called after each publish(): a stage on the caller's thread does its work now. */
  published(): void;
  /**
   * Whether a batch costs something (a write, an fdatasync), so that all commands of a turn of the event loop should
   * share one; otherwise each chunk of requests is a batch and is answered at once.
   */
  readonly batches: boolean;
  /** Resolves with what stopped the stage, if anything ever does. */
  readonly failed: Promise<SeriatimError>;
  /** Resolves when the ring has ended and the files are closed. */
  stop(): Promise<void>;
}
