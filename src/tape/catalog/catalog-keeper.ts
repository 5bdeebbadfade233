// The catalog's log kept going over a disk without room: what can't be written is refused, and the log opened again for a later
// change, at most once a second. Every other failure is thrown and ends the broker: what such a disk has kept can't be known.

import type { Clock, SeriatimError } from "../../base/index.ts";
import { CatalogLog, type CatalogPlace } from "./catalog-log.ts";
import type { CatalogChange } from "./changes.ts";
import { isNoRoom } from "./no-room.ts";
import type { CatalogState } from "./state.ts";

const REOPEN_us = 1_000_000;

export class CatalogKeeper {
  readonly #place: CatalogPlace;
  readonly #clock: Clock;
  #log: CatalogLog;
  /** Why it takes nothing now. */
  #full: SeriatimError | undefined;
  #full_us = 0;

  /** Throws LOG_CORRUPT, FOREIGN_DIRECTORY, or what the disk says. */
  constructor(place: CatalogPlace, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
    this.#log = new CatalogLog(place);
  }

  get state(): CatalogState {
    return this.#log.state;
  }

  /** What of its end was cut when it was opened. */
  get cut(): string | undefined {
    return this.#log.cut;
  }

  /** Undefined: the changes are durable. Otherwise there is no room for them now. Throws every other failure. */
  tryWrite(changes: readonly CatalogChange[]): SeriatimError | undefined {
    try {
      if (this.#full !== undefined) this.#reopen(this.#full);
      this.#log.write(changes, this.#clock.wallMicros());
      return undefined;
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      if (this.#full === undefined) this.#full_us = this.#clock.monotonicMicros();
      this.#full = error as SeriatimError;
      return this.#full;
    }
  }

  close(): void {
    this.#log.close();
  }

  /** What was refused may lie in the log all the same, and nobody believes it: it is taken back. */
  #reopen(full: SeriatimError): void {
    if (this.#clock.monotonicMicros() - this.#full_us < REOPEN_us) throw full;
    const believed = this.#log.state;
    this.#log.close();
    this.#full_us = this.#clock.monotonicMicros();
    this.#log = new CatalogLog(this.#place);
    this.#log.write(takenBack(this.#log.state, believed), this.#clock.wallMicros());
    this.#full = undefined;
  }
}

/** What makes `found` what was believed. */
function takenBack(found: CatalogState, believed: CatalogState): CatalogChange[] {
  const changes: CatalogChange[] = [];
  for (const { id } of found.topics) {
    if (believed.topic(id) === undefined) changes.push({ kind: "topic gone", topic: id });
  }
  // A group that has committed more than was believed has: it is so in the loop's memory already. One that is not there went with its topic.
  const isMissing = (change: CatalogChange): boolean =>
    change.kind !== "group" || !found.groupsOf(change.topic).has(change.group);
  return [...changes, ...believed.asChanges().filter(isMissing)];
}
