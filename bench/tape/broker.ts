// The broker of a bench, a process of its own, as `seriatim tape serve` runs it: every thread it has, on real files.

import type { TapeAccess } from "../../src/tape/index.ts";
import { openTapeDirectory, TapeBroker } from "../../src/tape-runtime/index.ts";
import { SEGMENT_BYTES, SEGMENTS_KEPT } from "./segments.ts";

export interface BrokerOrder {
  readonly directory: string;
}

/** Nobody needs to log on, and nobody can. */
const OPEN: TapeAccess = {
  isOpen: true,
  challenge: () => new Uint8Array(32),
  grantFor: () => undefined,
  isProof: () => false,
};

process.on("message", async ({ directory }: BrokerOrder) => {
  const lock = await openTapeDirectory(directory);
  const broker = await TapeBroker.start({
    ...{ directory, lock, listeners: [{ host: "127.0.0.1", port: 0 }] },
    access: OPEN,
    ...{ stagingBuffers: 32, deliveryBuffers: 16, workers: 1, lease_ms: 30_000, connectionsMax: 1_024 },
    ...{ segmentBytes: SEGMENT_BYTES, retain: { bytes: SEGMENTS_KEPT * SEGMENT_BYTES, age_us: 0 } },
  });
  process.send?.({ ports: broker.ports });
});
process.on("disconnect", () => process.exit(0));
