// Where every field of a record of the topics `exchange.*` lies. Specification: drop-copy.md. Little-endian.

import { layout } from "../../base/index.ts";

export const DropCopyKind = {
  /** One report record (../reports). */
  Report: 1,
  /** One packet of a channel (../market-data). */
  Packet: 2,
  /** Positions of the log that were gone before they could be published. */
  Gap: 3,
} as const;
export type DropCopyKind = (typeof DropCopyKind)[keyof typeof DropCopyKind];

export const DropCopyFlag = {
  /** All that the log says up to this record's position is in the topic, with this record. */
  Last: 1,
  /** Packet: of the picture of all books that an epoch begins with. */
  Picture: 2,
} as const;

/** The key of a record. */
export const DropCopyKey = layout(16, (at) => ({
  /** In the log, of the last command that this record tells of. */
  position: at.u64(),
  /** Of the records of that position, from 0. */
  index: at.u32(),
  kind: at.u8(),
  flags: at.u8(),
  unused: at.bytes(2),
}));

/** The value of a Gap. */
export const DropCopyGap = layout(16, (at) => ({
  first: at.u64(),
  last: at.u64(),
}));
