// A market whose channels hold what a test says, a carrier that notes what it is given, and readers of both.

import { type Clock, crc32c } from "../../../src/base/index.ts";
import {
  type FeedCarrier,
  FeedClose,
  FeedDesk,
  type PacketCursor,
  SERVING_LIMITS,
  type ServedChannel,
  type ServedMarket,
  ServingCounters,
  type ServingLimits,
  type SnapshotPieces,
} from "../../../src/feed/index.ts";
import {
  announcedBytes,
  ChannelKind,
  decodeMdReply,
  encodeMdRequest,
  isMdRequest,
  MarketDataReader,
  type MdReply,
  type MdRequest,
  MdType,
  PACKET_BYTES_MAX,
  PacketFlag,
  PacketWriter,
  packetCount,
  packetFirst,
  packetProblem,
  putBookChecksum,
  putLevel,
  putSnapshotBegin,
  putSnapshotEnd,
  putStatistics,
  putTopOfBook,
  putTrade,
} from "../../../src/protocol/index.ts";

const CHECKSUMS = {
  crc32c: (bytes: Uint8Array, previous = 0) => crc32c(bytes, 0, bytes.length, previous),
  blake3: () => new Uint8Array(32),
  blake3Stream: () => {
    throw new Error("not used");
  },
};

class ManualClock implements Clock {
  now_us = 1_000_000;
  wallMicros(): number {
    return 1_700_000_000_000_000 + this.now_us;
  }
  monotonicMicros(): number {
    return this.now_us;
  }
}

/** Numbers messages, seals a packet when told or full, and keeps the newest `packetsMax`. */
export class FakeChannel implements ServedChannel {
  readonly kind: ChannelKind;
  epoch = 1_000;
  next = 1;
  packets = 0;
  bytes = 0;
  packetsMax = Number.POSITIVE_INFINITY;
  kept: Uint8Array[] = [];
  /** All of them ever, back to back. */
  readonly #memory = new Uint8Array(4_000_000);
  readonly symbolSequences = new Map<number, number>();
  readonly #last = new Map<number, number>();
  readonly #writer = new PacketWriter(CHECKSUMS);

  constructor(kind: ChannelKind) {
    this.kind = kind;
  }

  get first(): number {
    return this.kept.length === 0 ? this.next : packetFirst(this.kept[0], 0);
  }

  nextOf(symbol: number): number {
    return this.symbolSequences.get(symbol) ?? 1;
  }

  lastOf(symbol: number): number {
    return this.#last.get(symbol) ?? 0;
  }

  /** One message of `symbol`, written by `put` with its sequence. */
  say(symbol: number, put: (to: PacketWriter, sequence: number) => void, ends = true): void {
    const writer = this.#writer;
    if (writer.length > PACKET_BYTES_MAX - 100) this.seal();
    if (writer.length === 0) writer.begin(this.kind, 0, this.epoch, this.next);
    this.#last.set(symbol, this.next + writer.count);
    const sequence = this.nextOf(symbol);
    this.symbolSequences.set(symbol, sequence + 1);
    put(writer, sequence);
    if (ends) writer.endEvent();
  }

  trade(symbol: number, price: number, ends = true): void {
    this.say(symbol, (to, n) => putTrade(to, symbol, n, n, 0, price, 0, 1, 0), ends);
  }

  top(symbol: number, bid: number): void {
    this.say(symbol, (to, n) =>
      putTopOfBook(to, symbol, n, Float64Array.of(bid, 1, 1), Float64Array.of(0, 0, 0)),
    );
  }

  level(symbol: number, price: number, total: number, side = 0, ends = true): void {
    const level = Float64Array.of(price, total, total > 0 ? 1 : 0);
    this.say(symbol, (to, n) => putLevel(to, symbol, n, side, level), ends);
  }

  checksum(symbol: number, crc: number): void {
    this.say(symbol, (to, n) => putBookChecksum(to, symbol, n, crc));
  }

  statistics(symbol: number, trades: number): void {
    const day = { since_us: 0, open: 1, high: 1, low: 1, last: 1, volume: 1, trades };
    this.say(symbol, (to, n) => putStatistics(to, symbol, n, day));
  }

  seal(): void {
    const writer = this.#writer;
    if (writer.length === 0) return;
    const length = writer.seal(7);
    const packet = this.#memory.subarray(this.bytes, this.bytes + length);
    packet.set(writer.bytes.subarray(0, length));
    this.kept.push(packet);
    if (this.kept.length > this.packetsMax) this.kept.shift();
    this.next += packetCount(packet, 0);
    this.packets++;
    this.bytes += length;
  }

  reset(): void {
    this.epoch++;
    this.next = 1;
    this.kept = [];
    this.symbolSequences.clear();
    this.#last.clear();
  }

  seek(sequence: number): PacketCursor {
    let index =
      this.kept.findIndex((packet) => packetFirst(packet, 0) + packetCount(packet, 0) > sequence) - 1;
    if (index === -2) index = this.kept.length - 1;
    const { kept } = this;
    return {
      next: () => ++index < kept.length,
      bytes: this.#memory,
      get from() {
        return kept[index].byteOffset;
      },
      get to() {
        return kept[index].byteOffset + kept[index].length;
      },
    };
  }
}

class FakeMarket implements ServedMarket {
  symbols = 3;
  /** Snapshots that were made. */
  made = 0;
  /** Bytes of snapshots that were written. */
  written_bytes = 0;
  /** Messages between the begin and the end of a snapshot. */
  snapshotMessages = 2;
  readonly channels = new Map(
    [ChannelKind.Top, ChannelKind.Levels, ChannelKind.Orders].map((kind) => [
      kind as number,
      new FakeChannel(kind),
    ]),
  );

  channel(kind: number): FakeChannel | undefined {
    return this.channels.get(kind);
  }

  get top(): FakeChannel {
    return this.channels.get(ChannelKind.Top) as FakeChannel;
  }

  get levels(): FakeChannel {
    return this.channels.get(ChannelKind.Levels) as FakeChannel;
  }

  snapshot(kind: ChannelKind, symbol: number): SnapshotPieces {
    this.made++;
    const packets = this.#packetsOf(kind, symbol);
    return {
      copied_bytes: 0,
      write: (max_bytes, to) => {
        for (let left = max_bytes; left > 0 && packets.length > 0; ) {
          const packet = packets.shift() as Uint8Array;
          to(packet, 0, packet.length);
          left -= packet.length;
          this.written_bytes += packet.length;
        }
        return packets.length === 0;
      },
    };
  }

  #packetsOf(kind: ChannelKind, symbol: number): Uint8Array[] {
    const packets: Uint8Array[] = [];
    const channel = this.channels.get(kind) as FakeChannel;
    const writer = new PacketWriter(CHECKSUMS);
    const seal = () => void packets.push(writer.bytes.slice(0, writer.seal(7)));
    const begin = () => writer.begin(kind, PacketFlag.Snapshot, channel.epoch, channel.next);
    begin();
    putSnapshotBegin(writer, symbol, channel.nextOf(symbol), channel.next);
    for (let i = 1; i <= this.snapshotMessages; i++) {
      if (!writer.fits(MdType.Level)) {
        seal();
        begin();
      }
      putLevel(writer, symbol, 0, 0, Float64Array.of(i, 1, 1));
    }
    putSnapshotEnd(writer, symbol);
    // As of a snapshot of this symbol alone.
    writer.flag(PacketFlag.SnapshotLast);
    seal();
    return packets;
  }
}

/** Says what it was given, packets and replies apart; holds what it is told to. */
class NotingCarrier implements FeedCarrier {
  pieces: Uint8Array[] = [];
  holds = false;
  closed: FeedClose | undefined;
  unacknowledged_bytes = -1;

  unacknowledged(): number {
    return this.unacknowledged_bytes;
  }

  send(bytes: Uint8Array): boolean {
    this.pieces.push(bytes);
    return !this.holds;
  }

  close(why: FeedClose): void {
    this.closed ??= why;
  }
}

/** What a piece consists of, each a whole packet or reply. */
export function partsOf(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = announcedBytes(bytes, at);
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

interface Said {
  readonly kind: number;
  readonly flags: number;
  readonly epoch: number;
  readonly first: number;
  readonly part: number;
  /** Of messages: `type symbol#symbolSequence`, with a dot at the end of an event. */
  readonly messages: readonly string[];
}

/** Replies and packets in the order in which they came; throws for a packet that is none. */
function said(pieces: readonly Uint8Array[]): { replies: MdReply[]; packets: Said[] } {
  const replies: MdReply[] = [];
  const packets: Said[] = [];
  const reader = new MarketDataReader();
  for (const part of pieces.flatMap(partsOf)) {
    if (isMdRequest(part[3])) replies.push(decodeMdReply(part, 0, part.length) as MdReply);
    else {
      const problem = packetProblem(part, 0, part.length, CHECKSUMS);
      if (problem !== 0) throw new Error(`a packet has problem ${problem}`);
      reader.bind(part, 0, part.length);
      const messages: string[] = [];
      while (reader.next()) messages.push(wordsOf(reader));
      const { channel: kind, packetFlags: flags, epoch, first, part: number } = reader;
      packets.push({ kind, flags, epoch, first, part: number, messages });
    }
  }
  return { replies, packets };
}

const NAMES = new Map(Object.entries(MdType).map(([name, type]) => [type as number, name]));

function wordsOf(m: MarketDataReader): string {
  const detail =
    m.type === MdType.Conflated
      ? `=${m.conflated}`
      : m.type === MdType.Level
        ? `@${m.price}=${m.total}`
        : m.type === MdType.TopOfBook
          ? `@${m.bid}`
          : m.type === MdType.SnapshotBegin
            ? `>${m.nextSequence}`
            : m.type === MdType.Trade
              ? `@${m.price}`
              : "";
  return `${NAMES.get(m.type)} ${m.symbol}#${m.symbolSequence}${detail}${m.isEndOfEvent ? "." : ""}`;
}

export interface Rig {
  readonly market: FakeMarket;
  readonly clock: ManualClock;
  readonly counters: ServingCounters;
  readonly desk: FeedDesk;
  /** A subscriber that has said these requests. */
  join(...requests: MdRequest[]): Joined;
}

export interface Joined {
  readonly carrier: NotingCarrier;
  ask(...requests: MdRequest[]): void;
  /** As ask(), before anybody's turn. */
  say(...requests: MdRequest[]): void;
  receive(bytes: Uint8Array): void;
  drained(): void;
  leave(): void;
  /** What came since it was asked last. */
  said(): ReturnType<typeof said>;
}

export function rig(limits: Partial<ServingLimits> = {}): Rig {
  const market = new FakeMarket();
  const clock = new ManualClock();
  const counters = new ServingCounters();
  const all = { ...SERVING_LIMITS, ...limits };
  const desk = new FeedDesk({ market, checksums: CHECKSUMS, clock, limits: all, counters });
  const join = (...requests: MdRequest[]): Joined => {
    const carrier = new NotingCarrier();
    const seat = desk.enter(carrier, "10.0.0.1");
    if (typeof seat === "string") throw new Error(`not let in: ${seat}`);
    const joined: Joined = {
      carrier,
      ask: (...more) => {
        joined.say(...more);
        desk.turn();
      },
      say: (...more) => {
        for (const request of more) seat.session.received(encodeMdRequest(request));
      },
      receive: (bytes) => {
        seat.session.received(bytes);
        desk.turn();
      },
      drained: () => {
        seat.session.drained();
        desk.turn();
      },
      leave: () => seat.leave(FeedClose.PeerEnded),
      said: () => said(carrier.pieces.splice(0)),
    };
    joined.ask(...requests);
    return joined;
  };
  return { market, clock, counters, desk, join };
}

export function subscribe(
  channel: number,
  more: Partial<Omit<MdRequest & { type: 128 }, "type">> = {},
): MdRequest {
  return { type: 128, channel, conflate: false, epoch: 0, from: 0, symbols: [], ...more };
}
