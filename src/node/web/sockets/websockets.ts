// The WebSockets of the HTTP server: who may connect, how many, and the end of all (specification:
// docs/api/websocket.md).

/// <reference types="node" preserve="true" />

import { X509Certificate } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Clock, SeriatimError } from "../../../base/index.ts";
import { connectOrderEntry } from "../../../client/index.ts";
import type { Publisher } from "../../../feed/index.ts";
import type { MarketFeeds } from "../../../feed-runtime/index.ts";
import {
  CloseCode,
  type StatusMessage,
  statusText,
  type TapeReport,
  tapeText,
} from "../../../protocol/index.ts";
import type { AccountNames } from "../../account-names.ts";
import { ConnectionLog } from "../../connection-log.ts";
import { reachableHost } from "../../listening.ts";
import type { Log } from "../../log.ts";
import { FEED_PATH, pathOf } from "../http/http.ts";
import { originIsAllowed } from "../http/origin.ts";
import type { Access } from "../session/admission.ts";
import { tradingConnector } from "../session/connect-trading.ts";
import { IN_FLIGHT_MAX, type NewLink, noLink } from "../session/order-desk.ts";
import { WebExchange, type WebSource } from "../session/web-exchange.ts";
import { WEB_LIMITS, WebClose, type WebCounters, type WebLimits } from "../web-limits.ts";
import type { FeedSockets } from "./feed-sockets.ts";
import { WebConnection, type WebParts } from "./web-connection.ts";

/** For closing handshakes when all end, which is a part of the second that a node's stop has for its web. */
const CLOSE_ALL_MS = 700;

/** As http.ts takes it. */
const { STATUS_CODES } = process.getBuiltinModule("node:http");

/** What the node says about itself, for channel `status`, and of its tape, if it has one, for channel `tape`. */
export interface NodeFigures extends Omit<StatusMessage, "subscribers" | "streams" | "feeds"> {
  readonly tape?: TapeReport | undefined;
}

export interface WebSocketOptions {
  readonly publisher: Publisher;
  /** What the publisher tells of. */
  readonly source: WebSource;
  /** What the node listens on. */
  readonly host: string;
  /** Its certificate (PEM), when it speaks TLS. */
  readonly cert?: string | undefined;
  /** Its order entry: orders of WebSockets go there as anybody's. */
  readonly orderPort: number;
  /** Where that is, when it is not where the node listens. */
  readonly orderHost?: string | undefined;
  /** Why this node takes no orders, if it doesn't. */
  readonly noOrders?: string | undefined;
  readonly accounts: AccountNames;
  readonly access: Access;
  /** Private: by which sessions with a token log on to order entry; undefined: none can. */
  readonly nodeKey: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** The node's figures of now; rejects with SeriatimError when the node does not answer. */
  readonly status: () => Promise<NodeFigures>;
  /** The node's last event, which the copy may not have yet; rejects like `status`. */
  readonly sequence: () => Promise<number>;
  readonly counters: WebCounters;
  /** The binary feeds, and who takes upgrades to their path; undefined: there are none. */
  readonly feeds?: MarketFeeds | undefined;
  readonly feedSockets?: FeedSockets | undefined;
  /** Others than WEB_LIMITS, for tests. */
  readonly limits?: Partial<WebLimits>;
}

export interface WebSockets {
  /** Takes no more connections and ends all, saying `why`; resolves when they are gone, within CLOSE_ALL_MS. */
  close(why: string): Promise<void>;
}

/** Takes the upgrades of `server`: to the path of binary feeds for these, to any other as its own. */
export function attachWebSockets(server: Server, options: WebSocketOptions): WebSockets {
  return new AttachedWebSockets(server, options);
}

class AttachedWebSockets implements WebSockets {
  readonly #counters: WebCounters;
  readonly #options: WebSocketOptions;
  readonly #exchange: WebExchange;
  readonly #closings: ConnectionLog;
  readonly #certificate: X509Certificate | undefined;
  readonly #parts: WebParts;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<WebConnection>();
  readonly #statusTimer: NodeJS.Timeout;
  /** What the node said last. */
  #figures: NodeFigures | undefined;
  #gone: PromiseWithResolvers<void> | undefined;
  #whyGone = "";

  constructor(server: Server, options: WebSocketOptions) {
    this.#options = options;
    this.#certificate = options.cert === undefined ? undefined : new X509Certificate(options.cert);
    this.#counters = options.counters;
    const { publisher, source, accounts, access, clock, orderPort, noOrders, nodeKey } = options;
    const limits = { ...WEB_LIMITS, ...options.limits };
    const host = options.orderHost ?? reachableHost(options.host);
    const connectOrders = async (account: number): Promise<NewLink> => {
      if (noOrders !== undefined) return noLink(noOrders);
      const link = await connectOrderEntry({ host, port: orderPort, account, window: IN_FLIGHT_MAX });
      try {
        return { link, sequence: await options.sequence() };
      } catch (error) {
        link.close();
        throw error;
      }
    };
    const connectTrading = tradingConnector({ host, port: orderPort, nodeKey });
    this.#exchange = new WebExchange({
      ...{ publisher, source, accounts, access, noOrders, clock, limits, connectOrders, connectTrading },
    });
    this.#closings = new ConnectionLog(options.log, "WebSocket");
    this.#parts = { exchange: this.#exchange, counters: this.#counters, closings: this.#closings };
    this.#sockets = createSockets(limits);
    server.on("upgrade", (request, stream, head) => this.#upgrade(request, stream, head));
    this.#statusTimer = setInterval(() => this.#tellStatus(), limits.status_ms);
  }

  close(why: string): Promise<void> {
    if (this.#gone !== undefined) return this.#gone.promise;
    this.#whyGone = why;
    const gone = Promise.withResolvers<void>();
    this.#gone = gone;
    clearInterval(this.#statusTimer);
    this.#exchange.lists.close();
    for (const connection of this.#connections) connection.close(CloseCode.GoingAway, why);
    if (this.#connections.size === 0) gone.resolve();
    const breakOff = setTimeout(() => {
      for (const connection of this.#connections) connection.breakOff(WebClose.GoingAway);
    }, CLOSE_ALL_MS);
    void gone.promise.then(() => clearTimeout(breakOff));
    return gone.promise;
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const { log, host } = this.#options;
    const { origin, host: asked } = request.headers;
    if (!originIsAllowed(origin, asked, host, this.#certificate)) {
      this.#counters.refusedOrigin++;
      log.debug({ origin, host: asked }, "a WebSocket was refused: its page is of another origin");
      return refuseUpgrade(stream, 403, "a page of another origin may not connect");
    }
    if (this.#gone !== undefined) return refuseUpgrade(stream, 503, this.#whyGone);
    const { feedSockets } = this.#options;
    if (feedSockets !== undefined && pathOf(request.url) === FEED_PATH) {
      if (!feedSockets.isFull) return feedSockets.upgrade(request, stream, head);
      this.#counters.refusedFull++;
      return refuseUpgrade(stream, 503, "there are as many connections to binary feeds as may be");
    }
    if (this.#connections.size >= this.#exchange.limits.connectionsMax && !this.#makeRoom()) {
      this.#counters.refusedFull++;
      return refuseUpgrade(stream, 503, "there are as many connections as may be");
    }
    this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#connected(socket, stream));
  }

  /** Where accounts need a token, the oldest that no hello has let in goes; false: there is none. */
  #makeRoom(): boolean {
    if (this.#options.access.isOpen) return false;
    for (const connection of this.#connections) {
      if (connection.hasPlace) continue;
      this.#connections.delete(connection);
      connection.breakOff(WebClose.GaveWay);
      return true;
    }
    return false;
  }

  #connected(socket: WebSocket, stream: Duplex): void {
    // The stream of an upgrade is the connection's socket.
    const { remoteAddress = "" } = stream as Socket;
    const connection = new WebConnection(socket, stream, remoteAddress, this.#parts);
    this.#connections.add(connection);
    this.#counters.connections++;
    this.#counters.opened++;
    socket.once("close", () => {
      this.#connections.delete(connection);
      this.#counters.connections--;
      if (this.#connections.size === 0) this.#gone?.resolve();
    });
  }

  async #tellStatus(): Promise<void> {
    const now_us = this.#options.clock.monotonicMicros();
    this.#closings.tick(now_us);
    for (const connection of this.#connections) connection.tick(now_us);
    const listeners = [...this.#connections].filter(({ wantsStatus, wantsTape }) => wantsStatus || wantsTape);
    if (listeners.length === 0) return;
    const figures = await this.#newestFigures();
    if (figures === undefined) return;
    const { figures: streams } = this.#options.publisher;
    const feeds = this.#options.feeds?.figures();
    const text = statusText({ ...figures, subscribers: this.#counters.connections, streams, feeds });
    const tape = figures.tape && tapeText(figures.tape);
    for (const connection of listeners) {
      connection.sendStatus(text);
      if (tape !== undefined) connection.sendTape(tape);
    }
  }

  /** Of a node that does not answer: what it said last, and that. */
  async #newestFigures(): Promise<NodeFigures | undefined> {
    try {
      this.#figures = await this.#options.status();
      return this.#figures;
    } catch (error) {
      const { message: reason } = error as SeriatimError;
      return this.#figures && { ...this.#figures, status: "degraded", reason };
    }
  }
}

function createSockets(limits: WebLimits): WebSocketServer {
  // Not written in place: the library's types don't know closeTimeout yet.
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.message_bytes,
    closeTimeout: limits.close_ms,
    WebSocket: reasoned(limits),
  };
  return new WebSocketServer(options);
}

/** The library closes connections whose frames are wrong with a code alone; these say why. */
function reasoned({ message_bytes }: WebLimits): typeof WebSocket {
  const reasons: ReadonlyMap<number | undefined, string> = new Map([
    [1002, "what came is no frame of a WebSocket"],
    [1007, "a text frame holds UTF-8"],
    [1009, `a message has at most ${message_bytes} bytes`],
  ]);
  return class extends WebSocket {
    override close(code?: number, reason?: string | Buffer): void {
      super.close(code, reason ?? reasons.get(code));
    }
  };
}

/** Answers an upgrade that is not made. */
export function refuseUpgrade(stream: Duplex, status: number, line: string): void {
  const body = `${line}\n`;
  // Whoever is refused may be gone already: nobody has to know.
  stream.on("error", () => {});
  stream.once("finish", () => stream.destroy());
  stream.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
