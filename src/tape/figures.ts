// What a broker says of itself at one moment: for each step of a batch's way how many there were since the start, and what waits
// or is in use now. Plain numbers, sampled when somebody asks.

export interface TapeFigures {
  /** When: microseconds since 1970. Rates are differences of two. */
  readonly time_us: number;
  readonly port: number;
  readonly connections: {
    /** Now, by role; those whose handshake is not over are in none. */
    readonly publishers: number;
    readonly subscribers: number;
    readonly administrators: number;
    /** Publishers that are read no further for now. */
    readonly paused: number;
    /** Since the start. */
    readonly opened: number;
    /** Closed with a reason, before or after the handshake, since the start. */
    readonly refused: number;
  };
  readonly staging: {
    readonly buffers: number;
    readonly inUse: number;
    /** How often a publisher had to wait for one. */
    readonly timesExhausted: number;
  };
  readonly delivery: {
    readonly buffers: number;
    readonly inUse: number;
    /** How often a subscriber had to wait for one. */
    readonly timesExhausted: number;
    /** How often one was read into: what is delivered more often is shared. */
    readonly reads: number;
  };
  /** Parts on their way to commit workers. */
  readonly commandsQueued: number;
  readonly batches: { readonly drained: number; readonly committed: number; readonly acknowledged: number };
  readonly bytes: { readonly drained: number; readonly committed: number; readonly delivered: number };
  /** Of those that somebody has used since the start, in the order of their numbers, as many as are told of: how far others are is not known. */
  readonly topics: readonly TopicFigures[];
  readonly topicsTotal: number;
}

export interface TopicFigures {
  readonly name: string;
  readonly order: number;
  /** Records are numbered from 1; there is none when both are the same. */
  readonly nextRecord: number;
  readonly oldestRecord: number;
  readonly bytes: number;
  readonly groups: readonly GroupFigures[];
}

export interface GroupFigures {
  readonly name: string;
  /** Everything before it is done: the group's lag is `nextRecord` of the topic less this. */
  readonly committed: number;
  readonly members: number;
}
