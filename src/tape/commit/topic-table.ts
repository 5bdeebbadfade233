// The topics of one commit worker: opened when asked for, opened again after a shortage of room, retained, synced, closed. The
// first failure that is more than a full disk is thrown on: the worker ends, and with it the broker.

import { SeriatimError } from "../../base/index.ts";
import { TapeReason } from "../../protocol/index.ts";
import { OTHER_VERSION } from "../log/other-version.ts";
import type { TopicLog } from "../log/topic-log.ts";
import type { Retention } from "../log/topic-place.ts";
import type { HoldMemory, OrderingLimits, OrderLevel } from "../ordering/limits.ts";
import type { CommitFigures } from "./commit-figures.ts";
import { CommitTopic } from "./commit-topic.ts";
import type { TurnTime } from "./part-committer.ts";

/** A topic that could not be opened is tried again by whoever asks for it, but not more often. */
const REOPEN_US = 1_000_000;
/** What nobody waits for is safe after so long, or when so much was written, whichever is sooner. */
const SYNC_US = 1_000_000;
const SYNC_BYTES = 64 * 1024 * 1024;
/** Between two looks for segments that are no longer kept. */
const RETAIN_US = 1_000_000;

/** No later try finds the log any better. */
const UNREADABLE: readonly string[] = ["LOG_CORRUPT", "LOG_CHANGED", OTHER_VERSION];

/** Opens a topic's log, or makes it; throws what opening a log throws. */
export type OpenTopicLog = (topic: number) => TopicLog;

/** Told of a topic that failed, or whose end was cut: what happened, for a log of the process. */
export type TopicNotice = (topic: number, error: SeriatimError) => void;

export class TopicTable {
  readonly #topics = new Map<number, CommitTopic>();
  readonly #openLog: OpenTopicLog;
  readonly #limits: OrderingLimits;
  readonly #memory: HoldMemory;
  readonly #figures: CommitFigures;
  readonly #now: Readonly<TurnTime>;
  readonly #notice: TopicNotice;
  #retained_us = 0;
  /** Those that are still to be looked at since retention was due, the next one last. */
  #toRetain: CommitTopic[] = [];

  constructor(
    openLog: OpenTopicLog,
    limits: OrderingLimits,
    memory: HoldMemory,
    figures: CommitFigures,
    now: Readonly<TurnTime>,
    notice: TopicNotice,
  ) {
    this.#openLog = openLog;
    this.#limits = limits;
    this.#memory = memory;
    this.#figures = figures;
    this.#now = now;
    this.#notice = notice;
  }

  get(topic: number): CommitTopic | undefined {
    return this.#topics.get(topic);
  }

  get size(): number {
    return this.#topics.size;
  }

  all(): IterableIterator<CommitTopic> {
    return this.#topics.values();
  }

  /** The topic, with an open log unless that can't be had now; `reason` says why not. `retention` is what it keeps from now on. */
  open(id: number, orderLevel: OrderLevel, retention: Retention): CommitTopic {
    let topic = this.#topics.get(id);
    if (topic === undefined) {
      topic = new CommitTopic(id, orderLevel, retention, this.#limits, this.#memory, TapeReason.None);
      this.#topics.set(id, topic);
      this.#tryToOpen(topic);
    } else {
      topic.retention = retention;
      this.reopen(topic);
    }
    return topic;
  }

  /** The topic's log, also when it has to be opened again for it; undefined: not yet. */
  reopen(topic: CommitTopic): TopicLog | undefined {
    if (topic.log === undefined && this.#now.monotonic_us - topic.tried_us >= REOPEN_US)
      this.#tryToOpen(topic);
    return topic.log;
  }

  /**
   * Opens again the topic without room that was tried longest ago, when it is bounded: what it keeps no more makes room, whether or not
   * anybody asks for it. One only, since an opening reads a segment.
   */
  reopenFull(): void {
    let longest: CommitTopic | undefined;
    for (const topic of this.#topics.values()) {
      if (topic.reason !== TapeReason.DiskFull || !isBounded(topic)) continue;
      if (longest === undefined || topic.tried_us < longest.tried_us) longest = topic;
    }
    if (longest !== undefined) this.reopen(longest);
  }

  #tryToOpen(topic: CommitTopic): void {
    topic.tried_us = this.#now.monotonic_us;
    try {
      topic.log = this.#openLog(topic.id);
      topic.reason = TapeReason.None;
      const { cut } = topic.log;
      // One node can't tell a torn end from one that rotted: whoever runs it is told.
      if (cut !== undefined)
        this.#notice(topic.id, new SeriatimError("TOPIC_CUT", `its end was cut: ${cut}`));
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      topic.reason = reasonOf(error);
      this.#notice(topic.id, error);
    }
  }

  /** Takes the log from a topic that has no room; throws on what is more than that. */
  fail(topic: CommitTopic, error: unknown): void {
    if (!isFullDisk(error)) throw error;
    this.#notice(topic.id, error);
    topic.reason = TapeReason.DiskFull;
    topic.tried_us = this.#now.monotonic_us;
    this.#release(topic);
  }

  /** Closes a topic for good. */
  remove(topic: CommitTopic): void {
    this.#release(topic);
    this.#topics.delete(topic.id);
  }

  #release(topic: CommitTopic): void {
    topic.sessions.clear();
    topic.isSyncDue = false;
    const { log } = topic;
    topic.log = undefined;
    try {
      log?.close();
    } catch (error) {
      // Without the mark of an orderly end: the next opening recovers the log as after a crash.
      if (!isFullDisk(error)) throw error;
      this.#notice(topic.id, error);
    }
  }

  /** Makes safe what somebody waits for. */
  syncDue(): void {
    for (const topic of this.#topics.values()) if (topic.isSyncDue) this.#sync(topic);
  }

  #sync(topic: CommitTopic): void {
    topic.isSyncDue = false;
    topic.writtenSince_us = 0;
    const { log } = topic;
    if (log === undefined || log.unsyncedBytes === 0) return;
    log.sync();
    this.#figures.syncs++;
  }

  /** Syncs what nobody waits for and what is old by now. */
  syncOld(): void {
    for (const topic of this.#topics.values()) this.#syncOld(topic);
  }

  /** Whether a new round of retention begins; the next one is reckoned from this answer, and begins when this one is over. */
  isRetentionDue(): boolean {
    const { monotonic_us } = this.#now;
    if (this.#toRetain.length > 0 || monotonic_us - this.#retained_us < RETAIN_US) return false;
    this.#retained_us = monotonic_us;
    this.#toRetain = [...this.#topics.values()].filter(isBounded).reverse();
    return true;
  }

  /** The next topic of the round; undefined: all have had their turn. */
  nextToRetain(): CommitTopic | undefined {
    return this.#toRetain.pop();
  }

  #syncOld(topic: CommitTopic): void {
    const { log } = topic;
    const unsynced = log?.unbegunBytes ?? 0;
    if (log === undefined || unsynced === 0) return;
    const { monotonic_us } = this.#now;
    if (topic.writtenSince_us === 0) topic.writtenSince_us = monotonic_us;
    if (unsynced < SYNC_BYTES && monotonic_us - topic.writtenSince_us < SYNC_US) return;
    if (!log.syncBehind()) return;
    topic.writtenSince_us = 0;
    this.#figures.syncs++;
  }

  /** Removes the segments of a topic that are no longer kept, some dozens at most; whether any went. Throws what the log throws. */
  retain(topic: CommitTopic): boolean {
    // Also one that keeps everything now: its log begins segments by what it was told last.
    return topic.log !== undefined && topic.log.retain(topic.retention, this.#now.wall_us) > 0;
  }

  /** Closes all logs, everything safe. One that can't be closed keeps no other open; the first failure is thrown. */
  close(): void {
    let failure: unknown;
    for (const topic of this.#topics.values()) {
      try {
        this.#release(topic);
      } catch (error) {
        failure ??= error;
      }
    }
    this.#topics.clear();
    if (failure !== undefined) throw failure;
  }
}

/** It does not keep everything. */
function isBounded({ retention }: CommitTopic): boolean {
  return retention.bytes > 0 || retention.age_us > 0;
}

/** The one failure of a topic's disk that its worker survives. */
function isFullDisk(error: unknown): error is SeriatimError {
  return error instanceof SeriatimError && reasonOf(error) === TapeReason.DiskFull;
}

function reasonOf({ code }: SeriatimError): TapeReason {
  if (code === "ENOSPC" || code === "EDQUOT") return TapeReason.DiskFull;
  return UNREADABLE.includes(code) ? TapeReason.LogCorrupt : TapeReason.LogFailed;
}
