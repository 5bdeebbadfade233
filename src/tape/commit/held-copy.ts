// A batch that waits for an earlier one: copied out of staging, so that a session with a gap holds no buffer which the
// missing batch might need. It lies as it would in staging, with room before it for a frame's header.

import { type TapeMemory, tapeMemory } from "../../protocol/index.ts";
import { FRAME_HEADER_BYTES } from "../../segment/index.ts";
import type { HeldBatch } from "../ordering/publisher-session.ts";

export class HeldCopy implements HeldBatch {
  /** The batch lies in [at, at + length) of it. */
  readonly memory: TapeMemory;
  readonly at = FRAME_HEADER_BYTES;
  readonly length: number;
  readonly bytes: number;
  connection: number;

  constructor(connection: number, from: Uint8Array, at: number, length: number) {
    this.memory = tapeMemory(new ArrayBuffer(FRAME_HEADER_BYTES + length));
    this.memory.bytes.set(from.subarray(at, at + length), FRAME_HEADER_BYTES);
    this.length = length;
    this.bytes = FRAME_HEADER_BYTES + length;
    this.connection = connection;
  }
}
