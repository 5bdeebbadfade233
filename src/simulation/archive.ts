// What nodes have retired, or a disk has lost, kept beside the simulation so that a whole history can be judged in the end:
// frames by the chain value behind them, which names all that came before.

import { SeriatimError, type Storage } from "../base/index.ts";
import { JOURNAL_LOG, journalPlace } from "../journal/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import { COMMAND_WORDS } from "../protocol/index.ts";
import {
  CHAIN_BYTES,
  FRAME_HEADER_BYTES,
  FrameFollower,
  FrameLayout,
  firstPositionOf,
  type LogFrame,
  type LogPlace,
  listLogDirectory,
} from "../segment/index.ts";

const checksums = new NativeChecksums();

/** A frame's records, and where they stand in a history. */
export interface ArchivedFrame {
  readonly words: Int32Array;
  readonly count: number;
  readonly firstPosition: number;
  readonly epoch: number;
  /** Behind the frame, and behind the one before it. */
  readonly chain: Uint8Array;
  readonly previous: Uint8Array;
}

/** The frames of a log that can be read: of each segment those before damage, or before its end. */
function framesOf(storage: Storage, directory: string): ArchivedFrame[] {
  const place = journalPlace({ storage, checksums, directory });
  const frames: ArchivedFrame[] = [];
  for (const number of listLogDirectory(storage, directory, JOURNAL_LOG).segments)
    untilDamage(() => addFrames(place, firstPositionOf(place, number) - 1, frames));
  return frames;
}

/** Those behind position `before`, to the end of its segment. */
function addFrames(place: LogPlace, before: number, frames: ArchivedFrame[]): void {
  const follower = new FrameFollower(place, before);
  try {
    let previous = follower.seek(before)?.chain ?? new Uint8Array(CHAIN_BYTES);
    const { segment } = follower;
    follower.read(Number.POSITIVE_INFINITY, (frame) => {
      if (follower.segment !== segment) return false;
      const chain = chainBehind(frame);
      const { payloadAt, count, firstPosition, epoch } = frame;
      const words = frame.words.slice(payloadAt / 4, payloadAt / 4 + count * COMMAND_WORDS);
      frames.push({ words, count, firstPosition, epoch, chain, previous });
      previous = chain;
      return true;
    });
  } finally {
    follower.close();
  }
}

/** A log's end looks like damage to whoever doesn't know where it is. */
function untilDamage(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "LOG_CORRUPT") throw error;
  }
}

function chainBehind({ bytes, payloadAt }: LogFrame): Uint8Array {
  const at = payloadAt - FRAME_HEADER_BYTES + FrameLayout.chain;
  return bytes.slice(at, at + CHAIN_BYTES);
}

export class Archive {
  readonly #frames = new Map<string, ArchivedFrame>();

  /** To be called before anything of the log is removed, or spoiled. */
  keep(storage: Storage, directory: string): void {
    for (const frame of framesOf(storage, directory)) this.#frames.set(keyOf(frame.chain), frame);
  }

  /** All of them, of any history. */
  frames(): Iterable<ArchivedFrame> {
    return this.#frames.values();
  }

  /** The frames that lead to `chain`, the oldest first; undefined when one is missing. */
  before(chain: Uint8Array): ArchivedFrame[] | undefined {
    const found: ArchivedFrame[] = [];
    for (let at = chain; at.some((byte) => byte !== 0); ) {
      const frame = this.#frames.get(keyOf(at));
      if (frame === undefined) return undefined;
      found.push(frame);
      at = frame.previous;
    }
    return found.reverse();
  }
}

function keyOf(chain: Uint8Array): string {
  return Buffer.from(chain).toString("hex");
}
