// A replica's side of a snapshot that is sent: its parts in order, as many bytes as announced, with the digest announced.
// What is not so is never taken for one.

import type { Checksums, DigestStream } from "../base/index.ts";
import type { SnapshotBegin } from "../protocol/index.ts";

/** Where the bytes go (the journal's, journal/snapshot/incoming.ts). What the disk refuses it throws. */
export interface SnapshotReceiver {
  /** The next bytes, lent. */
  write(bytes: Uint8Array): void;
  /** All were written, with the right digest: makes them safe, and checks that they are a snapshot of this application. */
  finish(): void;
  /** It will never be whole. */
  abandon(): void;
}

export class SnapshotIntake {
  readonly #begin: SnapshotBegin;
  readonly #receiver: SnapshotReceiver;
  readonly #digest: DigestStream;
  #offset = 0;
  #isOver = false;
  #isWhole = false;

  constructor(begin: SnapshotBegin, receiver: SnapshotReceiver, checksums: Checksums) {
    this.#begin = begin;
    this.#receiver = receiver;
    this.#digest = checksums.blake3Stream();
  }

  /** Whether all of it has come and stands. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Takes a part; returns what is wrong with it, if anything. Throws what the receiver throws. */
  take({ offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array }): string | undefined {
    const { fileBytes, digest } = this.#begin;
    if (offset !== this.#offset) return `a part begins at byte ${offset}, expected ${this.#offset}`;
    if (offset + bytes.length > fileBytes) return `a part ends behind the ${fileBytes} bytes announced`;
    this.#receiver.write(bytes);
    this.#digest.update(bytes);
    this.#offset += bytes.length;
    if (this.#offset < fileBytes) return undefined;
    const found = this.#digest.finish();
    if (digest.some((byte, i) => byte !== found[i])) return "the snapshot's digest is not the one announced";
    this.#isOver = true;
    this.#receiver.finish();
    this.#isWhole = true;
    return undefined;
  }

  /** Breaks it off, unless it is whole. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#receiver.abandon();
  }
}
