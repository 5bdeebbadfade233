// Where every field of a catalog record lies. Specification: catalog.md. All numbers are little-endian.
//
//   a frame's payload is records back to back; a record is its fixed part, a name, and zeros up to a multiple of 8

import { LayoutBuilder } from "../../base/index.ts";

export const CatalogKind = {
  /** A topic is there, with these settings: also when it was there with others. */
  Topic: 1,
  /** It is there no more, nor are its groups. */
  TopicGone: 2,
  /** A group has committed so far: also when it was there with less. */
  Group: 3,
  GroupGone: 4,
  /** The number that the next topic gets: no number is given twice. */
  NextId: 5,
} as const;

/** What every record begins with. */
export const CATALOG_HEAD_BYTES = 16;

export const CatalogHead = headLayout();

function headLayout() {
  const at = new LayoutBuilder();
  const layout = {
    /** u32: the whole record's, padding included. */
    bytes: at.u32(),
    kind: at.u8(),
    /** Of the name: a topic's or a group's; 0 in records without one. */
    nameBytes: at.u8(),
    /** A topic's order level. */
    order: at.u8(),
    unused: at.u8(),
    /** u32: the topic it speaks of; in NextId the number to come. */
    topic: at.u32(),
    unused2: at.u32(),
  };
  at.size(CATALOG_HEAD_BYTES);
  return layout;
}

/** A Topic's fixed part; the name follows. */
export const CATALOG_TOPIC_BYTES = 40;

export const CatalogTopicLayout = topicLayout();

function topicLayout() {
  const at = new LayoutBuilder();
  const layout = {
    head: at.bytes(CATALOG_HEAD_BYTES),
    retainBytes: at.u64(),
    retain_us: at.u64(),
    created_us: at.u64(),
    name: at.bytes(0),
  };
  at.size(CATALOG_TOPIC_BYTES);
  return layout;
}

/** A Group's fixed part; the name follows. In GroupGone the name follows the head. */
export const CATALOG_GROUP_BYTES = 24;

export const CatalogGroupLayout = groupLayout();

function groupLayout() {
  const at = new LayoutBuilder();
  const layout = {
    head: at.bytes(CATALOG_HEAD_BYTES),
    /** The record behind the last one that is done, or that the group began with. */
    committed: at.u64(),
    name: at.bytes(0),
  };
  at.size(CATALOG_GROUP_BYTES);
  return layout;
}
