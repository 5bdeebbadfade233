// The topics that a broker has opened, as its event loop knows them. A topic is opened at its commit worker when the first connection
// asks for it, once for all who ask meanwhile, and again after its log has failed. Figures are the worker's last word.

import { TapeReason } from "../../protocol/index.ts";
import type { CatalogTopic, CommitResult, TopicProgress } from "../../tape/index.ts";

/** A topic of which a worker has the log, or is asked to open it. */
export interface OpenTopic extends TopicProgress {
  readonly id: number;
  readonly topic: CatalogTopic;
}

type Waiter = (outcome: OpenTopic | TapeReason) => void;

interface Entry {
  id: number;
  topic: CatalogTopic;
  nextPosition: number;
  nextRecord: number;
  oldestRecord: number;
  bytes: number;
  isOpen: boolean;
  /** A worker is asked to open it. */
  isAsked: boolean;
  /** Its figures are a worker's: it was open before. */
  isKnown: boolean;
  /** Who asked while it is being opened, and is still there: at most one for each connection. */
  waiters: Waiter[];
}

export class OpenTopics {
  readonly #entries = new Map<number, Entry>();
  readonly #ask: (topic: CatalogTopic) => void;

  /** `ask`: has the topic's worker open it; `opened` has its answer. */
  constructor(ask: (topic: CatalogTopic) => void) {
    this.#ask = ask;
  }

  /**
   * Calls `then` with the topic once it is open, or with why it can't be: in this call or a later one. What it returns is to be called
   * when who asks is gone.
   */
  open(topic: CatalogTopic, then: Waiter): () => void {
    const entry = this.#entryOf(topic);
    if (entry.isOpen) {
      then(entry);
      return () => {};
    }
    entry.waiters.push(then);
    if (!entry.isAsked) {
      entry.isAsked = true;
      this.#ask(topic);
    }
    return () => {
      const at = entry.waiters.indexOf(then);
      if (at >= 0) entry.waiters.splice(at, 1);
    };
  }

  /** The same for whoever only reads: one that has no room is read as far as it was written, when this broker has had it open. */
  openToRead(topic: CatalogTopic, then: Waiter): () => void {
    return this.open(topic, (outcome) => {
      const entry = this.#entries.get(topic.id);
      then(outcome === TapeReason.DiskFull && entry?.isKnown === true ? entry : outcome);
    });
  }

  /** One that is open, or was: as far as it had come then. */
  known(id: number): OpenTopic | undefined {
    const entry = this.#entries.get(id);
    return entry?.isKnown ? entry : undefined;
  }

  /** It may be used, behind the worker's word on how far it is (`visible`); or why not. */
  opened(topic: number, reason: TapeReason): void {
    const entry = this.#entries.get(topic);
    if (entry === undefined) return;
    entry.isAsked = false;
    entry.isOpen = reason === TapeReason.None;
    const { waiters } = entry;
    entry.waiters = [];
    for (const waiter of waiters) waiter(entry.isOpen ? entry : reason);
  }

  /** How far its log is now. */
  visible({ topic, nextPosition, nextRecord, oldestRecord, bytes }: CommitResult): OpenTopic | undefined {
    const entry = this.#entries.get(topic);
    if (entry === undefined) return undefined;
    entry.isKnown = true;
    entry.nextPosition = nextPosition;
    entry.nextRecord = nextRecord;
    entry.oldestRecord = oldestRecord;
    entry.bytes = bytes;
    return entry;
  }

  /** Its log has failed: the next who asks has it opened again. */
  failed(id: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.isOpen = false;
  }

  /** It was deleted. */
  forget(id: number): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    for (const waiter of entry?.waiters ?? []) waiter(TapeReason.TopicDeleted);
  }

  #entryOf(topic: CatalogTopic): Entry {
    let entry = this.#entries.get(topic.id);
    if (entry === undefined) {
      const nothing = { nextPosition: 1, nextRecord: 1, oldestRecord: 1, bytes: 0 };
      entry = { id: topic.id, topic, ...nothing, isOpen: false, isAsked: false, isKnown: false, waiters: [] };
      this.#entries.set(topic.id, entry);
    }
    return entry;
  }
}
