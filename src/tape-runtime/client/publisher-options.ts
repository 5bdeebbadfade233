// What a publisher may be told, and what holds when it isn't.

import { zstdCompressSync } from "node:zlib";
import type { SeriatimError } from "../../base/index.ts";
import { checkOptions, SAFE_MAX } from "../../base/index.ts";
import {
  TAPE_LEVEL_MAX,
  TAPE_ORDER_ANY,
  TAPE_PAYLOAD_BYTES_MAX,
  TapeBatch,
  type TapeRecordHeader,
} from "../../protocol/index.ts";
import { invalidArgument } from "./errors.ts";
import {
  checkedInteger,
  checkedName,
  checkedPeer,
  checkedReconnect,
  PEER_OPTIONS,
  type TapePeerOptions,
  type TapeReconnectOptions,
} from "./options.ts";

/** 0: any order; 1: one order for all; 2: also each session's own order, exactly once over reconnects. */
export type TapeOrder = 0 | 1 | 2;
/** 0: none; 1: ordered and readable; 2: durable too. */
export type TapeAckLevel = 0 | 1 | 2;

/** What a `TapePublisher` is told. */
export interface TapePublisherOptions extends TapePeerOptions, TapeReconnectOptions {
  readonly topic: string;
  /** Its own number, 1 to 2^53 - 1, the same over its restarts and no one else's. */
  readonly publisher: number;
  /** The epoch of its session: 0, the default, opens the next one; another one goes on where it ended (`lastBatch`). */
  readonly epoch?: number | undefined;
  /** The topic's order level; refused when the topic has another. Whatever it has by default. */
  readonly order?: TapeOrder | undefined;
  /** 1 by default. */
  readonly ack?: TapeAckLevel | undefined;
  /** The most bytes of records in a batch: 1 MiB by default, 2 MiB at most. A larger record can't be published. */
  readonly batchBytes?: number | undefined;
  /** How long a batch waits for more records: 5 by default; 0: until the end of this turn of the event loop. */
  readonly linger_ms?: number | undefined;
  /** Of batches that are not acknowledged: 16 MiB by default, 1 GiB at most, and room for two batches at least. */
  readonly inFlightBytes?: number | undefined;
  /** Compresses each batch, where that makes it shorter. */
  readonly compress?: "zstd" | undefined;
  /**
   * When its session was fenced and the broker says how much of it is in the log, opens the next epoch and publishes what is not. Without
   * it a fenced publisher fails with `SESSION_FENCED`.
   */
  readonly reopen?: boolean | undefined;
  /** Whether there is a connection, and why not. */
  readonly onState?: ((state: TapePublisherState, why: SeriatimError | undefined) => void) | undefined;
}

export type TapePublisherState = "connected" | "reconnecting" | "closed";

/** What a record may have besides its value. */
export interface TapeRecordOptions {
  readonly key?: Uint8Array | string | undefined;
  /** Microseconds since 1970. */
  readonly time_us?: number | undefined;
  readonly headers?: readonly TapeRecordHeader[] | undefined;
}

/** A record to publish: a value, with key, time and headers if wanted. */
export interface TapeRecordInput extends TapeRecordOptions {
  readonly value: Uint8Array | string;
}

const KNOWN_OPTIONS: Record<keyof TapePublisherOptions, true> = {
  ...PEER_OPTIONS,
  ...{ reconnectFor_ms: true, topic: true, publisher: true, epoch: true, order: true, ack: true },
  ...{ batchBytes: true, linger_ms: true, inFlightBytes: true, compress: true, reopen: true, onState: true },
};

const MIB = 1024 * 1024;
const LINGER_MAX_MS = 60_000;
const WINDOW_BYTES_MAX = 1024 * MIB;

/** The options with all defaults; throws `INVALID_ARGUMENT`. */
export function checkedPublisher(options: TapePublisherOptions) {
  checkOptions("TapePublisher.connect", options, KNOWN_OPTIONS);
  const { epoch = 0, order, ack = 1, batchBytes = MIB, linger_ms = 5, compress } = options;
  if (compress !== undefined && compress !== "zstd")
    throw invalidArgument(`compress "${compress}" is not zstd`);
  checkedInteger("batchBytes", batchBytes, 64, TAPE_PAYLOAD_BYTES_MAX);
  const roomOfBatch = (batchBytes & ~7) + TapeBatch.bytes;
  const { inFlightBytes = Math.max(16 * MIB, 2 * roomOfBatch) } = options;
  return {
    peer: checkedPeer(options),
    reconnectFor_us: checkedReconnect(options),
    topic: checkedName("topic", options.topic),
    publisher: checkedInteger("publisher", options.publisher, 1, SAFE_MAX),
    epoch: checkedInteger("epoch", epoch, 0, SAFE_MAX),
    order: order === undefined ? TAPE_ORDER_ANY : checkedInteger("order", order, 0, TAPE_LEVEL_MAX),
    ack: checkedInteger("ack", ack, 0, TAPE_LEVEL_MAX),
    batchBytes: batchBytes & ~7,
    linger_ms: checkedInteger("linger_ms", linger_ms, 0, LINGER_MAX_MS),
    inFlightBytes: checkedInteger("inFlightBytes", inFlightBytes, 2 * roomOfBatch, WINDOW_BYTES_MAX),
    compress: compress === undefined ? undefined : (records: Uint8Array) => zstdCompressSync(records),
    reopen: options.reopen ?? false,
    onState: options.onState ?? (() => {}),
  } as const;
}
