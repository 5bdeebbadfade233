// How far a topic's log has come, as its commit worker told last.

export interface TopicProgress {
  /** Entries before it are whole and may be read. */
  readonly nextPosition: number;
  /** The number that the next record gets. */
  readonly nextRecord: number;
  /** Of those that are kept; `nextRecord` when there is none. */
  readonly oldestRecord: number;
  /** Of its files. */
  readonly bytes: number;
}
