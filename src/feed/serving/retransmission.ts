// Messages that a subscriber asked for again: the packets that hold them, whole, as they were but for a flag.

import { PacketFlag, packetCount, packetFirst } from "../../protocol/index.ts";
import type { PacketCopies } from "./packet-copies.ts";
import type { ServedChannel } from "./served-channel.ts";

export class Retransmission {
  readonly channel: ServedChannel;
  readonly epoch: number;
  /** The next sequence to send, and the one behind the last. */
  #at: number;
  readonly #end: number;

  /** `first` to `end` are kept. */
  constructor(channel: ServedChannel, first: number, end: number) {
    this.channel = channel;
    this.epoch = channel.epoch;
    this.#at = first;
    this.#end = end;
  }

  get isDone(): boolean {
    return this.#at >= this.#end;
  }

  /** What is left is no longer kept. */
  get isLost(): boolean {
    return this.epoch !== this.channel.epoch || this.#at < this.channel.first;
  }

  /** Adds packets to `copies` until it is full or everything is there, and returns how many messages they have. */
  fill(copies: PacketCopies): number {
    const cursor = this.channel.seek(this.#at);
    let messages = 0;
    while (!this.isDone && copies.hasRoom && cursor.next()) {
      copies.add(cursor.bytes, cursor.from, cursor.to, PacketFlag.Retransmitted);
      const count = packetCount(cursor.bytes, cursor.from);
      messages += count;
      this.#at = packetFirst(cursor.bytes, cursor.from) + count;
    }
    return messages;
  }
}
