// The binary feed over WebSocket, path /md: the sessions of the TCP service with another carrier. A packet or a reply is one binary message,
// and so is each request.

/// <reference types="node" preserve="true" />

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { addressKey } from "../../../base/index.ts";
import type { FeedCarrier, Seat } from "../../../feed/index.ts";
import { FeedClose } from "../../../feed/index.ts";
import type { EndedSubscriber, MarketFeeds } from "../../../feed-runtime/index.ts";
import { announcedBytes, MD_REQUEST_BYTES_MAX } from "../../../protocol/index.ts";
import { FEED_SOCKETS_MAX } from "../web-limits.ts";

/** A peer that vanished without a word is noticed some ten seconds after so long, as on the TCP service. */
const KEEP_ALIVE_MS = 60_000;
/** The library's reason has room for 123 bytes, and ours are names; the code says no more than that it is the service's decision. */
const CLOSE_CODE = 4_000;
const GOING_AWAY_CODE = 1_001;
/** For the peer's half of a closing handshake: whoever is ended for being slow is one who leaves it out. */
const CLOSE_MS = 2_000;
/** The same when all of them end. */
const CLOSE_ALL_MS = 300;

export class FeedSockets {
  readonly #feeds: MarketFeeds;
  readonly #ended: (subscriber: EndedSubscriber) => void;
  readonly #server = createServer();
  /** Refused ones too, until their connections are gone. */
  readonly #sockets = new Set<WebSocket>();
  readonly #gone = Promise.withResolvers<void>();
  #isClosing = false;

  constructor(feeds: MarketFeeds, ended: (subscriber: EndedSubscriber) => void) {
    this.#feeds = feeds;
    this.#ended = ended;
  }

  /** Takes the upgrade of a request whose origin may connect. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, stream, head, (socket) => this.#connected(socket, stream as Socket));
  }

  /** Whether one more would be too many. */
  get isFull(): boolean {
    return this.#sockets.size >= FEED_SOCKETS_MAX;
  }

  /** Waits for those that the end of the feeds was told, and breaks off what is left. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#sockets.size === 0) return;
    const breakOff = setTimeout(() => {
      for (const socket of this.#sockets) socket.terminate();
    }, CLOSE_ALL_MS);
    await this.#gone.promise;
    clearTimeout(breakOff);
  }

  #left(socket: WebSocket): void {
    this.#sockets.delete(socket);
    if (this.#isClosing && this.#sockets.size === 0) this.#gone.resolve();
  }

  #connected(socket: WebSocket, stream: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#left(socket));
    const address = addressKey(stream.remoteAddress ?? "");
    const feeds = this.#feeds;
    stream.setKeepAlive(true, KEEP_ALIVE_MS);
    const carrier = new SocketSubscriber(socket, stream, feeds.wake);
    // The library closes the connection of whoever breaks its rules, also of one that was refused: unheard, its error ends the thread.
    socket.on("error", () => carrier.tell(FeedClose.Malformed));
    const seat = feeds.enter(carrier, address);
    if (typeof seat === "string") {
      carrier.close(seat);
      return this.#ended({ reason: seat, address });
    }
    carrier.seat = seat;
    socket.on("message", (bytes: Buffer, isBinary) => {
      seat.session.received(isBinary && isOneRequest(bytes) ? bytes : NO_REQUEST);
      feeds.wake();
    });
    socket.once("close", (code) => {
      const reason = carrier.why ?? (code === ABNORMAL_CODE ? FeedClose.Broken : FeedClose.PeerEnded);
      seat.leave(reason);
      this.#ended({ reason, address });
    });
  }
}

function createServer(): WebSocketServer {
  // Not written in place: the library's types don't know closeTimeout yet.
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MD_REQUEST_BYTES_MAX,
    closeTimeout: CLOSE_MS,
  };
  return new WebSocketServer(options);
}

/** What a message that isn't one whole request is taken for: bytes that are none. */
const NO_REQUEST = Uint8Array.of(0, 0);

/** The session takes bytes split anywhere; a message has its own edges, and a request that goes beyond them is a mistake of its sender. */
function isOneRequest(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && announcedBytes(bytes, 0) === bytes.length;
}

/** The connection was broken off without a closing handshake. */
const ABNORMAL_CODE = 1_006;

class SocketSubscriber implements FeedCarrier {
  seat: Seat | undefined;
  why: FeedClose | undefined;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #wake: () => void;
  /** Pieces sent, and the one that is held; 0: none is. */
  #sent = 0;
  #held = 0;

  constructor(socket: WebSocket, stream: Duplex, wake: () => void) {
    this.#socket = socket;
    this.#stream = stream;
    this.#wake = wake;
  }

  send(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return true;
    const piece = ++this.#sent;
    // All of its messages leave in one write.
    this.#stream.cork();
    for (let at = 0; at < bytes.length; ) {
      const to = at + announcedBytes(bytes, at);
      const isLast = to === bytes.length;
      socket.send(bytes.subarray(at, to), isLast ? () => this.#written(piece) : undefined);
      at = to;
    }
    this.#stream.uncork();
    if (socket.bufferedAmount === 0) return true;
    this.#held = piece;
    return false;
  }

  close(why: FeedClose): void {
    this.tell(why);
    if (why === FeedClose.Stalled) this.#socket.terminate();
    else this.#socket.close(why === FeedClose.GoingAway ? GOING_AWAY_CODE : CLOSE_CODE, why);
  }

  /** The first reason is the one that counts. */
  tell(why: FeedClose): void {
    this.why ??= why;
  }

  #written(piece: number): void {
    if (this.#held !== piece) return;
    this.#held = 0;
    this.seat?.session.drained();
    this.#wake();
  }
}
