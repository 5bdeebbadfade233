// The one interface through which the runtime (sequencer, journal, replication, gate) knows what it runs. The
// exchange engine is one Application; a ledger or a counter can stand in its place.

import { assert } from "./assert.ts";
import type { Checksums } from "./checksums.ts";
import type { RecordBuffer } from "./record-buffer.ts";

/** A deterministic state machine: records in, events out, its state as bytes. */
export interface Application {
  /**
   * Applies the command record at word offset `at` of `words` and writes what follows from it into `events`.
   * A pure function of (state, record): no clock, randomness or I/O; never throws for what a client can send.
   * Does not drain `events` at the end; it may drain in between when the buffer is full. That is in mid-command: the
   * drain must neither read nor call the application, whose state is then neither the one before nor the one after.
   */
  apply(words: Int32Array, at: number, events: RecordBuffer): void;
  /** Writes the canonical state, in pieces; equal states give equal bytes. A piece is valid during the call only. */
  snapshot(write: (piece: Uint8Array) => void): void;
  /**
   * Replaces the state by a snapshot's, which holds the effect of all commands up to `position` of the log; throws
   * SeriatimError `SNAPSHOT_INVALID` when the bytes are not one, and keeps its own then. One that takes long may call `rest`
   * every fraction of a millisecond, for whoever restores it beside others that must not wait.
   */
  restore(bytes: Uint8Array, position: number, rest?: () => void): void;
  /** The position of the last command applied, for one that counts them: whoever runs it holds it to the log. */
  readonly position?: number;
}

/** Whether what `application` has applied is what its log says. Anything else is a bug, or another log's state. */
export function assertPosition(application: Pick<Application, "position">, position: number): void {
  const counted = application.position;
  assert(
    counted === undefined || counted === position,
    `the state is of position ${counted}, not ${position}`,
  );
}

/** The state hash: BLAKE3 (32 bytes) over the canonical snapshot. */
export function stateHash(application: Application, checksums: Checksums): Uint8Array {
  const stream = checksums.blake3Stream();
  application.snapshot((piece) => stream.update(piece));
  return stream.finish();
}
