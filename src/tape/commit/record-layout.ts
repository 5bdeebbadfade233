// The two records that pass between the event loop and a commit worker, one per slot of a ring (src/ring): commands
// there, results back. They never leave the process, so they have no version: both threads run the same build.
//
// Every kind has the same fields and uses some of them; a slot is written whole, so nothing of an older record shows
// through. 64 bytes, a cache line on most machines, little-endian, u64 fields at offsets that are multiples of 8.
//
//   command      uses, beside kind and topic
//   OpenTopic    orderLevel, retainBytes, retain_us                          answered TopicOpened
//   OpenSession  connection, ackLevel, publisher, epoch                      answered SessionOpened
//   Part         connection, buffer, at, bytes, batches                      answered Released, and what follows of it
//   CloseConnection  connection                                              not answered
//   Retain       retainBytes, retain_us                                      not answered
//   DeleteTopic  -                                                           answered TopicDeleted

import { LayoutBuilder } from "../../base/index.ts";

export const COMMIT_RECORD_BYTES = 64;

export const CommitCommandKind = {
  OpenTopic: 1,
  OpenSession: 2,
  Part: 3,
  CloseConnection: 4,
  Retain: 5,
  DeleteTopic: 6,
} as const;
export type CommitCommandKind = (typeof CommitCommandKind)[keyof typeof CommitCommandKind];

export const CommitResultKind = {
  TopicOpened: 1,
  SessionOpened: 2,
  Released: 3,
  Ack: 4,
  Fault: 5,
  Visible: 6,
  TopicFailed: 7,
  TopicDeleted: 8,
} as const;
export type CommitResultKind = (typeof CommitResultKind)[keyof typeof CommitResultKind];

/** Byte offsets of a command. */
export const CommitCommandLayout = commandLayout();
/** Byte offsets of a result. */
export const CommitResultLayout = resultLayout();

function commandLayout() {
  const at = new LayoutBuilder();
  const layout = {
    kind: at.u8(),
    orderLevel: at.u8(),
    ackLevel: at.u8(),
    unused: at.u8(),
    topic: at.u32(),
    connection: at.u32(),
    /** Number of the staging buffer. */
    buffer: at.u32(),
    /** Of the first batch's header in the buffer. */
    at: at.u32(),
    /** From there to behind the last batch. */
    bytes: at.u32(),
    batches: at.u32(),
    unusedWord: at.u32(),
    publisher: at.u64(),
    /** 0: the next one of this publisher. */
    epoch: at.u64(),
    /** 0: no bound. */
    retainBytes: at.u64(),
    /** 0: no bound. */
    retain_us: at.u64(),
  };
  at.size(COMMIT_RECORD_BYTES);
  return layout;
}

function resultLayout() {
  const at = new LayoutBuilder();
  const layout = {
    kind: at.u8(),
    /** 0: as asked. Else why not: a reason of the tape's protocol. */
    reason: at.u8(),
    unused: at.u16(),
    topic: at.u32(),
    connection: at.u32(),
    buffer: at.u32(),
    epoch: at.u64(),
    /** The last committed batch of a session, the one that is acknowledged, or what belongs to the reason. */
    detail: at.u64(),
    nextRecord: at.u64(),
    nextPosition: at.u64(),
    oldestRecord: at.u64(),
    /** Of the topic's log. */
    bytes: at.u64(),
  };
  at.size(COMMIT_RECORD_BYTES);
  return layout;
}
