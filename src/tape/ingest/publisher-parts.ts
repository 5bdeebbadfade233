// What the publishers' service is built from, and what it says of itself.

import type { Clock, Transport } from "../../base/index.ts";
import type { StagingPool } from "../staging/index.ts";

/** The way to the commit workers. */
export interface CommitQueue {
  readonly workers: number;
  workerOf(topic: number): number;
  /** False: there is no room for it, and it was not taken. */
  part(
    connection: number,
    topic: number,
    buffer: number,
    at: number,
    bytes: number,
    batches: number,
  ): boolean;
  /** Behind the connection's last part; always taken. */
  closeConnection(connection: number, topic: number): void;
  /** So much of the queue of `worker` is free that who waits for it is worth reading again. */
  hasRoom(worker: number): boolean;
  /** The workers see what was given since the last time. */
  publish(): void;
}

export interface PublisherServiceOptions {
  readonly transport: Transport;
  readonly pool: StagingPool;
  readonly commits: CommitQueue;
  readonly clock: Clock;
  readonly connectionsMax: number;
}

export interface PublisherFigures {
  readonly publishers: number;
  /** Publishers that are not read now: they wait for a buffer, for the queue or for their rate. */
  readonly paused: number;
  /** Since the start. */
  readonly batchesDrained: number;
  readonly bytesDrained: number;
  readonly batchesAcknowledged: number;
  /** Closed with a reason. */
  readonly faulted: number;
  /** Batches that were drained and are not acknowledged yet, of those who want acks. */
  readonly ackLag: number;
}
