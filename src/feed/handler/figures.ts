// What a channel's receiver has counted since it began. Sequences passed over are messages; the rest is said per line.

/** Where a packet came from. */
export const PacketSource = { LineA: 0, LineB: 1, Stream: 2, SnapshotLine: 3 } as const;
export type PacketSource = (typeof PacketSource)[keyof typeof PacketSource];

const SOURCES = 4;

export class ChannelFigures {
  /** Packets by PacketSource, that were whole. */
  readonly packets: number[] = new Array(SOURCES).fill(0);
  /** Messages told to the listener, snapshots' not counted. */
  messages = 0;
  /** Packets that brought nothing new: what the other line had brought, and what the network brought twice. */
  duplicates = 0;
  /** Packets that the window had no room for. */
  overflowed = 0;
  /** Packets of an epoch that is over. */
  old = 0;
  /** Times that the channel's sequence went on beyond what had come; of some symbols, or conflated: that a snapshot did. */
  gaps = 0;
  /** Messages that these gaps lacked, and what became of them: those that a snapshot passed over never reach the listener. */
  missing = 0;
  reordered = 0;
  recoveredByLine = 0;
  recoveredByRetransmission = 0;
  lost = 0;
  /** Requests. */
  retransmissionsAsked = 0;
  snapshotsAsked = 0;
  refused = 0;
  /** Snapshots that were whole. */
  snapshots = 0;
  /** Messages of packets that were told which a snapshot, or another packet, had already. */
  repeats = 0;
  /** Messages of symbols whose number is beyond any that an exchange can have. */
  strangers = 0;
  /** Holes in the sequence of one symbol. */
  symbolGaps = 0;
  /** BookChecksum messages held against the listener's book, and how many found another one. */
  checksums = 0;
  mismatches = 0;
  /** Messages that the publisher left out for this subscriber, by its own word. */
  conflated = 0;
  epochs = 0;
}
