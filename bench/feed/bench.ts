// Market data: what is measured of feeds, each part in a file of its own, beside its own baseline.

import type { BenchResult, Row } from "../harness.ts";
import { type Scratch, withScratch } from "../scratch.ts";
import { benchChannelHandler } from "./channel-handler.ts";
import { benchPublishing } from "./publishing.ts";
import { benchRecording } from "./recording.ts";
import { benchSubscribersOverTcp } from "./subscribers-over-tcp.ts";
import { benchSymbolCache } from "./symbol-cache.ts";
import { benchTickParser } from "./tick-parser.ts";
import { benchTicksOverTcp } from "./ticks-over-tcp.ts";

const PARTS: readonly ((scratch: Scratch, rounds: number) => Promise<readonly Row[]>)[] = [
  benchTickParser,
  (_, rounds) => benchTicksOverTcp(rounds),
  (_, rounds) => benchPublishing(rounds),
  (_, rounds) => benchChannelHandler(rounds),
  (_, rounds) => benchSymbolCache(rounds),
  benchRecording,
  (_, rounds) => benchSubscribersOverTcp(rounds),
];

export function benchFeed(rounds: number): Promise<BenchResult> {
  return withScratch(async (scratch) => {
    const rows: Row[] = [];
    for (const part of PARTS) rows.push(...(await part(scratch, rounds)));
    return { bench: "feed", about: "Market data: messages a second, and what they allocate", rounds, rows };
  });
}
