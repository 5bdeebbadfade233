// A line between a ticks/1 server and its client that does what lines do, by a seed: it loses frames, doubles and reorders them,
// damages bytes, and cuts the stream anywhere. It knows what it did, and says it as a client must count it.

import type { Prng } from "../../../../src/base/index.ts";
import type { TickFrame } from "../../../protocol/ticks/reference-reader.ts";
import { readTicks } from "../../../protocol/ticks/reference-reader.ts";
import { joined, randomFrame, randomReads } from "./support.ts";

/** Frames that stay as they are behind each that is damaged, so that incidents stay apart. */
const INTACT_BETWEEN = 5;

export interface BadStream {
  /** As it arrives, in pieces of 1 to 200 bytes. */
  readonly reads: readonly Uint8Array[];
  /** The frames that arrive whole, in the order in which they do. */
  readonly whole: readonly TickFrame[];
  readonly damaged: number;
  readonly dropped: number;
}

/** `count` frames, numbered from 1, over a bad line. With `keepsOrder` none is doubled or changes places. */
export function badStream(prng: Prng, count: number, keepsOrder: boolean): BadStream {
  const frames = Array.from({ length: count }, (_, i) => randomFrame(prng, i + 1));
  const sent: Uint8Array[] = [];
  const whole: Uint8Array[] = [];
  let dropped = 0;
  let damaged = 0;
  let intact = 0;
  for (let i = 0; i < count; i++) {
    const isEnd = i < 2 || i >= count - INTACT_BETWEEN - 1;
    const fate = isEnd ? 1 : prng.unit();
    if (!keepsOrder && fate < 0.02) [frames[i], frames[i + 1]] = [frames[i + 1], frames[i]];
    if (fate >= 0.02 && fate < 0.05) {
      dropped++;
      continue;
    }
    if (fate >= 0.05 && fate < 0.1 && intact >= INTACT_BETWEEN) {
      sent.push(withDamage(prng, frames[i]));
      damaged++;
      intact = 0;
      continue;
    }
    const times = !keepsOrder && fate >= 0.1 && fate < 0.12 ? 2 : 1;
    for (let time = 0; time < times; time++) {
      sent.push(frames[i]);
      whole.push(frames[i]);
    }
    intact += times;
  }
  const bytes = joined(...sent);
  let from = 0;
  const reads = randomReads(
    prng,
    200,
  )(bytes.length).map((to) => {
    const read = bytes.slice(from, to);
    from = to;
    return read;
  });
  return { reads, whole: readTicks(joined(...whole)).frames, damaged, dropped };
}

function withDamage(prng: Prng, frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  copy[prng.between(0, copy.length - 1)] ^= prng.between(1, 255);
  return copy;
}
