// Topics `exchange.top`, `exchange.levels` and `exchange.orders`: the packets of a channel, as its subscribers get them, from a publisher of
// its own whose clock is the log's time.
//
// Each time the topic is gone on with, a new epoch begins in it, at the position behind its last whole record: with the picture of
// every symbol, as for a subscriber who joins, and then what happens. So a reader who begins with an epoch has everything.

import { type Checksums, type Clock, getU64, type RecordBuffer } from "../../base/index.ts";
import type { ExchangeEngine } from "../../engine/index.ts";
import { type Channel, ChannelPublisher, type ChannelSink } from "../../feed/index.ts";
import {
  type ChannelKind,
  DropCopyFlag,
  DropCopyKind,
  PACKET_BYTES_MAX,
  PacketLayout,
} from "../../protocol/index.ts";
import type { Batcher, Moment } from "./batcher.ts";
import { type LastRecord, type TopicSource, wholeUpTo } from "./topic-source.ts";

/** Nobody reads back: the least that a channel can keep. */
const HISTORY_BYTES = 2 * PACKET_BYTES_MAX;
/** Of a picture written at once. */
const PICTURE_BYTES = 1_048_576;

export interface PacketSourceOptions {
  readonly kind: ChannelKind;
  readonly last: LastRecord | undefined;
  readonly engine: ExchangeEngine;
  readonly moment: Readonly<Moment>;
  /** Of the wall: when an epoch began, which is its number. */
  readonly clock: Clock;
  readonly checksums: Checksums;
  readonly batcher: Batcher;
}

export class PacketSource implements TopicSource, ChannelSink {
  readonly topic: string;
  readonly after: number;
  readonly #options: PacketSourceOptions;
  /** Above every epoch in the topic. */
  readonly #epochMin: number;
  /** By the publisher's clock. */
  #now_us = 0;
  /** Once it has begun. */
  #publisher: ChannelPublisher | undefined;

  constructor(options: PacketSourceOptions) {
    const { last, batcher } = options;
    this.#options = options;
    this.topic = batcher.topic;
    this.after = wholeUpTo(last);
    this.#epochMin = last?.kind === DropCopyKind.Packet ? epochOf(last.value) + 1 : 0;
  }

  begin(): void {
    const { kind, engine: source, moment, clock, checksums, batcher } = this.#options;
    const ofLog = { wallMicros: () => this.#now_us, monotonicMicros: () => this.#now_us };
    const kinds = [kind];
    const publisher = new ChannelPublisher({
      ...{ source, clock: ofLog, checksums, kinds, historyBytes: HISTORY_BYTES },
    });
    publisher.addSink(this);
    this.#now_us = Math.max(clock.wallMicros(), this.#epochMin);
    publisher.onReset();
    this.#now_us = moment.timestamp_us;
    const add = (bytes: Uint8Array, from: number, to: number) =>
      batcher.add(DropCopyKind.Packet, DropCopyFlag.Picture, bytes, from, to);
    for (let symbol = 0; symbol < publisher.symbols; symbol++) {
      const picture = publisher.snapshot(kind, symbol);
      while (!picture.write(PICTURE_BYTES, add));
    }
    batcher.end(true);
    this.#publisher = publisher;
  }

  onEvents(events: RecordBuffer): void {
    this.#now_us = this.#options.moment.timestamp_us;
    this.#publisher?.onEvents(events, this.#now_us);
  }

  endCommand(words: Int32Array, at: number): void {
    this.#now_us = this.#options.moment.timestamp_us;
    this.#publisher?.endCommand(words, at);
    if (this.#options.batcher.isFull) this.cut();
  }

  onPacket(_: Channel, bytes: Uint8Array, from: number, to: number): void {
    this.#options.batcher.add(DropCopyKind.Packet, 0, bytes, from, to);
  }

  tellGap(first: number, last: number): void {
    this.#options.batcher.addGap(first, last);
  }

  cut(): void {
    this.#publisher?.endTurn();
    this.#options.batcher.end(true);
  }
}

function epochOf(packet: Uint8Array): number {
  return getU64(new DataView(packet.buffer, packet.byteOffset, packet.byteLength), PacketLayout.epoch);
}
