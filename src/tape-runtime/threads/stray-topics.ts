// Topics' folders that no topic of the catalog has. A kill between a topic's deletion and that of its files leaves one, with a number
// that was given before. Any other means that the catalog is not the one these folders belong to: they are somebody's records.

import { SeriatimError, type Storage } from "../../base/index.ts";
import { type CatalogState, TOPICS_DIRECTORY } from "../../tape/index.ts";

/** The numbers of folders to remove; throws TOPICS_UNKNOWN, naming the first folder that must not be. */
export function strayTopics(storage: Storage, directory: string, catalog: CatalogState): number[] {
  const topics = `${directory}/${TOPICS_DIRECTORY}`;
  storage.makeDirectory(topics);
  return storage.list(topics).flatMap((name) => {
    const id = /^[0-9]{8}$/.test(name) ? Number(name) : 0;
    if (id >= 1 && catalog.topic(id) !== undefined) return [];
    if (id >= 1 && id < catalog.nextId) return [id];
    const why = `${topics}/${name} is no topic of the catalog in ${directory}/catalog`;
    throw new SeriatimError("TOPICS_UNKNOWN", `${why}: one of the two is from elsewhere`);
  });
}
