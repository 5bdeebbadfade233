// Flow files from disk, for every command that takes them: whatever is wrong is one line with the file's name.

import { SeriatimError } from "../base/index.ts";
import { readBoundedFile } from "../platform/index.ts";
import { FLOW_FILE_BYTES_MAX, type ParsedFlow, parseFlow } from "../protocol/index.ts";

/** Reads and parses the flow at `path`. Throws givenPathError, SeriatimError `FLOW_TOO_LARGE`, `FLOW_MALFORMED`. */
export function readFlowFile(path: string): ParsedFlow {
  // Latin-1 keeps every byte one character, so a byte that is not ASCII is found at its own line.
  return parseFlow(readBounded(path).toString("latin1"), path);
}

function readBounded(path: string): Buffer {
  const bytes = readBoundedFile(path, FLOW_FILE_BYTES_MAX);
  if (bytes !== undefined) return bytes;
  throw new SeriatimError("FLOW_TOO_LARGE", `${path}: a flow is at most ${FLOW_FILE_BYTES_MAX} bytes`);
}
