// What a node says about its binary feeds, in `status` and to metrics. Counts are since the start.

export interface FeedFigures {
  /** Microseconds since 1970 when the channels' history began; 0 before there is one. */
  readonly epoch: number;
  /** Those that are published. */
  readonly channels: readonly FeedChannelFigures[];
  /** Connections now, over TCP and binary WebSockets, and ever. */
  readonly subscribers: number;
  readonly opened: number;
  /** Ended connections, by reason. */
  readonly closes: Readonly<Record<string, number>>;
  /** Those of them that did not keep up. */
  readonly slowClosed: number;
  /** Messages left out for slow subscribers that asked for it. */
  readonly conflated: number;
  /** Messages sent again. */
  readonly retransmitted: number;
  readonly retransmissionsRefused: number;
  /** Snapshots sent to subscribers. */
  readonly snapshots: number;
  /** Datagrams that could not be sent. */
  readonly udpErrors: number;
  /** Of ticks/1; null where it is not served. */
  readonly ticks: TickFigures | null;
}

export interface FeedChannelFigures {
  readonly name: string;
  /** The sequence of its next message. */
  readonly next: number;
  readonly packets: number;
  readonly bytes: number;
}

export interface TickFigures {
  readonly clients: number;
  /** Clients that found no place. */
  readonly refused: number;
  readonly framesSent: number;
  readonly quotesConflated: number;
  readonly framesDropped: number;
  readonly slowDisconnects: number;
}
