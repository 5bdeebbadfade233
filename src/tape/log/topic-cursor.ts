// A place in a topic's log, as plain data that its holder keeps and passes on.

export interface TopicCursor {
  /** The entry at it; that of the next record, or one before it. */
  readonly position: number;
  /** The next record wanted: batches whose every record is before it are passed over. */
  readonly record: number;
  /** Where the entry is: a segment and an offset in it. Segment 0: not looked for yet. */
  readonly segment: number;
  readonly offset: number;
  /** Behind the entry's last byte, when `offset` is at a batch in it; 0: `offset` is at its frame. */
  readonly frameEnd: number;
}

/** What was asked for is no longer in the log. */
export interface RecordsGone {
  readonly oldestRecord: number;
}

/** How far a log may be read, as its writer has said. */
export interface TopicEnd {
  /** Behind the last entry that is written whole. */
  readonly nextPosition: number;
  readonly nextRecord: number;
}
