// What can become of a catalog, as plain values, and as the records of its log. A change says what is, not what is different:
// so the log may say again what it said before, and a checkpoint is nothing but all of it said again.

import { decodeUtf8, encodeUtf8, getU64, SAFE_MAX, setU64 } from "../../base/index.ts";
import { isTapeName, TAPE_LEVEL_MAX } from "../../protocol/index.ts";
import {
  CATALOG_GROUP_BYTES,
  CATALOG_HEAD_BYTES,
  CATALOG_TOPIC_BYTES,
  CatalogGroupLayout,
  CatalogHead,
  CatalogKind,
  CatalogTopicLayout,
} from "./layout.ts";

/** How a topic is kept. */
export interface TopicSettings {
  /** 0 to 2, fixed when the topic is made. */
  readonly order: number;
  /** The oldest segments go when the topic has more bytes than this; 0: never for that. */
  readonly retainBytes: number;
  /** Segments go when all that is in them is older than so many microseconds; 0: never for that. */
  readonly retain_us: number;
}

export interface CatalogTopic extends TopicSettings {
  /** From 1, never given twice; its directory's name. */
  readonly id: number;
  readonly name: string;
  /** Wall time. */
  readonly created_us: number;
}

/** `topic`: its id. */
export type CatalogChange =
  | { readonly kind: "topic"; readonly topic: CatalogTopic }
  | { readonly kind: "topic gone"; readonly topic: number }
  /** `committed`: the record behind the last one that is done, or that the group began with. */
  | { readonly kind: "group"; readonly topic: number; readonly group: string; readonly committed: number }
  | { readonly kind: "group gone"; readonly topic: number; readonly group: string }
  | { readonly kind: "next id"; readonly id: number };

/** The record of a change: a whole multiple of 8 bytes. */
export function encodeCatalogChange(change: CatalogChange): Uint8Array {
  switch (change.kind) {
    case "topic":
      return topicRecord(change.topic);
    case "topic gone":
      return record(CatalogKind.TopicGone, change.topic, CATALOG_HEAD_BYTES).bytes;
    case "group": {
      const { bytes, view } = record(CatalogKind.Group, change.topic, CATALOG_GROUP_BYTES, change.group);
      setU64(view, CatalogGroupLayout.committed, change.committed);
      return bytes;
    }
    case "group gone":
      return record(CatalogKind.GroupGone, change.topic, CATALOG_HEAD_BYTES, change.group).bytes;
    case "next id":
      return record(CatalogKind.NextId, change.id, CATALOG_HEAD_BYTES).bytes;
  }
}

function topicRecord({ id, name, order, retainBytes, retain_us, created_us }: CatalogTopic): Uint8Array {
  const { bytes, view } = record(CatalogKind.Topic, id, CATALOG_TOPIC_BYTES, name);
  view.setUint8(CatalogHead.order, order);
  setU64(view, CatalogTopicLayout.retainBytes, retainBytes);
  setU64(view, CatalogTopicLayout.retain_us, retain_us);
  setU64(view, CatalogTopicLayout.created_us, created_us);
  return bytes;
}

function record(kind: number, topic: number, fixedBytes: number, name = "") {
  const text = encodeUtf8(name);
  const bytes = new Uint8Array(paddedBytes(fixedBytes, text.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(CatalogHead.bytes, bytes.length, true);
  view.setUint8(CatalogHead.kind, kind);
  view.setUint8(CatalogHead.nameBytes, text.length);
  view.setUint32(CatalogHead.topic, topic, true);
  bytes.set(text, fixedBytes);
  return { bytes, view };
}

function paddedBytes(fixedBytes: number, nameBytes: number): number {
  return Math.ceil((fixedBytes + nameBytes) / 8) * 8;
}

/** The fixed part of each kind of record, and whether a name follows. */
const SHAPES: Readonly<Record<number, readonly [fixedBytes: number, isNamed: boolean] | undefined>> = {
  [CatalogKind.Topic]: [CATALOG_TOPIC_BYTES, true],
  [CatalogKind.TopicGone]: [CATALOG_HEAD_BYTES, false],
  [CatalogKind.Group]: [CATALOG_GROUP_BYTES, true],
  [CatalogKind.GroupGone]: [CATALOG_HEAD_BYTES, true],
  [CatalogKind.NextId]: [CATALOG_HEAD_BYTES, false],
};

/** The changes of a frame's payload bytes[from, to), `count` of them; undefined when these are no such records. */
export function decodeCatalogChanges(
  bytes: Uint8Array,
  from: number,
  to: number,
  count: number,
): CatalogChange[] | undefined {
  const changes: CatalogChange[] = [];
  let at = from;
  while (at + CATALOG_HEAD_BYTES <= to) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, to - at);
    const change = decodeOne(bytes.subarray(at, to), view);
    if (change === undefined) return undefined;
    changes.push(change);
    at += view.getUint32(CatalogHead.bytes, true);
  }
  return at === to && changes.length === count ? changes : undefined;
}

function decodeOne(bytes: Uint8Array, view: DataView): CatalogChange | undefined {
  const kind = view.getUint8(CatalogHead.kind);
  const shape = SHAPES[kind];
  if (shape === undefined) return undefined;
  const [fixedBytes, isNamed] = shape;
  const nameBytes = view.getUint8(CatalogHead.nameBytes);
  const length = view.getUint32(CatalogHead.bytes, true);
  if (length !== paddedBytes(fixedBytes, nameBytes) || length > bytes.length) return undefined;
  const name = decodeUtf8(bytes.subarray(fixedBytes, fixedBytes + nameBytes));
  if (isNamed ? !isTapeName(name) : nameBytes > 0) return undefined;
  const topic = view.getUint32(CatalogHead.topic, true);
  if (topic === 0) return undefined;
  switch (kind) {
    case CatalogKind.Topic:
      return decodeTopic(view, topic, name);
    case CatalogKind.TopicGone:
      return { kind: "topic gone", topic };
    case CatalogKind.Group: {
      const committed = getU64(view, CatalogGroupLayout.committed);
      return committed <= SAFE_MAX ? { kind: "group", topic, group: name, committed } : undefined;
    }
    case CatalogKind.GroupGone:
      return { kind: "group gone", topic, group: name };
    default:
      return { kind: "next id", id: topic };
  }
}

function decodeTopic(view: DataView, id: number, name: string): CatalogChange | undefined {
  const order = view.getUint8(CatalogHead.order);
  const retainBytes = getU64(view, CatalogTopicLayout.retainBytes);
  const retain_us = getU64(view, CatalogTopicLayout.retain_us);
  const created_us = getU64(view, CatalogTopicLayout.created_us);
  const isSane = order <= TAPE_LEVEL_MAX && Math.max(retainBytes, retain_us, created_us) <= SAFE_MAX;
  if (!isSane) return undefined;
  return { kind: "topic", topic: { id, name, order, retainBytes, retain_us, created_us } };
}
