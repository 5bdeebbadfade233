// Collects copies of packets whose headers are changed, up to one piece for a connection: what was asked for again, and snapshots.

import { type Checksums, setU64 } from "../../base/index.ts";
import { flagPacket, PACKET_BYTES_MAX, PacketLayout, resealPacket } from "../../protocol/index.ts";

export class PacketCopies {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #checksums: Checksums;
  #used = 0;

  constructor(checksums: Checksums, chunk_bytes: number) {
    this.#bytes = new Uint8Array(chunk_bytes);
    this.#view = new DataView(this.#bytes.buffer);
    this.#checksums = checksums;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Whether any packet still fits. */
  get hasRoom(): boolean {
    return this.#used + PACKET_BYTES_MAX <= this.#bytes.length;
  }

  /** A copy of the packet `bytes[from, to)` with these flags too. */
  add(bytes: Uint8Array, from: number, to: number, flags: number): void {
    const at = this.#used;
    this.#bytes.set(bytes.subarray(from, to), at);
    this.#used += to - from;
    flagPacket(this.#bytes, at, this.#used, flags, this.#checksums);
  }

  /** A copy of a snapshot's packet as part `part`, with these flags, of a run that leads up to `first`. */
  addPart(
    bytes: Uint8Array,
    from: number,
    to: number,
    { first, part, flags }: { readonly first: number; readonly part: number; readonly flags: number },
  ): void {
    const at = this.#used;
    this.#bytes.set(bytes.subarray(from, to), at);
    setU64(this.#view, at + PacketLayout.first, first);
    this.#view.setUint32(at + PacketLayout.part, part, true);
    // In place of its own: the last packet of one symbol's snapshot is in the middle of a run.
    this.#bytes[at + PacketLayout.flags] = flags;
    this.#used += to - from;
    resealPacket(this.#bytes, at, this.#used, this.#checksums);
  }

  /** What was collected, as memory of its own. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#used);
    this.#used = 0;
    return taken;
  }
}
