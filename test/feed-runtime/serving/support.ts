// An exchange whose feeds are served over real sockets, driven by a generated flow; and a subscriber over TCP that cuts what comes into
// packets and replies.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { RecordBuffer } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import type { ServingLimits } from "../../../src/feed/index.ts";
import {
  type EndedSubscriber,
  type FeedPorts,
  type MarketFeedOptions,
  MarketFeeds,
} from "../../../src/feed-runtime/index.ts";
import { generateFlow } from "../../../src/lab/index.ts";
import { NativeChecksums, SystemClock } from "../../../src/platform/index.ts";
import {
  announcedBytes,
  ChannelKind,
  COMMAND_WORDS,
  decodeMdReply,
  EVENT_WORDS,
  EventKind,
  encodeMdRequest,
  type Flow,
  flowGenesis,
  isMdRequest,
  type MdReply,
  type MdRequest,
  readEvent,
  writeFlowCommand,
  writeGenesis,
  writeTimestamp,
} from "../../../src/protocol/index.ts";

export const KINDS = Object.values(ChannelKind);

/** Small, so that somebody can fall out of it. */
const HISTORY_BYTES = 1_048_576;

/** The machine's clock, which a test can move on. */
class MovedClock extends SystemClock {
  moved_us = 0;

  override wallMicros(): number {
    return super.wallMicros() + this.moved_us;
  }

  override monotonicMicros(): number {
    return super.monotonicMicros() + this.moved_us;
  }
}

export class ServedExchange {
  readonly engine = new ExchangeEngine();
  readonly feeds: MarketFeeds;
  readonly clock = new MovedClock();
  readonly ended: EndedSubscriber[] = [];
  readonly udpErrors: string[] = [];
  onTrade: (symbol: number, price: number, quantity: number) => void = () => {};
  ports: FeedPorts = { tcp: undefined, ticks: undefined };
  readonly #flow: Flow;
  readonly #words = new Int32Array(COMMAND_WORDS);
  readonly #records: RecordBuffer;
  #step = 0;

  private constructor(options: Partial<MarketFeedOptions>, limits: Partial<ServingLimits>, seed: number) {
    this.#flow = generateFlow("mixed", seed, 5_000);
    this.feeds = new MarketFeeds(
      { channels: KINDS, udp: [], tcp: { host: "127.0.0.1", port: 0 }, ...options },
      {
        clock: this.clock,
        checksums: new NativeChecksums(),
        limits,
        historyBytes: HISTORY_BYTES,
        ended: (subscriber) => void this.ended.push(subscriber),
        onUdpError: (error) => void this.udpErrors.push(error.message),
      },
    );
    const now_us = () => this.clock.wallMicros();
    this.#records = new RecordBuffer(EVENT_WORDS, 16, (records) => {
      for (let i = 0; i < records.count; i++) {
        const { kind, symbol, price, quantity } = readEvent(records.words, i * EVENT_WORDS);
        if (kind === EventKind.Trade) this.onTrade(symbol, price, quantity);
      }
      this.feeds.onEvents(records, now_us());
    });
    writeGenesis(this.#words, 0, flowGenesis(this.#flow), 0);
    writeTimestamp(this.#words, 0, now_us());
    this.engine.apply(this.#words, 0, new RecordBuffer(EVENT_WORDS, 16, () => {}));
  }

  static async open(
    options: Partial<MarketFeedOptions> = {},
    { limits = {}, seed = 1 }: { limits?: Partial<ServingLimits>; seed?: number } = {},
  ): Promise<ServedExchange> {
    const exchange = new ServedExchange(options, limits, seed);
    exchange.feeds.begin(exchange.engine);
    exchange.feeds.onReset();
    exchange.ports = await exchange.feeds.open();
    return exchange;
  }

  get tcp(): number {
    return this.ports.tcp as number;
  }

  /** Applies so many commands of the flow, over and over, and ends the turn. */
  run(commands: number): void {
    const { steps } = this.#flow;
    for (let i = 0; i < commands; i++) {
      writeFlowCommand(this.#words, 0, steps[this.#step++ % steps.length].command);
      writeTimestamp(this.#words, 0, this.clock.wallMicros());
      this.engine.apply(this.#words, 0, this.#records);
      this.#records.drain();
      this.feeds.endCommand(this.#words, 0);
    }
    this.feeds.flush();
  }

  /** The next sequence of a channel. */
  next(kind: ChannelKind): number {
    const { channels } = this.feeds.figures();
    return channels[channels.length === 1 ? 0 : KINDS.indexOf(kind)].next;
  }
}

export class TcpSubscriber {
  readonly socket: Socket;
  readonly replies: MdReply[] = [];
  /** Packets since they were taken. */
  packets: Uint8Array[] = [];
  /** Bytes received, ever. */
  bytes = 0;
  isClosed = false;
  #kept: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => this.#receive(bytes));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  static async connect(port: number, ...requests: MdRequest[]): Promise<TcpSubscriber> {
    const socket = connect(port, "127.0.0.1");
    const subscriber = new TcpSubscriber(socket);
    await once(socket, "connect");
    subscriber.say(...requests);
    return subscriber;
  }

  say(...requests: MdRequest[]): void {
    for (const request of requests) this.socket.write(encodeMdRequest(request));
  }

  #receive(bytes: Buffer): void {
    this.bytes += bytes.length;
    const all = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    let at = 0;
    while (all.length - at >= 2 && announcedBytes(all, at) <= all.length - at) {
      const to = at + announcedBytes(all, at);
      if (isMdRequest(all[at + 3])) this.replies.push(decodeMdReply(all, at, to) as MdReply);
      else this.packets.push(Uint8Array.from(all.subarray(at, to)));
      at = to;
    }
    this.#kept = Buffer.from(all.subarray(at));
  }
}

export function subscribe(
  channel: number,
  more: Partial<Omit<MdRequest & { type: 128 }, "type">> = {},
): MdRequest {
  return { type: 128, channel, conflate: false, epoch: 0, from: 0, symbols: [], ...more };
}
