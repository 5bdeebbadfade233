// What is in a tape's data directory: each topic by the catalog's name, its log read and checked from the first byte to the
// last. Changes nothing, also while a broker writes there.

import { SeriatimError } from "../base/index.ts";
import { type CatalogPlace, readCatalog } from "./catalog/index.ts";
import { inspectTopic, type TopicReport } from "./log/inspect-topic.ts";
import { TOPICS_DIRECTORY } from "./log/topic-place.ts";

export interface TapeTopicReport extends TopicReport {
  readonly id: number;
  /** Undefined: the catalog knows none of this number. It was being deleted. */
  readonly name: string | undefined;
}

export interface TapeReport {
  readonly directory: string;
  /** In the order of their numbers; those that nothing was ever written to have no directory. */
  readonly topics: readonly TapeTopicReport[];
}

/**
 * Reads every topic. Throws LOG_CORRUPT when the catalog is damaged, FOREIGN_DIRECTORY, or what the disk says; damage of topics is
 * in their reports.
 */
export function inspectTape(place: CatalogPlace): TapeReport {
  const { storage, checksums, directory } = place;
  // Before the catalog is read: one that is made meanwhile is in it before it has a directory.
  const names = listOrNone(place);
  const catalog = readCatalog(place);
  const topics = names.flatMap((name) => {
    const id = Number(name);
    const report = inspectUnlessEmpty(() =>
      inspectTopic({ storage, checksums, directory: `${directory}/${TOPICS_DIRECTORY}/${name}` }),
    );
    return report === undefined ? [] : [{ id, name: catalog.topic(id)?.name, ...report }];
  });
  return { directory, topics };
}

const NOTHING_THERE: readonly string[] = ["TOPIC_EMPTY", "ENOENT"];

function listOrNone({ storage, directory }: CatalogPlace): string[] {
  try {
    return storage.list(`${directory}/${TOPICS_DIRECTORY}`).filter((name) => /^[0-9]+$/.test(name));
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "ENOENT") return [];
    throw error;
  }
}

/** A directory without a segment, or none any more: the topic was deleted, or made a moment ago. */
function inspectUnlessEmpty(inspect: () => TopicReport): TopicReport | undefined {
  try {
    return inspect();
  } catch (error) {
    if (error instanceof SeriatimError && NOTHING_THERE.includes(error.code)) return undefined;
    throw error;
  }
}
