// Everything binary that an exchange says of its market: the publisher of the channels, and who gets them: subscribers over TCP and
// WebSocket, lines of datagrams, receivers of version 1; and ticks/1. What was not asked for is not there and costs nothing.
//
//   events, commands ──► publisher ──► sealed packets ──► datagrams
//                                          └──► history ──► desk ──► subscribers, in their turns
//                   └──► ticks/1
//
// It is opened before there is an exchange to tell of, and begins with the first one. Datagrams leave when a packet is sealed; those who
// read the history get their turn soon after, and nothing here waits for them.

import { setTimeout as sleep } from "node:timers/promises";
import type {
  Checksums,
  Clock,
  ListenAddress,
  Listener,
  RecordBuffer,
  SeriatimError,
} from "../../base/index.ts";
import {
  ChannelPublisher,
  type ChannelSource,
  ExchangeTicks,
  type FeedCarrier,
  FeedClose,
  FeedDesk,
  type MarketSource,
  SERVING_LIMITS,
  type Seat,
  ServingCounters,
  type ServingLimits,
  type SnapshotCarousel,
} from "../../feed/index.ts";
import { type NetListenAddress, NetTransport } from "../../platform/index.ts";
import { CHANNEL_NAMES, type ChannelKind, type FeedFigures, PacketWriter } from "../../protocol/index.ts";
import { TICK_CLIENTS_MAX, TICK_CONNECTIONS_SPARE, TickServer } from "../ticks-server/tick-server.ts";
import { DatagramLines } from "./datagram-lines.ts";
import { type DatagramAddress, DatagramSender } from "./datagram-sender.ts";
import { type EndedSubscriber, FeedService } from "./feed-service.ts";
import { ServingTurns } from "./serving-turns.ts";
import { V1Datagrams } from "./v1-datagrams.ts";

export interface MarketFeedOptions {
  readonly channels: readonly ChannelKind[];
  /** The TCP service; plain without `tls`. */
  readonly tcp?: NetListenAddress | undefined;
  /** Line A, or A and B. */
  readonly udp: readonly DatagramAddress[];
  readonly udpV1?: DatagramAddress | undefined;
  /** This machine's address by which multicast leaves. */
  readonly interface?: string | undefined;
  /** ticks/1. */
  readonly ticks?: ListenAddress | undefined;
}

export interface MarketFeedParts {
  readonly clock: Clock;
  readonly checksums: Checksums;
  /** Others than SERVING_LIMITS, for tests. */
  readonly limits?: Partial<ServingLimits>;
  /** Of each channel; the publisher's own when left out. */
  readonly historyBytes?: number;
  /** A subscriber's connection has ended. */
  readonly ended: (subscriber: EndedSubscriber) => void;
  /** Told of each kind of error of datagrams once; nothing ends by it. */
  readonly onUdpError: (error: SeriatimError) => void;
}

/** Ports that are listened on; undefined where nothing was asked for. */
export interface FeedPorts {
  readonly tcp: number | undefined;
  readonly ticks: number | undefined;
}

/** What feeds need of an exchange. */
export type FeedSource = ChannelSource & MarketSource;

/** TCP connections that are accepted and refused at once, beside those of subscribers. */
export const SUBSCRIBERS_SPARE = 16;
/** Heartbeats, deadlines, snapshots for datagrams, and what is said about once a second. */
const TICK_MS = 50;

/** For what was sent to subscribers to leave. */
const CLOSE_MS = 300;
const CLOSE_LOOK_MS = 10;

export class MarketFeeds {
  readonly counters = new ServingCounters();
  /**
   * Whether what is published is how the market stands, or may be old: a replica that has lost its primary can't know. Then silence is not said
   * to be one in which nothing happened: no heartbeats are sent, so that subscribers take what they have for stale.
   */
  set isCurrent(isCurrent: boolean) {
    this.#isCurrent = isCurrent;
    if (this.#tickServer !== undefined) this.#tickServer.isCurrent = isCurrent;
  }
  #isCurrent = true;
  readonly #options: MarketFeedOptions;
  readonly #parts: MarketFeedParts;
  readonly #limits: ServingLimits;
  readonly #turns = new ServingTurns(() => this.#desk?.turn() ?? false);
  readonly #writer: PacketWriter;
  #source: FeedSource | undefined;
  #isOpen = false;
  #publisher: ChannelPublisher | undefined;
  #desk: FeedDesk | undefined;
  #carousel: SnapshotCarousel | undefined;
  #ticks: ExchangeTicks | undefined;
  #lines: DatagramLines | undefined;
  #v1: { readonly sender: DatagramSender; readonly sink: V1Datagrams } | undefined;
  #tickServer: TickServer | undefined;
  #transport: NetTransport | undefined;
  #tickTransport: NetTransport | undefined;
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Of the packets sealed when subscribers had their turn last. */
  #served = 0;

  /** Resolves with why a port can't be listened on any more, if that ever happens; after open(). */
  get failed(): Promise<SeriatimError> {
    const listeners = [this.#listener?.failed, this.#tickServer?.failed];
    return Promise.race(listeners.filter((failed) => failed !== undefined));
  }

  constructor(options: MarketFeedOptions, parts: MarketFeedParts) {
    this.#options = options;
    this.#parts = parts;
    this.#limits = { ...SERVING_LIMITS, ...parts.limits };
    this.#writer = new PacketWriter(parts.checksums);
  }

  /** Opens everything; throws SeriatimError naming what can't be, with everything closed again. */
  async open(): Promise<FeedPorts> {
    try {
      await this.#openDatagrams();
      const tcp = await this.#openTcp();
      const ticks = await this.#openTicks();
      this.#isOpen = true;
      this.#connect();
      this.#timer = setInterval(() => this.#tick(), TICK_MS);
      return { tcp, ticks };
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** There is an exchange to tell of; once, before or after open(), and followed by onReset(). */
  begin(source: FeedSource): void {
    const { clock, checksums, historyBytes } = this.#parts;
    if (this.#options.channels.length > 0) {
      const publisher = new ChannelPublisher({
        ...{ source, clock, checksums, kinds: this.#options.channels },
        ...(historyBytes === undefined ? {} : { historyBytes }),
      });
      this.#publisher = publisher;
      this.#desk = new FeedDesk({
        market: publisher,
        checksums,
        clock,
        limits: this.#limits,
        counters: this.counters,
      });
      this.#carousel = this.#desk.carousel(publisher.channels);
    }
    this.#source = source;
    this.#connect();
  }

  /** Once there is something to tell of, and somebody to tell. */
  #connect(): void {
    if (!this.#isOpen || this.#source === undefined) return;
    if (this.#lines !== undefined) this.#publisher?.addSink(this.#lines);
    if (this.#v1 !== undefined) this.#publisher?.addSink(this.#v1.sink);
    if (this.#tickServer !== undefined) this.#ticks = new ExchangeTicks(this.#source, this.#tickServer);
  }

  onEvents(events: RecordBuffer, timestamp_us: number): void {
    this.#publisher?.onEvents(events, timestamp_us);
    this.#ticks?.onEvents(events, timestamp_us);
  }

  endCommand(words: Int32Array, at: number): void {
    this.#publisher?.endCommand(words, at);
    this.#ticks?.endCommand();
  }

  onReset(): void {
    this.#publisher?.onReset();
    this.#ticks?.onReset();
    this.#turns.ask();
  }

  /** The end of a turn of the exchange. */
  flush(): void {
    this.#publisher?.endTurn();
    const { channels = [] } = this.#publisher ?? {};
    let packets = 0;
    for (const channel of channels) packets += channel.packets;
    if (packets === this.#served) return;
    this.#served = packets;
    this.#turns.ask();
  }

  /** A subscriber that somebody else carries: its seat, or why there is none. Whoever has a seat calls wake() when it was fed or drained. */
  enter(carrier: FeedCarrier, address: string): Seat | FeedClose {
    return this.#desk?.enter(carrier, address) ?? FeedClose.GoingAway;
  }

  readonly wake = (): void => this.#turns.ask();

  /** What metrics and status tell. */
  figures(): FeedFigures {
    const { counters } = this;
    const channels = this.#publisher?.channels ?? [];
    return {
      epoch: channels[0]?.epoch ?? 0,
      channels: channels.map(({ kind, next, packets, bytes }) => ({
        name: CHANNEL_NAMES[kind],
        next,
        packets,
        bytes,
      })),
      subscribers: counters.subscribers,
      opened: counters.opened,
      closes: counters.closes,
      slowClosed: counters.slowClosed,
      conflated: counters.conflated,
      retransmitted: counters.retransmitted,
      retransmissionsRefused: counters.retransmissionsRefused,
      snapshots: counters.snapshots,
      udpErrors: (this.#lines?.errors ?? 0) + (this.#v1?.sender.errors ?? 0),
      ticks: this.#tickFigures(),
    };
  }

  /** Tells subscribers that it ends, and closes everything; within CLOSE_MS but for ticks/1, which has a bound of its own. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#turns.end();
    await this.#listener?.close();
    this.#desk?.shutDown();
    this.#lines?.close();
    this.#v1?.sender.close();
    await Promise.all([this.#tickServer?.close(), this.#subscribersGone()]);
    this.#transport?.destroyAll();
    this.#tickTransport?.destroyAll();
  }

  async #subscribersGone(): Promise<void> {
    const until_us = this.#parts.clock.monotonicMicros() + 1_000 * CLOSE_MS;
    while ((this.#transport?.open ?? 0) > 0 && this.#parts.clock.monotonicMicros() < until_us)
      await sleep(CLOSE_LOOK_MS);
  }

  async #openDatagrams(): Promise<void> {
    const { udp, udpV1, interface: by } = this.#options;
    const { clock, onUdpError: onError } = this.#parts;
    if (udp.length > 0) this.#lines = await DatagramLines.open({ lines: udp, interface: by, clock, onError });
    if (udpV1 === undefined) return;
    const sender = await DatagramSender.open(udpV1, { interface: by, onError });
    this.#v1 = { sender, sink: new V1Datagrams(sender) };
  }

  async #openTcp(): Promise<number | undefined> {
    const { tcp } = this.#options;
    if (tcp === undefined) return undefined;
    const transport = new NetTransport({ connectionsMax: this.#limits.subscribersMax + SUBSCRIBERS_SPARE });
    const { wake } = this;
    const { ended } = this.#parts;
    const service = new FeedService({ transport, desk: () => this.#desk, wake, ended });
    this.#transport = transport;
    this.#listener = await transport.listen(tcp, service);
    return this.#listener.port;
  }

  async #openTicks(): Promise<number | undefined> {
    const { ticks } = this.#options;
    if (ticks === undefined) return undefined;
    this.#tickTransport = new NetTransport({ connectionsMax: TICK_CLIENTS_MAX + TICK_CONNECTIONS_SPARE });
    const server = new TickServer({ transport: this.#tickTransport, clock: this.#parts.clock });
    const port = await server.listen(ticks);
    this.#tickServer = server;
    return port;
  }

  #tick(): void {
    // Checksums and figures of the day are due also while nothing happens.
    this.flush();
    if (this.#desk?.tick(this.#isCurrent)) this.#turns.ask();
    const [lines, carousel] = [this.#lines, this.#carousel];
    if (lines !== undefined && carousel !== undefined) {
      if (this.#isCurrent)
        for (const channel of this.#publisher?.channels ?? []) lines.beat(channel, this.#writer);
      lines.turn(carousel);
    }
    // Where nothing happens nobody else would ask for it.
    if (this.#desk?.wantsTurn) this.#turns.ask();
  }

  #tickFigures(): FeedFigures["ticks"] {
    const server = this.#tickServer;
    if (server === undefined) return null;
    const { framesSent, quotesConflated, framesDropped, slowDisconnects } = server.counters();
    const { clients, clientsRefused: refused } = server;
    return { clients, refused, framesSent, quotesConflated, framesDropped, slowDisconnects };
  }
}
