// The one failure of a disk that passes.

import { SeriatimError } from "../../base/index.ts";

/** There is no room for what was to be written; there may be later. */
export function isNoRoom(error: unknown): boolean {
  return error instanceof SeriatimError && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
