// What a subscriber is told besides batches, each message in memory of its own: a few of them per connection, and a
// heartbeat a second.

import {
  TapeAccepted,
  TapeActive,
  TapeBrokerHeartbeat,
  TapeHead,
  TapeType,
  tapeMemoryOf,
  writeAccepted,
  writeActive,
  writeBrokerHeartbeat,
  writePlain,
} from "../../protocol/index.ts";
import type { CatalogTopic } from "../catalog/index.ts";
import type { TopicProgress } from "./progress.ts";

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

function made(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(tapeMemoryOf(bytes).view);
  return bytes;
}
