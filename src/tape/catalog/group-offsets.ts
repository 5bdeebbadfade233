// What the groups have committed. A commit counts at once for who takes over next, and is durable with the next flush, ten
// times a second: so a kill of the broker sends a group back by as much at most. An offset goes back
// only with its topic.

import type { CatalogChange } from "./changes.ts";
import { isNoRoom } from "./no-room.ts";
import type { CatalogState } from "./state.ts";
import type { CatalogStore } from "./topic-directory.ts";

export class GroupOffsets {
  readonly #state: CatalogState;
  readonly #store: CatalogStore;
  /** By topic and name: at most one change each waits for the next flush. */
  #waiting = new Map<string, CatalogChange>();
  #flushing: Promise<void> | undefined;

  constructor(state: CatalogState, store: CatalogStore) {
    this.#state = state;
    this.#store = store;
  }

  /** The record behind the last one that is done; 0 when the group has committed nothing. */
  committed(topic: number, group: string): number {
    return this.#state.groupsOf(topic).get(group) ?? 0;
  }

  /** By name. */
  of(topic: number): ReadonlyMap<string, number> {
    return this.#state.groupsOf(topic);
  }

  /** Everything before `record` is done; one that is not beyond the last says nothing new. */
  commit(topic: number, group: string, record: number): void {
    if (record <= this.committed(topic, group)) return;
    this.#put({ kind: "group", topic, group, committed: record });
  }

  /** The topic ends before `nextRecord`: groups that have done more had it from records that a power failure took. */
  cut(topic: number, nextRecord: number): void {
    for (const [group, committed] of this.of(topic)) {
      if (committed > nextRecord) this.#put({ kind: "group", topic, group, committed: nextRecord });
    }
  }

  /** False: there is no such group. */
  forget(topic: number, group: string): boolean {
    if (!this.of(topic).has(group)) return false;
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

  async #write(changes: ReadonlyMap<string, CatalogChange>): Promise<void> {
    try {
      await this.#store.write([...changes.values()]);
    } catch (error) {
      // Any other failure ends the broker, which its storage thread says by itself.
      if (!isNoRoom(error)) return;
      for (const [key, change] of changes) if (!this.#waiting.has(key)) this.#waiting.set(key, change);
    }
  }

  #put(change: CatalogChange & { readonly kind: "group" | "group gone" }): void {
    this.#state.apply(change);
    // No name has a space.
    this.#waiting.set(`${change.topic} ${change.group}`, change);
  }
}
