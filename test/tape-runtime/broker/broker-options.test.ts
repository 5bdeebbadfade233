// What a broker refuses at its start: before a thread runs, a file is made or a port is taken.

import { expect, test } from "vitest";
import { TapeBroker, type TapeBrokerOptions } from "../../../src/tape-runtime/index.ts";
import { OPEN } from "./support.ts";

const OPTIONS: TapeBrokerOptions = {
  ...{ directory: "/nowhere", lock: { keepUntil: () => {} }, listeners: [{ host: "127.0.0.1", port: 0 }] },
  ...{ access: OPEN, stagingBuffers: 4, deliveryBuffers: 2, workers: 1, segmentBytes: 8 * 1024 * 1024 },
  ...{ retain: { bytes: 0, age_us: 0 }, lease_ms: 30_000, connectionsMax: 64 },
};

test.each<[options: Record<string, unknown>, words: string]>([
  [
    { retain: { bytes: 1, age_ms: 1 } },
    'retain of TapeBroker.start has no option "age_ms", is age_us meant?',
  ],
  [{ retain: undefined }, "options must be an object, not undefined"],
  [{ stagingBuffers: 0 }, "stagingBuffers 0 is not an integer from 1 to 1024"],
  [{ deliveryBuffers: 1_025 }, "deliveryBuffers 1025 is not an integer from 1 to 1024"],
  [{ workers: 1.5 }, "workers 1.5 is not an integer from 1 to 16"],
  [{ lease_ms: Number.NaN }, "lease_ms NaN is not an integer from 1 to 3600000"],
  [{ connectionsMax: undefined }, "connectionsMax undefined is not an integer from 1 to 65536"],
  [{ segmentBytes: 65_536 }, "segment size 65536 is too small for a topic"],
  [{ listeners: [] }, "listeners is empty: a broker listens somewhere"],
])("an option that there is not, or that can't be, is refused in words: %j", async (wrong, words) => {
  await expect(TapeBroker.start({ ...OPTIONS, ...wrong } as TapeBrokerOptions)).rejects.toThrow(words);
});
