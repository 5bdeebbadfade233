// What the groups have committed, and where those began that have committed nothing. A commit counts at once for whoever takes over next, and
// is durable with the next flush, ten times a second: so a kill of the broker sends a group back by as much at most. A kill must never
// take one forward, past records that nobody has done: where a group begins, and how far it is taken back with a topic that lost its
// end, is durable before anybody goes by it.

import { TapeReason } from "../../protocol/index.ts";
import type { CatalogChange } from "./changes.ts";
import { isNoRoom } from "./no-room.ts";
import type { CatalogState } from "./state.ts";
import { type CatalogStore, storeRefusal } from "./topic-directory.ts";

export class GroupOffsets {
  readonly #state: CatalogState;
  readonly #store: CatalogStore;
  /** By topic and name: at most one change each waits for the next flush. */
  #waiting = new Map<string, CatalogChange>();
  #flushing: Promise<void> | undefined;
  /** Those that a kill would bring back further on than they are, or not at all. */
  readonly #unsafe = new Set<string>();
  /** Why the last flush that failed did. */
  #refusal: TapeReason = TapeReason.LogFailed;

  constructor(state: CatalogState, store: CatalogStore) {
    this.#state = state;
    this.#store = store;
  }

  /** The record behind the last one that is done, or where the group began; 0 when there is no such group. */
  committed(topic: number, group: string): number {
    return this.#state.groupsOf(topic).get(group) ?? 0;
  }

  /** By name. */
  of(topic: number): ReadonlyMap<string, number> {
    return this.#state.groupsOf(topic);
  }

  /**
   * A member of the group begins, at `record` when the group is new. Undefined: at once. Otherwise resolves when it may: with None, or
   * with why where it begins can't be made safe now.
   */
  begin(topic: number, group: string, record: number): Promise<TapeReason> | undefined {
    if (!this.of(topic).has(group)) this.#putUnsafe(topic, group, record);
    return this.#whenSafe([keyOf(topic, group)]);
  }

  /** Everything before `record` is done; one that is not beyond the last says nothing new. */
  commit(topic: number, group: string, record: number): void {
    if (record <= this.committed(topic, group)) return;
    this.#put({ kind: "group", topic, group, committed: record });
  }

  /**
   * The topic ends before `nextRecord`: groups that have done more had it from records that a power failure took. Undefined: new records may
   * get those numbers at once. Otherwise resolves when they may, as `begin` does: else a kill could bring a group back behind them.
   */
  cut(topic: number, nextRecord: number): Promise<TapeReason> | undefined {
    for (const [group, committed] of this.of(topic)) {
      if (committed > nextRecord) this.#putUnsafe(topic, group, nextRecord);
    }
    return this.#whenSafe([...this.of(topic).keys()].map((group) => keyOf(topic, group)));
  }

  /** False: there is no such group. */
  forget(topic: number, group: string): boolean {
    if (!this.of(topic).has(group)) return false;
    this.#unsafe.delete(keyOf(topic, group));
    this.#put({ kind: "group gone", topic, group });
    return true;
  }

  /** Makes what was committed durable; one at a time. Without room on the disk it is tried again with the next. */
  flush(): Promise<void> {
    if (this.#flushing !== undefined || this.#waiting.size === 0) return this.#flushing ?? Promise.resolve();
    const changes = this.#waiting;
    this.#waiting = new Map();
    this.#flushing = this.#write(changes).finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Makes all that was committed by now durable: what a flush under way has not taken too. */
  async settle(): Promise<void> {
    await this.#flushing;
    await this.flush();
  }

  #whenSafe(keys: readonly string[]): Promise<TapeReason> | undefined {
    const isUnsafe = (): boolean => keys.some((key) => this.#unsafe.has(key));
    if (!isUnsafe()) return undefined;
    return this.settle().then(() => (isUnsafe() ? this.#refusal : TapeReason.None));
  }

  async #write(changes: ReadonlyMap<string, CatalogChange>): Promise<void> {
    try {
      await this.#store.write([...changes.values()]);
      // One that was put meanwhile is another word on the same group.
      for (const key of changes.keys()) if (!this.#waiting.has(key)) this.#unsafe.delete(key);
    } catch (error) {
      this.#refusal = storeRefusal(error);
      // Any other failure ends the broker, which its storage thread says by itself.
      if (!isNoRoom(error)) return;
      for (const [key, change] of changes) if (!this.#waiting.has(key)) this.#waiting.set(key, change);
    }
  }

  #putUnsafe(topic: number, group: string, committed: number): void {
    this.#unsafe.add(keyOf(topic, group));
    this.#put({ kind: "group", topic, group, committed });
  }

  #put(change: CatalogChange & { readonly kind: "group" | "group gone" }): void {
    this.#state.apply(change);
    this.#waiting.set(keyOf(change.topic, change.group), change);
  }
}

function keyOf(topic: number, group: string): string {
  // No name has a space.
  return `${topic} ${group}`;
}
