// All that a catalog says: topics by name and number, their groups. Both sides hold one: the thread that writes the catalog's
// log, and the loop that answers clients.
// Bounds: TAPE_TOPICS_MAX topics, TAPE_GROUPS_MAX groups of each; who makes changes keeps to them.

import type { CatalogChange, CatalogTopic } from "./changes.ts";

export class CatalogState {
  readonly #topics = new Map<number, CatalogTopic>();
  readonly #byName = new Map<string, CatalogTopic>();
  /** By topic, then by name: the record behind the last one that is done, or that the group began with. */
  readonly #groups = new Map<number, Map<string, number>>();
  #nextId = 1;

  /** The number of the next topic. */
  get nextId(): number {
    return this.#nextId;
  }

  get topics(): Iterable<CatalogTopic> {
    return this.#topics.values();
  }

  get topicCount(): number {
    return this.#topics.size;
  }

  topic(id: number): CatalogTopic | undefined {
    return this.#topics.get(id);
  }

  topicNamed(name: string): CatalogTopic | undefined {
    return this.#byName.get(name);
  }

  /** What the groups of a topic have committed, by name. */
  groupsOf(topic: number): ReadonlyMap<string, number> {
    return this.#groups.get(topic) ?? NO_GROUPS;
  }

  /** The change is so from now on; one of a topic that is gone is of no account. */
  apply(change: CatalogChange): void {
    switch (change.kind) {
      case "topic":
        this.#putTopic(change.topic);
        break;
      case "topic gone":
        this.#removeTopic(change.topic);
        break;
      case "group":
        this.#groups.get(change.topic)?.set(change.group, change.committed);
        break;
      case "group gone":
        this.#groups.get(change.topic)?.delete(change.group);
        break;
      case "next id":
        this.#nextId = Math.max(this.#nextId, change.id);
        break;
    }
  }

  /** Changes that make this state of an empty one. */
  asChanges(): CatalogChange[] {
    const changes: CatalogChange[] = [{ kind: "next id", id: this.#nextId }];
    for (const topic of this.#topics.values()) {
      changes.push({ kind: "topic", topic });
      for (const [group, committed] of this.groupsOf(topic.id))
        changes.push({ kind: "group", topic: topic.id, group, committed });
    }
    return changes;
  }

  #putTopic(topic: CatalogTopic): void {
    this.#topics.set(topic.id, topic);
    this.#byName.set(topic.name, topic);
    if (!this.#groups.has(topic.id)) this.#groups.set(topic.id, new Map());
    this.#nextId = Math.max(this.#nextId, topic.id + 1);
  }

  #removeTopic(id: number): void {
    const topic = this.#topics.get(id);
    if (topic === undefined) return;
    this.#topics.delete(id);
    if (this.#byName.get(topic.name) === topic) this.#byName.delete(topic.name);
    this.#groups.delete(id);
  }
}

const NO_GROUPS: ReadonlyMap<string, number> = new Map();
