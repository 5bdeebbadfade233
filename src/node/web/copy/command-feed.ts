// The way of the log's commands to the web thread, on the node's own side: every committed command is copied into a ring
// of its own, and becomes visible there once its position is released. A record is a command, so a position is a count.
//
//   begin, resync   snapshot of the engine at position S ──(S is released)──► hand it over, with a new, empty ring
//   committed       the record after S is the ring's first, the next one its second, ...
//   released(p)     the ring is published up to record p - S
//   ring is full    the web thread is far behind: nothing is copied any more; when it has taken all there is:
//     with a journal  a new, empty ring at position R, handed over when R is released: what lies before R it reads there
//     without one     resync; so too when the reader fails the new ring, because the journal has not what it missed
//
// So the worst reader costs the node a copy of a command, and where nothing is kept a snapshot now and then; nothing here ever
// waits for it.

import type { Position } from "../../../base/index.ts";
import type { ExchangeEngine } from "../../../engine/index.ts";
import { COMMAND_BYTES, COMMAND_WORDS } from "../../../protocol/index.ts";
import { createRing, Ring, RingConsumer, RingProducer } from "../../../ring/index.ts";
import { type CommandTap, copySnapshot } from "../../../runtime/index.ts";

/** Commands on their way to the web thread: 5 MiB; as many as may wait for the journal, so that a burst fits. */
const FEED_RING_RECORDS = 65_536;
/** The least between a reader's last command and what it is given next. */
const RESYNC_INTERVAL_MS = 1_000;
/**
 * And that as a multiple of what the last snapshot took: it holds the node's thread (some 300 ns per resting order), which
 * so spends no more than a twentieth of its time on a reader that is too slow.
 */
const RESYNC_INTERVAL_SNAPSHOTS = 20;

/** Where a reader of commands begins. */
export interface Handover {
  /** The engine's state after the command at `position`, without its reports; undefined: the reader goes on from what it has, by the journal. */
  readonly snapshot: Uint8Array<ArrayBuffer> | undefined;
  readonly position: Position;
  /** Shared memory of the Ring that holds the commands after it. */
  readonly ring: SharedArrayBuffer;
}

export interface CommandFeedOptions {
  readonly application: Pick<ExchangeEngine, "snapshotWithoutReports">;
  /** The last position that was applied. */
  readonly position: () => Position;
  /** Takes what a reader begins with; what it had before is over. */
  readonly handOver: (handover: Handover) => void;
  /** The reader is too far behind, or could not read what it missed; it goes on by the journal, or begins anew with a state. */
  readonly onOverrun: (position: Position, goesOnBy: "journal" | "state") => void;
  /** Whether the reader can read in the journal what it has missed. */
  readonly hasJournal?: boolean;
  /** FEED_RING_RECORDS when left out. */
  readonly ringRecords?: number | undefined;
  /** RESYNC_INTERVAL_MS when left out. */
  readonly resyncInterval_ms?: number;
}

/** A ring and where it stands in the log. */
interface Reach {
  readonly ring: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly producer: RingProducer;
  /** The position before its first record. */
  readonly base: Position;
}

export class CommandFeed implements CommandTap {
  /** Times the reader was too far behind, and has been given a new ring. */
  resyncs = 0;
  readonly #options: CommandFeedOptions;
  readonly #resyncInterval_ms: number;
  readonly #hasJournal: boolean;
  #reach: Reach | undefined;
  #isCopying = false;
  #isClosed = false;
  /** Waits for its position's release. */
  #pending: Handover | undefined;
  #released: Position = 0;
  /** What the last snapshot took. */
  #snapshot_ms = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CommandFeedOptions) {
    this.#options = options;
    this.#resyncInterval_ms = options.resyncInterval_ms ?? RESYNC_INTERVAL_MS;
    this.#hasJournal = options.hasJournal ?? false;
  }

  /** Hands over the present; `released`: the position up to which everything may be seen. */
  begin(released: Position): void {
    this.#released = released;
    this.#handOver(this.#takeSnapshot());
  }

  committed(words: Int32Array, at: number): void {
    const reach = this.#reach;
    if (!this.#isCopying || reach === undefined) return;
    const slot = reach.producer.claim();
    if (slot < 0) return this.#overrun(reach);
    const to = reach.words;
    for (let word = 0; word < COMMAND_WORDS; word++) to[slot + word] = words[at + word];
    reach.producer.commit();
  }

  released(position: Position): void {
    this.#released = position;
    const reach = this.#reach;
    if (reach === undefined || position < reach.base) return;
    if (this.#pending !== undefined) {
      this.#options.handOver(this.#pending);
      this.#pending = undefined;
    }
    const { producer, base } = reach;
    // Commands after an overrun are not in the ring.
    producer.publishUpTo(Math.min(position - base, producer.produced));
  }

  /** Nothing is copied any more, and what was not released by now is never seen: a reader may be at work still. */
  close(): void {
    this.#isClosed = true;
    this.#isCopying = false;
    this.#pending = undefined;
    clearTimeout(this.#timer);
    const reach = this.#reach;
    this.#reach = undefined;
    if (reach === undefined) return;
    // Both sides may have a wait on the ring; nobody else is left to end it.
    new RingConsumer(Ring.attach(reach.ring)).fail();
    reach.producer.abandon();
  }

  #overrun(reach: Reach): void {
    this.#isCopying = false;
    this.#options.onOverrun(reach.base + reach.producer.produced, this.#hasJournal ? "journal" : "state");
    this.#resyncWhenTaken(reach.producer);
  }

  async #resyncWhenTaken(producer: RingProducer): Promise<void> {
    await producer.whenReleasedBeyond(producer.produced - 1);
    if (this.#isClosed) return;
    this.#resync(this.#hasJournal && !producer.consumerFailed());
  }

  /** A reader of the journal fails its new ring before it takes anything of it, or not at all. */
  async #resyncIfLost({ producer, base }: Reach): Promise<void> {
    await producer.whenReleasedBeyond(0);
    // After an overrun it is looked at there.
    if (this.#isClosed || !this.#isCopying || !producer.consumerFailed()) return;
    this.#isCopying = false;
    this.#options.onOverrun(base, "state");
    this.#resync(false);
  }

  #resync(byJournal: boolean): void {
    const ofSnapshots_ms = byJournal ? 0 : RESYNC_INTERVAL_SNAPSHOTS * this.#snapshot_ms;
    const pause_ms = Math.max(this.#resyncInterval_ms, ofSnapshots_ms);
    this.#timer = setTimeout(() => {
      this.resyncs++;
      this.#handOver(byJournal ? undefined : this.#takeSnapshot());
    }, pause_ms).unref();
  }

  #takeSnapshot(): Uint8Array<ArrayBuffer> {
    const { application } = this.#options;
    const started_ms = performance.now();
    const snapshot = copySnapshot({ snapshot: (write) => application.snapshotWithoutReports(write) });
    this.#snapshot_ms = performance.now() - started_ms;
    return snapshot;
  }

  /** Between two commands: what is committed is applied. */
  #handOver(snapshot: Uint8Array<ArrayBuffer> | undefined): void {
    const { position, ringRecords = FEED_RING_RECORDS } = this.#options;
    // The reader lets go of a ring that has ended.
    this.#reach?.producer.abandon();
    const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: ringRecords });
    const { shared, words } = ring;
    const base = position();
    const reach = { ring: shared, words, producer: new RingProducer(ring), base };
    this.#reach = reach;
    this.#pending = { snapshot, position: base, ring: shared };
    this.#isCopying = true;
    if (snapshot === undefined) void this.#resyncIfLost(reach);
    this.released(this.#released);
  }
}
