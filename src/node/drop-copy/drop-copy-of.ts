// Whether a node publishes, and what from: its own journal, to its own tape.

import { NODE_KEY_NAME } from "../../protocol/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import type { Log } from "../log.ts";
import type { Configuration } from "../settings.ts";
import type { NodeTape } from "../tape-thread.ts";
import { DropCopy } from "./drop-copy.ts";
import { DROP_COPY_STREAMS } from "./topic-source.ts";

/** Begins to publish what the settings say; undefined: nothing. */
export function dropCopyOf(
  { tapePublish }: Configuration,
  { directory, path }: Pick<Runtime, "directory" | "path">,
  tape: NodeTape | undefined,
  log: Log,
): DropCopy | undefined {
  const streams = DROP_COPY_STREAMS.filter((stream) => tapePublish.includes(stream));
  if (streams.length === 0 || directory === undefined || tape === undefined) return undefined;
  const key = { name: NODE_KEY_NAME, private: tape.ownKey.private };
  return new DropCopy({
    streams,
    directory,
    tape: tape.own,
    key,
    released: () => path.releasedPosition,
    log,
  });
}
