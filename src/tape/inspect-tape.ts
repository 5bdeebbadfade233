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

/** A topic whose files give nothing: a disk that fails, or a stranger among them. */
export interface UnreadTopic extends Pick<TapeTopicReport, "id" | "name"> {
  readonly code: string;
  /** One line. */
  readonly unread: string;
}

export interface TapeReport {
  readonly directory: string;
  /** In the order of their numbers; those that nothing was ever written to have no directory. */
  readonly topics: readonly (TapeTopicReport | UnreadTopic)[];
}

/**
 * Reads every topic. Throws LOG_CORRUPT when the catalog is damaged, FOREIGN_DIRECTORY, or what the disk says of it; what is wrong with topics
 * is in their reports.
 */
export function inspectTape(place: CatalogPlace): TapeReport {
  const { storage, checksums, directory } = place;
  // Before the catalog is read: one that is made meanwhile is in it before it has a directory.
  const names = listOrNone(place);
  const catalog = readCatalog(place);
  const topics = names.flatMap((name): (TapeTopicReport | UnreadTopic)[] => {
    const id = Number(name);
    const report = inspectUnlessEmpty(() =>
      inspectTopic({ storage, checksums, directory: `${directory}/${TOPICS_DIRECTORY}/${name}` }),
    );
    const whose = { id, name: catalog.topic(id)?.name };
    if (report instanceof SeriatimError) return [{ ...whose, code: report.code, unread: report.message }];
    return report === undefined ? [] : [{ ...whose, ...report }];
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

/** What is in the topic, or why it is not read. Undefined: no segment, or no directory any more; it was deleted, or made a moment ago. */
function inspectUnlessEmpty(inspect: () => TopicReport): TopicReport | SeriatimError | undefined {
  try {
    return inspect();
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    return NOTHING_THERE.includes(error.code) ? undefined : error;
  }
}
