// What one connection is still to be sent: engine answers, which wait at the gate, and the gateway's own answers, which
// don't and may overtake them between two frames. At most one send is held by the transport at a time.

import type { Position, Transport } from "../../base/index.ts";
import type { GatewayCounters, GatewayLimits } from "../limits.ts";
import { type ChunkPool, OutputQueue } from "./output-buffer.ts";
import { GateMarks } from "./response-gate.ts";

export class ConnectionOutput {
  /** Answers appended in order of their causes; written through `claim`. */
  readonly gated: OutputQueue;
  /** Answers that wait for nothing; written through `claimDirect`. */
  readonly direct: OutputQueue;
  /** The memory of the last `claimOrdered`. */
  orderedView!: DataView;
  readonly #limits: GatewayLimits;
  readonly #counters: GatewayCounters;
  readonly #marks = new GateMarks();
  /** The queue whose range the transport holds. */
  #held: OutputQueue | undefined = undefined;

  constructor(limits: GatewayLimits, pool: ChunkPool, counters: GatewayCounters) {
    this.#limits = limits;
    this.#counters = counters;
    this.gated = new OutputQueue(pool);
    this.direct = new OutputQueue(pool);
  }

  /** Bytes not sent yet, released or not. */
  get pending_bytes(): number {
    return this.gated.queued_bytes + this.direct.queued_bytes;
  }

  /** Of these, what waits for no position. */
  get sendable_bytes(): number {
    return this.direct.queued_bytes + this.#marks.releasable_bytes;
  }

  /** Whether the transport holds a send. */
  get held(): boolean {
    return this.#held !== undefined;
  }

  /** Whether sealed answers wait for their position. */
  get waits(): boolean {
    return this.#marks.waits;
  }

  /** Whether answers wait to be sealed. */
  get unsealed(): boolean {
    return this.#marks.unsealed_bytes > 0;
  }

  /** Room for a gated frame: its offset in `gated.view`, or -1 when a bound is reached. */
  claim(bytes: number): number {
    if (this.pending_bytes + bytes > this.#limits.outputMax_bytes) return -1;
    const at = this.gated.claim(bytes);
    if (at >= 0) this.#marks.append(bytes);
    return at;
  }

  /** Room for a direct frame: its offset in `direct.view`, or -1 when a bound is reached. */
  claimDirect(bytes: number): number {
    if (this.pending_bytes + bytes > this.#limits.outputMax_bytes) return -1;
    return this.direct.claim(bytes);
  }

  /**
   * Room for a frame of the gateway's own that must not overtake engine answers: its offset in `orderedView`, or -1
   * when a bound is reached. It waits for what stands before it and for nothing else.
   */
  claimOrdered(bytes: number): number {
    if (this.gated.queued_bytes === 0) {
      const at = this.claimDirect(bytes);
      this.orderedView = this.direct.view;
      return at;
    }
    if (this.pending_bytes + bytes > this.#limits.outputMax_bytes) return -1;
    const at = this.gated.claim(bytes);
    if (at >= 0) this.#marks.follow(bytes);
    this.orderedView = this.gated.view;
    return at;
  }

  seal(position: Position): void {
    this.#marks.seal(position);
  }

  release(position: Position): void {
    this.#marks.release(position);
  }

  /** Sends all that may be sent, direct answers first, until the transport holds one. */
  flush(transport: Transport, connection: number): void {
    while (this.#held === undefined) {
      const queue = this.direct.queued_bytes > 0 ? this.direct : this.gated;
      const limit_bytes = queue === this.direct ? queue.queued_bytes : this.#marks.releasable_bytes;
      const length = queue.range(limit_bytes);
      if (length === 0) return;
      if (queue === this.gated) this.#marks.releasable_bytes -= length;
      if (transport.send(connection, queue.bytes, queue.from, queue.to)) this.#gone(queue, length);
      else this.#held = queue;
    }
  }

  /** The transport's held send is out. */
  drained(): void {
    const queue = this.#held;
    if (queue === undefined) return;
    this.#held = undefined;
    this.#gone(queue, queue.to - queue.from);
  }

  #gone(queue: OutputQueue, length: number): void {
    queue.gone();
    this.#counters.sent_bytes += length;
  }

  /** Drops what the transport does not hold: nothing more is sent, and no frame is cut. */
  abandon(): void {
    this.gated.drop(this.#held === this.gated);
    this.direct.drop(this.#held === this.direct);
    this.#marks.clear();
  }

  /** Gives all memory back; the transport must have let go of it. */
  free(): void {
    this.#held = undefined;
    this.abandon();
  }
}
