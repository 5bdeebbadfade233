// What a subscriber of the binary feed may use, why one is ended, and the counts by which the service says what it did.

import type { AddressLimits } from "../../base/index.ts";

export interface ServingLimits {
  readonly subscribersMax: number;
  readonly addresses: AddressLimits;
  /** What is given to a connection at once: whole packets. One such piece waits for it, never more. */
  readonly chunk_bytes: number;
  /** Pieces for one connection in one turn: others come in between. */
  readonly chunksPerTurn: number;
  /** Sent to all connections, and read for those that want some symbols or are conflated, in one turn; the last one may go beyond, and the others are first in the next. */
  readonly perTurn_bytes: number;
  /** Above this much unread history a subscriber that takes conflation is conflated. */
  readonly conflateAbove_bytes: number;
  /** What may wait in the system for a subscriber that takes conflation; above it, what is new waits here and is conflated. */
  readonly systemWaiting_bytes: number;
  /** History that one turn reads through for one subscriber. */
  readonly scanPerTurn_bytes: number;
  /** Of one connection; more is refused, ten times as much at once ends it. */
  readonly requestsPerSecond: number;
  /** Answers to requests that wait; one more ends the connection. */
  readonly repliesWaiting: number;
  readonly retransmitsWaiting: number;
  readonly snapshotsWaiting: number;
  /** Snapshots of symbols made in one turn, and held for all subscribers together; the last one may go beyond. */
  readonly snapshotPerTurn_bytes: number;
  readonly snapshotsHeld_bytes: number;
  /** Bytes a second: who reads a snapshot slower is closed, the slowest first, while others wait for room among those held. */
  readonly snapshotRate: number;
  /** What may happen on a channel, for all who join together, while one of them is sent its snapshot. */
  readonly keptForJoining_bytes: number;
  /** Silence on a subscription after which the next sequence is told. */
  readonly heartbeat_us: number;
  /** How long a connection may be without any subscription. */
  readonly idle_us: number;
  /** How long a piece may wait for a peer that takes nothing. */
  readonly stalled_us: number;
}

export const SERVING_LIMITS: ServingLimits = {
  subscribersMax: 1_024,
  addresses: { connections: 64, ownConnections: 1_024 },
  chunk_bytes: 65_536,
  chunksPerTurn: 4,
  // A few milliseconds of writing.
  perTurn_bytes: 8_388_608,
  conflateAbove_bytes: 16_384,
  systemWaiting_bytes: 32_768,
  scanPerTurn_bytes: 1_048_576,
  requestsPerSecond: 100,
  repliesWaiting: 128,
  retransmitsWaiting: 16,
  snapshotsWaiting: 8,
  snapshotPerTurn_bytes: 1_048_576,
  snapshotsHeld_bytes: 134_217_728,
  snapshotRate: 1_048_576,
  keptForJoining_bytes: 67_108_864,
  heartbeat_us: 1_000_000,
  idle_us: 10_000_000,
  stalled_us: 10_000_000,
};

/** Why a subscriber's connection ended, as counted. */
export const FeedClose = {
  PeerEnded: "PeerEnded",
  Broken: "Broken",
  /** What it sent is no request. */
  Malformed: "Malformed",
  /** It asked on while as many answers waited as may, or far beyond the rate. */
  TooManyRequests: "TooManyRequests",
  /** What it has not been sent yet is no longer kept. */
  FellBehind: "FellBehind",
  /** It took nothing for too long. */
  Stalled: "Stalled",
  /** It subscribed to nothing. */
  Idle: "Idle",
  /** Its address has as many connections as it may. */
  AddressFull: "AddressFull",
  /** There are as many subscribers as may be. */
  Full: "Full",
  /** The node stops. */
  GoingAway: "GoingAway",
} as const;
export type FeedClose = keyof typeof FeedClose;

/** Counts since the start; `subscribers` is now. Numbers only go up. */
export class ServingCounters {
  subscribers = 0;
  opened = 0;
  /** Messages left out for subscribers that were slow, and told to them. */
  conflated = 0;
  /** Messages sent again. */
  retransmitted = 0;
  retransmissionsRefused = 0;
  /** Snapshots of a channel or a symbol that were sent whole. */
  snapshots = 0;
  /** Requests refused, retransmissions included. */
  refused = 0;
  /** Ended connections, by reason. */
  readonly closes: Record<FeedClose, number>;

  constructor() {
    const none = Object.keys(FeedClose).map((name) => [name, 0]);
    this.closes = Object.fromEntries(none) as Record<FeedClose, number>;
  }

  /** Those that did not keep up. */
  get slowClosed(): number {
    return this.closes.FellBehind + this.closes.Stalled;
  }
}
