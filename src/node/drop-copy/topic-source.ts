// What a topic of the exchange is made of: one stream of records, in the order of the log.

import type { RecordBuffer } from "../../base/index.ts";
import { DropCopyFlag, DropCopyKind, type DropCopyPlace } from "../../protocol/index.ts";

/** The names of what can be published, as `--tape-publish` takes them. */
export const DROP_COPY_STREAMS = ["reports", "top", "levels", "orders"] as const;
export type DropCopyStream = (typeof DROP_COPY_STREAMS)[number];

/** How the names of an exchange's own topics begin. */
export const DROP_COPY_PREFIX = "exchange.";

/** The topic of a stream. */
export function dropCopyTopic(stream: DropCopyStream): string {
  return `${DROP_COPY_PREFIX}${stream}`;
}

/** The last record that a topic holds. */
export interface LastRecord extends DropCopyPlace {
  /** Of its command. */
  readonly time_us: number;
  readonly value: Uint8Array;
}

/** Of a topic whose records have all been retired: nobody can tell how far it went. */
export const RECORDS_GONE = "gone";

/** How a topic ends; undefined: it never held a record. */
export type TopicEnd = LastRecord | typeof RECORDS_GONE | undefined;

/** A stream that is published, and how its topic ends. */
export interface PublishedStream {
  readonly stream: DropCopyStream;
  readonly last: TopicEnd;
}

export interface TopicSource {
  readonly topic: string;
  /** It must see every command behind this position; what it is told of before, it need not be told. */
  readonly after: number;
  /** The engine's state is that of the command at work, at or behind `after`: what follows is told. */
  begin(): void;
  /** Events of the command at work, or a piece of them; the engine must not be read. */
  onEvents(events: RecordBuffer): void;
  /** The command at work, the record at `words[at]`, is applied. */
  endCommand(words: Int32Array, at: number): void;
  /** Positions of the log that nobody can read any more, and no topic holds. Before begin(). */
  tellGap(first: number, last: number): void;
  /** Ends the batch at work, between two commands. */
  cut(): void;
}

/** The position up to which a topic holds everything, by its last record. */
export function wholeUpTo(last: LastRecord | undefined): number {
  if (last === undefined) return 0;
  const isWhole = (last.flags & DropCopyFlag.Last) !== 0 || last.kind === DropCopyKind.Gap;
  // A picture tells the state at its position; what led up to it is in the topic.
  return isWhole || (last.flags & DropCopyFlag.Picture) !== 0 ? last.position : last.position - 1;
}
