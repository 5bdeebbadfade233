// What a subscriber is told besides batches, each message in memory of its own: a few of them per connection, and a
// heartbeat a second.

import {
  TapeAccepted,
  TapeActive,
  TapeBrokerHeartbeat,
  TapeHead,
  TapeReason,
  TapeType,
  tapeMemoryOf,
  tapeTopicReasonText,
  writeAccepted,
  writeActive,
  writeBrokerHeartbeat,
  writePlain,
} from "../../protocol/index.ts";
import type { CatalogTopic } from "../catalog/index.ts";
import type { TopicProgress } from "./progress.ts";
import type { ReadFailure } from "./storage-reads.ts";

export function acceptedMessage({ id, order }: CatalogTopic, progress: TopicProgress): Uint8Array {
  const { nextRecord, oldestRecord } = progress;
  const bytes = new Uint8Array(TapeAccepted.bytes);
  const fields = { topic: id, order, ack: 0, epoch: 0, lastBatch: 0, nextRecord, oldestRecord, lease_ms: 0 };
  writeAccepted(tapeMemoryOf(bytes), 0, fields);
  return bytes;
}

export function activeMessage(record: number): Uint8Array {
  return made(TapeActive.bytes, (view) => writeActive(view, 0, record));
}

export function standbyMessage(): Uint8Array {
  return made(TapeHead.bytes, (view) => writePlain(view, 0, TapeType.Standby));
}

export function heartbeatMessage(nextRecord: number): Uint8Array {
  return made(TapeBrokerHeartbeat.bytes, (view) => writeBrokerHeartbeat(view, 0, nextRecord));
}

/** Why a read ended who reads from `record` on (0: it was looked for by time), in words. */
export function readFailureText({ reason, detail }: ReadFailure, topic: string, record: number): string {
  const words = tapeTopicReasonText(reason, topic);
  if (reason !== TapeReason.LogCorrupt || record === 0) return words;
  const behind = detail > 0 ? `; from record ${detail} on it can be read again` : "";
  return `${words} at record ${record}${behind}`;
}

function made(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(tapeMemoryOf(bytes).view);
  return bytes;
}
