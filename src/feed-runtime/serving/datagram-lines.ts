// The channels as datagrams: each sealed packet goes to line A and to line B, byte for byte, one datagram each. Channel top goes to a
// line's port, levels to the next one, orders to the one behind it; snapshots to the fourth, at a bounded rate.
//
// A channel that is silent for a second says its next sequence, so that a receiver learns of a loss though nothing follows.

import type { Clock, SeriatimError } from "../../base/index.ts";
import type { ChannelSink, ServedChannel, SnapshotCarousel } from "../../feed/index.ts";
import { announcedBytes, CHANNEL_KIND_MAX, type PacketWriter } from "../../protocol/index.ts";
import { type DatagramAddress, DatagramSender } from "./datagram-sender.ts";

const HEARTBEAT_US = 1_000_000;
/** Snapshots of all channels together, for each line: 8 Mbit/s. */
const SNAPSHOT_BYTES_PER_SECOND = 1_000_000;
const SECOND_US = 1_000_000;
/** What may be sent at once after a pause: a burst that receivers' buffers hold. */
const SNAPSHOT_BURST_BYTES = 50_000;

export interface DatagramLinesOptions {
  /** Of line A, or of A and B. */
  readonly lines: readonly DatagramAddress[];
  readonly interface?: string | undefined;
  readonly clock: Clock;
  /** Told of each kind of error of each target once. */
  readonly onError: (error: SeriatimError) => void;
}

export class DatagramLines implements ChannelSink {
  readonly #clock: Clock;
  /** By line, then by port behind its first one. */
  readonly #lines: readonly (readonly DatagramSender[])[];
  /** By kind: when its channel said something last. */
  readonly #sent_us = new Float64Array(CHANNEL_KIND_MAX + 1);
  #snapshotRoom_bytes = 0;
  #snapshotAt_us: number;

  private constructor(clock: Clock, lines: readonly (readonly DatagramSender[])[]) {
    this.#clock = clock;
    this.#lines = lines;
    this.#snapshotAt_us = clock.monotonicMicros();
  }

  /** Throws SeriatimError (`UDP_FAILED`) naming the address. */
  static async open(options: DatagramLinesOptions): Promise<DatagramLines> {
    const opened: DatagramSender[] = [];
    try {
      const lines: DatagramSender[][] = [];
      for (const { host, port } of options.lines) {
        const line: DatagramSender[] = [];
        for (let i = 0; i <= CHANNEL_KIND_MAX; i++) {
          const sender = await DatagramSender.open({ host, port: port + i }, options);
          opened.push(sender);
          line.push(sender);
        }
        lines.push(line);
      }
      return new DatagramLines(options.clock, lines);
    } catch (error) {
      for (const sender of opened) sender.close();
      throw error;
    }
  }

  /** Datagrams that the kernel did not take. */
  get errors(): number {
    return this.#lines.flat().reduce((sum, { errors }) => sum + errors, 0);
  }

  onPacket({ kind }: { readonly kind: number }, bytes: Uint8Array, from: number, to: number): void {
    this.#sent_us[kind] = this.#clock.monotonicMicros();
    for (let i = 0; i < this.#lines.length; i++) this.#lines[i][kind - 1].send(bytes, from, to);
  }

  /** Says the next sequence of a channel that was silent. */
  beat(channel: ServedChannel, writer: PacketWriter): void {
    if (this.#clock.monotonicMicros() - this.#sent_us[channel.kind] < HEARTBEAT_US) return;
    writer.begin(channel.kind, 0, channel.epoch, channel.next);
    const length = writer.seal(this.#clock.wallMicros());
    this.onPacket(channel, writer.bytes, 0, length);
  }

  /** Sends of the snapshots what the rate allows by now. */
  turn(carousel: SnapshotCarousel): void {
    const now_us = this.#clock.monotonicMicros();
    const more = ((now_us - this.#snapshotAt_us) * SNAPSHOT_BYTES_PER_SECOND) / SECOND_US;
    this.#snapshotAt_us = now_us;
    this.#snapshotRoom_bytes = Math.min(SNAPSHOT_BURST_BYTES, this.#snapshotRoom_bytes + more);
    while (this.#snapshotRoom_bytes > 0) {
      const packets = carousel.take(now_us);
      if (packets === undefined) return;
      this.#snapshotRoom_bytes -= packets.length;
      this.#sendSnapshot(packets);
    }
  }

  close(): void {
    for (const sender of this.#lines.flat()) sender.close();
  }

  #sendSnapshot(packets: Uint8Array): void {
    for (let at = 0; at < packets.length; ) {
      const to = at + announcedBytes(packets, at);
      for (const line of this.#lines) line[CHANNEL_KIND_MAX].send(packets, at, to);
      at = to;
    }
  }
}
