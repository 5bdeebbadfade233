// What becomes of whole topics: administrators change and delete them, logs fail; whoever uses one is told.

import { TapeReason } from "../../protocol/index.ts";
import type {
  CatalogTopic,
  MayAdminister,
  PublisherService,
  SubscriberService,
  TopicControl,
  TopicProgress,
} from "../../tape/index.ts";
import type { CommitWorkers } from "./commit-workers.ts";
import type { OpenTopics } from "./open-topics.ts";

/** Requests that wait for a commit worker at once, also for administrators that are gone by now: one whose disk hangs answers none. */
export const REQUESTS_WAITING_MAX = 256;

export interface TopicDeskOptions {
  readonly open: OpenTopics;
  readonly workers: CommitWorkers;
  readonly publishers: PublisherService;
  readonly subscribers: SubscriberService;
  /** Removes the files of a topic that nobody writes. */
  readonly remove: (topic: number) => Promise<void>;
  readonly status: (may: MayAdminister) => object;
}

export class TopicDesk implements TopicControl {
  readonly #options: TopicDeskOptions;
  /** Topics whose logs are being closed, and who waits for that. */
  readonly #closing = new Map<number, () => void>();
  #waiting = 0;

  constructor(options: TopicDeskOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#waiting >= REQUESTS_WAITING_MAX;
  }

  known({ id }: CatalogTopic): TopicProgress | undefined {
    return this.#options.open.known(id);
  }

  opened(topic: CatalogTopic): Promise<TopicProgress | TapeReason> {
    return this.#waitFor(new Promise((resolve) => this.#options.open.openToRead(topic, resolve)));
  }

  retain(topic: CatalogTopic): void {
    // Also of one that is being opened or has no room; one that the worker does not know is opened with it.
    this.#options.workers.retain(topic);
  }

  async delete({ id }: CatalogTopic): Promise<void> {
    const { open, workers, remove } = this.#options;
    this.#over(id, TapeReason.TopicDeleted);
    open.forget(id);
    const closed = new Promise<void>((resolve) => this.#closing.set(id, resolve));
    workers.deleteTopic(id);
    await this.#waitFor(closed);
    await remove(id);
  }

  async #waitFor<T>(answer: Promise<T>): Promise<T> {
    this.#waiting++;
    try {
      return await answer;
    } finally {
      this.#waiting--;
    }
  }

  status(may: MayAdminister): object {
    return this.#options.status(may);
  }

  /** The commit worker has closed its log for good. */
  deleted(topic: number): void {
    this.#closing.get(topic)?.();
    this.#closing.delete(topic);
  }

  /** Its log takes nothing more; the next who asks for it has it opened again. Without room it can still be read. */
  failed(topic: number, reason: TapeReason): void {
    this.#options.open.failed(topic);
    if (reason === TapeReason.DiskFull) this.#options.publishers.faultTopic(topic, reason);
    else this.#over(topic, reason);
  }

  #over(topic: number, reason: TapeReason): void {
    const { publishers, subscribers } = this.#options;
    publishers.faultTopic(topic, reason);
    subscribers.onTopicOver(topic, reason);
  }
}
