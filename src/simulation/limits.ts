// What the nodes of a run may hold. In most runs that is more than the run makes, but for outputs, rings and segments, which are small
// beside real ones; in some it is so little that every bound is met, and the run judged by what was answered there.

import { firstChunks, GATEWAY_LIMITS, type GatewayLimits } from "../gateway/index.ts";
import type { GenesisEntry } from "../node/index.ts";

export interface SimulatedLimits {
  /** Commands that may wait for the journal. */
  readonly ringRecords: number;
  readonly segmentBytes: number;
  readonly frameBytesMax: number;
  /** Newest frames, beyond which a replica goes back to the disk. */
  readonly liveBytes: number;
  /** What one direction of a connection holds before `send` says no: a socket's buffers, small beside real ones, so that whoever reads nothing fills them. */
  readonly window_bytes: number;
  readonly gateway: GatewayLimits;
  readonly genesis: GenesisEntry;
}

const FIRST_CHUNK_BYTES = 256;
const INSTRUMENTS = ["A", "B"].map((name) => ({ name, priceDecimals: 2, tick: 1, lot: 1 }));

/** Small, so that a run has many segments, and retires some; that a slow disk fills the ring; that clients which read nothing meet the soft mark. */
export const USUAL_LIMITS: SimulatedLimits = {
  ringRecords: 64,
  segmentBytes: 24_576,
  frameBytesMax: 8_192,
  liveBytes: 16_384,
  window_bytes: 4_096,
  gateway: {
    ...GATEWAY_LIMITS,
    ...{ connectionsMax: 16, accountsMax: 8 },
    // What is above the soft mark is the room of one answer, as a real gateway has it.
    ...{ outputSoft_bytes: 4_096, outputMax_bytes: 131_072, outputTotal_bytes: 262_144 },
    ...{ firstChunk_bytes: FIRST_CHUNK_BYTES, chunk_bytes: 4_096 },
  },
  genesis: {
    genesis: {
      ...{ maxQuantity: 1_000, ordersMax: 10_000, symbolsMax: 4, accountsMax: 8 },
      ...{ maxNotional: 1_000_000_000, indexSeed: [7, 11] as const },
    },
    instruments: INSTRUMENTS,
  },
};

/** Of those that connect one finds no place: `programs` less one, until another one has done all that it wanted. */
export function tightLimits(programs: number): SimulatedLimits {
  const connectionsMax = programs - 1;
  const first_bytes = firstChunks(connectionsMax) * FIRST_CHUNK_BYTES;
  return {
    ringRecords: 8,
    segmentBytes: 12_288,
    frameBytesMax: 4_096,
    liveBytes: 2_048,
    window_bytes: 256,
    gateway: {
      ...GATEWAY_LIMITS,
      ...{ connectionsMax, accountsMax: 6 },
      ...{ outputSoft_bytes: 1_024, outputMax_bytes: 67_584, outputTotal_bytes: 2 * first_bytes + 1_024 },
      ...{ firstChunk_bytes: FIRST_CHUNK_BYTES, chunk_bytes: 1_024 },
    },
    genesis: {
      genesis: {
        ...{ maxQuantity: 8, ordersMax: 24, accountOrdersMax: 6, symbolsMax: 2, accountsMax: 6 },
        ...{ maxNotional: 8_000, indexSeed: [7, 11] as const },
      },
      instruments: INSTRUMENTS,
    },
  };
}
