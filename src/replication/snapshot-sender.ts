// Sends a snapshot to a replica that lacks what the journal no longer has, or no longer gives. The newest that holds and lies in this history is
// checked from the first byte to the last, piece by piece, then sent in parts. The one file stays open all the while, so
// that nobody need keep it for this: it may lose its name meanwhile.
//
//   chosen -> checked (one that does not hold: the next older) -> SnapshotBegin -> parts -> all sent

import { assert, type Checksums, type Position, SeriatimError, WordBuffer } from "../base/index.ts";
import {
  SNAPSHOT_PART_AT,
  SNAPSHOT_PART_BYTES_MAX,
  writeSnapshotBegin,
  writeSnapshotPart,
} from "../protocol/index.ts";
import { Comparison, type History } from "./history.ts";
import type { SessionOutput } from "./peers.ts";

/** A snapshot file that can be read to its end (the journal's, journal/snapshot/outgoing.ts). */
export interface SnapshotToSend {
  readonly header: { readonly position: Position; readonly epoch: number; readonly chain: Uint8Array };
  readonly fileBytes: number;
  /** BLAKE3 of the file; undefined while it is not checked to its end. */
  readonly digest: Uint8Array | undefined;
  /** Checks the next piece; throws SNAPSHOT_DAMAGED, or what the disk says. */
  check(): void;
  /** Fills `bytes` from `offset` of the file on. */
  read(bytes: Uint8Array, offset: number): void;
  close(): void;
}

/** A node's snapshots. */
export interface SnapshotSource {
  /** The newest before position `before` that looks like one. */
  open(before: Position): SnapshotToSend | undefined;
}

/** What one step has come to. */
export const Sending = {
  /** There is more to do at once. */
  More: "more",
  /** The output wants nothing now, or all is sent. */
  Waits: "waits",
  /** No snapshot holds. */
  None: "none",
} as const;
export type Sending = (typeof Sending)[keyof typeof Sending];

/** Of a message's header and the part's own fields: what SNAPSHOT_PART_AT says, in whole words. */
const MESSAGE_BYTES = SNAPSHOT_PART_AT + SNAPSHOT_PART_BYTES_MAX;

export class SnapshotSender {
  readonly #source: SnapshotSource;
  readonly #history: History;
  readonly #after: Position;
  readonly #written: Position;
  readonly #output: SessionOutput;
  readonly #checksums: Checksums;
  readonly #message = new WordBuffer(MESSAGE_BYTES);
  #snapshot: SnapshotToSend | undefined;
  #hasBegun = false;
  #offset = 0;

  /**
   * `after`: the last position that the replica has. A snapshot takes the place of that, so none from before it is sent.
   * `written`: the last position in the journal that `history` reads.
   */
  constructor(
    source: SnapshotSource,
    history: History,
    { after, written }: { readonly after: Position; readonly written: Position },
    output: SessionOutput,
    checksums: Checksums,
  ) {
    this.#source = source;
    this.#history = history;
    this.#after = after;
    this.#written = written;
    this.#output = output;
    this.#checksums = checksums;
    this.#choose(Number.POSITIVE_INFINITY);
  }

  /** Of the snapshot that is sent; undefined: there is none. */
  get position(): Position | undefined {
    return this.#snapshot?.header.position;
  }

  /** Checks or sends one piece. Throws what the disk says of a file that was whole a moment ago. */
  step(): Sending {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return Sending.None;
    if (!this.#hasBegun) return this.#check(snapshot);
    if (this.#offset === snapshot.fileBytes || !this.#output.hasRoom) return Sending.Waits;
    this.#sendPart(snapshot);
    return Sending.More;
  }

  close(): void {
    this.#snapshot?.close();
    this.#snapshot = undefined;
  }

  /** The newest before `before` that the replica gains by, and behind which the journal goes on. */
  #choose(before: Position): void {
    for (let next = this.#source.open(before); next !== undefined; ) {
      const { position } = next.header;
      const isAhead = position > this.#after;
      if (isAhead && this.#isOfThisHistory(next)) {
        this.#snapshot = next;
        return;
      }
      next.close();
      next = isAhead ? this.#source.open(position) : undefined;
    }
  }

  /** Throws what the disk says of the log; the snapshot is closed then. */
  #isOfThisHistory(snapshot: SnapshotToSend): boolean {
    try {
      return this.#history.compare(snapshot.header, this.#written) === Comparison.Same;
    } catch (error) {
      snapshot.close();
      throw error;
    }
  }

  #check(snapshot: SnapshotToSend): Sending {
    try {
      snapshot.check();
    } catch (error) {
      if (!(error instanceof SeriatimError) || !DAMAGED.includes(error.code)) throw error;
      this.close();
      this.#choose(snapshot.header.position);
      return Sending.More;
    }
    if (snapshot.digest !== undefined) this.#begin(snapshot);
    return Sending.More;
  }

  #begin({ header, fileBytes, digest }: SnapshotToSend): void {
    assert(digest !== undefined, "what is sent was checked");
    const { position, epoch, chain } = header;
    const begin = { epoch, fileBytes, position, chain, digest };
    this.#write(writeSnapshotBegin(this.#message, begin, this.#checksums));
    this.#hasBegun = true;
  }

  #sendPart(snapshot: SnapshotToSend): void {
    const offset = this.#offset;
    const length = Math.min(SNAPSHOT_PART_BYTES_MAX, snapshot.fileBytes - offset);
    snapshot.read(this.#message.bytes.subarray(SNAPSHOT_PART_AT, SNAPSHOT_PART_AT + length), offset);
    this.#write(writeSnapshotPart(this.#message, offset, length, this.#checksums));
    this.#offset += length;
  }

  #write(total: number): void {
    this.#output.write(this.#message.bytes.subarray(0, total));
  }
}

/** What makes a snapshot useless; there are older ones. */
const DAMAGED: readonly string[] = ["SNAPSHOT_DAMAGED", "EIO"];
