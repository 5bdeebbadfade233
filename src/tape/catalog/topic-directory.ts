// The topics as the loop that answers clients knows them: a copy of the catalog, changed when a change is durable. What is
// returned of a change is true for good: a topic that was made survives the next kill, one that was deleted is gone.
// Changes are made one after the other, so that two who make the same topic get one. Those of connections that are gone wait too: with a
// disk that hangs and clients that come again and again there would be no end of them, so beyond a bound the answer is Busy.

import { SeriatimError } from "../../base/index.ts";
import {
  isTapeName,
  TAPE_LEVEL_MAX,
  TAPE_ORDER_ANY,
  TAPE_TOPICS_MAX,
  TapeReason,
} from "../../protocol/index.ts";
import type { CatalogChange, CatalogTopic, TopicSettings } from "./changes.ts";
import { isNoRoom } from "./no-room.ts";
import type { CatalogState } from "./state.ts";

/** What a store says of changes that come behind its end. */
export const STORE_CLOSED = "STORAGE_CLOSED";

/** Who writes the catalog's log. */
export interface CatalogStore {
  /** Resolves when the changes are durable; rejects with a SeriatimError when they are not. */
  write(changes: readonly CatalogChange[]): Promise<void>;
}

/** What of a topic's settings can be changed. */
export type TopicRetention = Pick<TopicSettings, "retainBytes" | "retain_us">;

/** Changes that are under way or wait: a few for each topic that there can be. */
export const CHANGES_WAITING_MAX = 4_096;

/** Of a topic that nobody said an order level for: every subscriber sees one order. */
const ORDER_DEFAULT = 1;

export class TopicDirectory {
  readonly #state: CatalogState;
  readonly #store: CatalogStore;
  readonly #wall_us: () => number;
  /** The change that is under way, or the last one. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** `wall_us`: the time that topics are said to be made at. */
  constructor(state: CatalogState, store: CatalogStore, wall_us: () => number) {
    this.#state = state;
    this.#store = store;
    this.#wall_us = wall_us;
  }

  get(name: string): CatalogTopic | undefined {
    return this.#state.topicNamed(name);
  }

  at(id: number): CatalogTopic | undefined {
    return this.#state.topic(id);
  }

  /** By name. */
  list(): CatalogTopic[] {
    return [...this.#state.topics].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * The topic of this name, made with `settings` when there is none. An order of TAPE_ORDER_ANY is whatever it has. Or why not:
   * TopicName, AckLevel's like OrderLevel (another one, or none there is), TopicLimit, DiskFull, LogFailed, Busy.
   */
  getOrCreate(name: string, settings: TopicSettings): Promise<CatalogTopic | TapeReason> {
    const there = this.#found(name, settings.order);
    if (there !== undefined) return Promise.resolve(there);
    return this.#inTurn(async () => this.#found(name, settings.order) ?? this.#make(name, settings));
  }

  /** A topic that was not there; TopicExists when it was, else as getOrCreate. */
  create(name: string, settings: TopicSettings): Promise<CatalogTopic | TapeReason> {
    return this.#inTurn(async () =>
      this.get(name) === undefined ? this.#make(name, settings) : TapeReason.TopicExists,
    );
  }

  /** The topic with another retention; TopicUnknown, DiskFull, LogFailed, Busy. */
  retain(name: string, retention: TopicRetention): Promise<CatalogTopic | TapeReason> {
    return this.#inTurn(async () => {
      const topic = this.get(name);
      if (topic === undefined) return TapeReason.TopicUnknown;
      const { retainBytes, retain_us } = retention;
      return this.#put({ ...topic, retainBytes, retain_us });
    });
  }

  /** The topic that is there no more: its files and who uses it are the caller's affair. TopicUnknown, DiskFull, LogFailed, Busy. */
  delete(name: string): Promise<CatalogTopic | TapeReason> {
    return this.#inTurn(async () => {
      const topic = this.get(name);
      if (topic === undefined) return TapeReason.TopicUnknown;
      const failed = await this.#write({ kind: "topic gone", topic: topic.id });
      return failed ?? topic;
    });
  }

  #found(name: string, order: number): CatalogTopic | TapeReason | undefined {
    const topic = this.get(name);
    if (topic === undefined) return undefined;
    return order === TAPE_ORDER_ANY || order === topic.order ? topic : TapeReason.OrderLevel;
  }

  async #make(name: string, settings: TopicSettings): Promise<CatalogTopic | TapeReason> {
    if (!isTapeName(name)) return TapeReason.TopicName;
    const order = settings.order === TAPE_ORDER_ANY ? ORDER_DEFAULT : settings.order;
    if (order > TAPE_LEVEL_MAX) return TapeReason.OrderLevel;
    if (this.#state.topicCount >= TAPE_TOPICS_MAX) return TapeReason.TopicLimit;
    const { retainBytes, retain_us } = settings;
    const created_us = this.#wall_us();
    return this.#put({ id: this.#state.nextId, name, order, retainBytes, retain_us, created_us });
  }

  async #put(topic: CatalogTopic): Promise<CatalogTopic | TapeReason> {
    return (await this.#write({ kind: "topic", topic })) ?? topic;
  }

  /** Undefined when it is durable, and so here too. */
  async #write(change: CatalogChange): Promise<TapeReason | undefined> {
    try {
      await this.#store.write([change]);
    } catch (error) {
      return storeRefusal(error);
    }
    this.#state.apply(change);
    return undefined;
  }

  #inTurn(work: () => Promise<CatalogTopic | TapeReason>): Promise<CatalogTopic | TapeReason> {
    if (this.#waiting === CHANGES_WAITING_MAX) return Promise.resolve(TapeReason.Busy);
    this.#waiting++;
    const turn = this.#last.then(work).finally(() => {
      this.#waiting--;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Why a store did not take changes, as who asked for them is told. */
export function storeRefusal(error: unknown): TapeReason {
  if (!(error instanceof SeriatimError)) throw error;
  if (error.code === STORE_CLOSED) return TapeReason.ShuttingDown;
  return isNoRoom(error) ? TapeReason.DiskFull : TapeReason.LogFailed;
}
