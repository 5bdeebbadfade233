// Whose a node's data directory is: the name of an empty file in it, `node-north`, so that it is there whole or not at all.
//
// What a node has promised and what the others count as on its disk go by its name. A directory that comes to another name is no error
// (a copy of one begins a new replica, a node is renamed), and mostly a wrong path: whoever starts it is told.

import type { Storage } from "../../base/index.ts";

const PREFIX = "node-";

/** Whether a file of a data directory says whose it is. */
export function isOwnersMark(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** From now on the directory is node `name`'s, durable on return: says whose it was, when that was another's. Throws what the disk says. */
export function ownDirectory(storage: Storage, directory: string, name: string): string | undefined {
  const mark = PREFIX + encodeURIComponent(name);
  const others = storage.list(directory).filter((file) => isOwnersMark(file) && file !== mark);
  const [before] = others;
  if (before !== undefined) storage.rename(`${directory}/${before}`, `${directory}/${mark}`);
  else if (!storage.list(directory).includes(mark)) storage.create(`${directory}/${mark}`).close();
  else return undefined;
  // Of a copy of a directory into another's both are there.
  for (const file of others.slice(1)) storage.remove(`${directory}/${file}`);
  storage.syncDirectory(directory);
  return before === undefined ? undefined : nameIn(before);
}

/** Of a mark that somebody made by hand: what stands there. */
function nameIn(mark: string): string {
  const text = mark.slice(PREFIX.length);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
