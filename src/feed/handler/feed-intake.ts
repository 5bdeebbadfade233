// Everything that comes of one feed, whichever way, for all channels that are subscribed to: framing, judgement, and what is asked in
// return. Knows no socket and no clock: its owner says what came and when, sends what `send` is given, and calls `tick` when it is due.
//
//   carrier "stream"   one TCP connection: a subscription per channel, live packets, snapshots and retransmissions all on it. After a
//                      lost connection each channel goes on from its next sequence, or from a snapshot where that is not kept
//   carrier "lines"    datagrams of line A and B; what is missing and snapshots come from the recovery service's TCP connection, where
//                      there is one, and snapshots from the snapshot line too

import type { Checksums } from "../../base/index.ts";
import {
  decodeMdReply,
  encodeMdRequest,
  MdRefusal,
  type MdRequest,
  MdRequestType,
  PacketLayout,
  PacketProblem,
  packetProblem,
} from "../../protocol/index.ts";
import { ChannelReceiver, type ReceiverLimits } from "./channel-receiver.ts";
import { PacketSource } from "./figures.ts";
import type { MarketDataListener } from "./listener.ts";
import { type PacketSink, PacketStream } from "./packet-stream.ts";
import { RECOVERY_LIMITS } from "./recovery-course.ts";

/** Heartbeats come at least once a second: three that are missing are no accident. */
export const RECEIVER_LIMITS: ReceiverLimits = { ...RECOVERY_LIMITS, silence_us: 3_500_000 };
/** Why a subscription is refused, in words; other reasons by their names. */
const REFUSAL_WORDS: ReadonlyMap<number, string> = new Map([
  ...Object.entries(MdRefusal).map(([name, reason]) => [reason, name] as const),
  [MdRefusal.UnknownChannel, "it has no such channel"],
  [MdRefusal.Symbols, "it has no such symbol"],
]);
/** Of a channel, where somebody retransmits and sends snapshots at once: some 20,000 messages, 1.4 MiB. */
const WINDOW_PACKETS = 1_024;
/** Where the snapshot line alone brings snapshots: what comes while one is on its way at its slow pace, 23 MiB at most. */
const WINDOW_PACKETS_UNSERVED = 16_384;
/** How often this side says that it is alive. */
const HEARTBEAT_US = 1_000_000;

/** One channel of a feed. */
export interface ChannelSubscription {
  /** A ChannelKind. */
  readonly channel: number;
  readonly listener: MarketDataListener;
  /** Symbol numbers, 2,048 at most; none or left out: all. Over a stream only. */
  readonly symbols?: readonly number[];
  /** Rather the newest state than every message while this subscriber is slow. Over a stream only. */
  readonly conflate?: boolean;
}

/** Why a connection is of no more use. */
export interface StreamFault {
  readonly code: "SUBSCRIPTION_REFUSED" | "CONNECTION_LOST";
  readonly why: string;
}

export interface IntakeOptions {
  readonly carrier: "stream" | "lines";
  readonly channels: readonly ChannelSubscription[];
  /** Lines: whether somebody may be asked to retransmit. */
  readonly hasRecovery: boolean;
  readonly checksums: Checksums;
  readonly limits?: ReceiverLimits;
  /** Sends a request over the connection that `streamOpened` said; bytes are the callee's from then on. */
  send(bytes: Uint8Array, isAnswered: boolean): void;
}

export class FeedIntake implements PacketSink {
  /** In the order of the options' channels. */
  readonly receivers: readonly ChannelReceiver[];
  readonly stream: PacketStream;
  /** Datagrams that were no packet. */
  malformed = 0;
  /** Packets of channels that nobody asked for. */
  foreign = 0;
  readonly #options: IntakeOptions;
  /** By ChannelKind. */
  readonly #byChannel: (ChannelReceiver | undefined)[] = [];
  /** Why the service refused a subscription on this connection. */
  #refusal: MdRefusal | 0 = 0;
  #isOpen = false;
  #now_us: number;
  #heartbeat_us = Number.POSITIVE_INFINITY;

  constructor(options: IntakeOptions, now_us: number) {
    this.#options = options;
    this.#now_us = now_us;
    this.stream = new PacketStream(options.checksums, this);
    const limits = options.limits ?? RECEIVER_LIMITS;
    // A stream brings nothing out of order: what is missing is gone.
    const own = options.carrier === "stream" ? { ...limits, reorderWait_us: 0 } : limits;
    this.receivers = options.channels.map((wish) => this.#receiver(wish, own, now_us));
  }

  /** When `tick` has something to do next. */
  get deadline_us(): number {
    let least_us = this.#heartbeat_us;
    for (const { deadline_us } of this.receivers) if (deadline_us < least_us) least_us = deadline_us;
    return least_us;
  }

  /** The TCP connection stands. */
  streamOpened(now_us: number): void {
    this.#now_us = now_us;
    this.#isOpen = true;
    this.#refusal = 0;
    this.#heartbeat_us = now_us + HEARTBEAT_US;
    this.stream.reset();
    for (const [i, receiver] of this.receivers.entries()) {
      if (this.#options.carrier === "lines") {
        receiver.serviceOpened(now_us);
        continue;
      }
      this.#subscribe(this.#options.channels[i], receiver.epoch, receiver.next);
      receiver.subscribed(now_us);
    }
  }

  /** The TCP connection is gone: of a stream, everything is stale until the next one brings something. */
  streamClosed(now_us: number): void {
    this.#isOpen = false;
    this.#heartbeat_us = Number.POSITIVE_INFINITY;
    if (this.#options.carrier === "lines") return;
    for (const receiver of this.receivers) receiver.disconnected(now_us);
  }

  /**
   * Bytes of the TCP connection. Returns why it is of no more use, if it isn't: bytes were lost that the channel's sequence does not
   * show, or the service refused what this feed lives by. Another one must take its place.
   */
  streamBytes(bytes: Uint8Array, from: number, to: number, now_us: number): StreamFault | undefined {
    this.#now_us = now_us;
    const { losses } = this.stream;
    this.stream.push(bytes, from, to);
    this.tick(now_us);
    if (this.#refusal !== 0) {
      const why = `it refused a subscription: ${REFUSAL_WORDS.get(this.#refusal)}`;
      return { code: "SUBSCRIPTION_REFUSED", why };
    }
    const isSparse = this.#options.channels.some(isOfSome);
    const isSpoiled = this.stream.losses > losses && isSparse;
    return isSpoiled ? { code: "CONNECTION_LOST", why: "what it sent was damaged" } : undefined;
  }

  /** One datagram of a line. */
  datagram(source: PacketSource, bytes: Uint8Array, from: number, to: number, now_us: number): void {
    if (packetProblem(bytes, from, to, this.#options.checksums) !== PacketProblem.None) {
      this.malformed++;
      return;
    }
    this.#now_us = now_us;
    this.#give(source, bytes, from, to);
  }

  /** Does what is due. */
  tick(now_us: number): void {
    this.#now_us = now_us;
    const isServed = this.#options.carrier === "stream" ? this.#isOpen : this.#options.hasRecovery;
    for (const receiver of this.receivers) receiver.tick(now_us, isServed);
    if (now_us < this.#heartbeat_us) return;
    this.#heartbeat_us = now_us + HEARTBEAT_US;
    this.#send({ type: MdRequestType.Heartbeat });
  }

  packet(bytes: Uint8Array, from: number, to: number): void {
    // Behind its connection's end what is left of a read is as good as lost with it.
    if (this.#isOpen) this.#give(PacketSource.Stream, bytes, from, to);
  }

  reply(bytes: Uint8Array, from: number, to: number): void {
    const reply = decodeMdReply(bytes, from, to);
    if (reply?.type === MdRequestType.Accepted && reply.request === MdRequestType.Subscribe)
      this.#byChannel[reply.channel]?.accepted(reply.epoch, reply.next);
    if (reply?.type !== MdRequestType.Refused) return;
    if (reply.request === MdRequestType.Subscribe) this.#refusal = reply.reason;
    // Too many requests at once: what was asked is asked again when its time is over.
    else if (reply.request === MdRequestType.Retransmit && reply.reason !== MdRefusal.TooManyRequests)
      this.#byChannel[reply.channel]?.refused(this.#now_us);
  }

  #give(source: PacketSource, bytes: Uint8Array, from: number, to: number): void {
    const receiver = this.#byChannel[bytes[from + PacketLayout.channel]];
    if (receiver === undefined) this.foreign++;
    else receiver.packet(source, bytes, from, to, this.#now_us);
  }

  #receiver(wish: ChannelSubscription, limits: ReceiverLimits, now_us: number): ChannelReceiver {
    const { channel, listener } = wish;
    const receiver = new ChannelReceiver(
      {
        isStream: this.#options.carrier === "stream",
        isDense: !isOfSome(wish),
        listener,
        limits,
        windowPackets: this.#options.hasRecovery ? WINDOW_PACKETS : WINDOW_PACKETS_UNSERVED,
        askRetransmission: (epoch, first, count) =>
          this.#send({ type: MdRequestType.Retransmit, channel, epoch, first, count }),
        askSnapshot: (symbol) => {
          if (isOfSome(wish)) this.#subscribe(wish, 0, 0);
          else this.#send({ type: MdRequestType.Snapshot, channel, symbol });
        },
      },
      now_us,
    );
    this.#byChannel[channel] = receiver;
    return receiver;
  }

  #subscribe(
    { channel, symbols = [], conflate = false }: ChannelSubscription,
    epoch: number,
    from: number,
  ): void {
    this.#send({ type: MdRequestType.Subscribe, channel, conflate, epoch, from, symbols });
  }

  #send(request: MdRequest): void {
    const isAnswered = request.type !== MdRequestType.Heartbeat;
    if (this.#isOpen) this.#options.send(encodeMdRequest(request), isAnswered);
  }
}

function isOfSome({ symbols = [], conflate = false }: ChannelSubscription): boolean {
  return symbols.length > 0 || conflate;
}
