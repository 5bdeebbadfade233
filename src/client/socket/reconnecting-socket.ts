// A WebSocket that is made again whenever it is lost: after a wait that grows, or when nothing came for too long; of several
// addresses to the next one. What is said on it is its owner's matter.

import type { SeriatimError } from "../../base/index.ts";
import { connectionLost } from "../errors.ts";
import { retryDelay_ms } from "../retry.ts";
import {
  checkedUrls,
  closeWords,
  type ExchangeSocketOptions,
  openGlobalSocket,
  type SocketLike,
} from "./connection.ts";

/** A node says its status once a second: where so many looks found nothing new the connection is dead. */
const LOOK_MS = 2_000;
/** The first one begins anywhere in a silence; another may come late, of a program or machine that stood still and has not read yet. */
const SILENT_LOOKS_MAX = 3;

/** What may wait for the network before a request is refused: some hundred orders, sent long after they were meant. */
const BUFFERED_BYTES_MAX = 65_536;

type SocketTimer = ReturnType<typeof setTimeout>;

export interface ReconnectingListener {
  /** A connection is being made. */
  connecting(): void;
  /** It stands: hello may be said. */
  stands(): void;
  heard(text: string): void;
  /** The other side closed it; true: it is not to be made again, and close() was called. */
  closed(code: number, reason: string): boolean;
  /** It is gone, and tried again in `retryIn_ms`. */
  lost(cause: SeriatimError, why: string, retryIn_ms: number): void;
}

export class ReconnectingSocket {
  readonly #urls: readonly string[];
  readonly #open: (url: string) => SocketLike;
  readonly #listener: ReconnectingListener;
  #socket: SocketLike | undefined;
  #retry: SocketTimer | undefined;
  #silence: ReturnType<typeof setInterval> | undefined;
  /** Since something came. */
  #silentLooks = 0;
  #failures = 0;
  #tried = 0;

  /** Not yet connected: see connect(). Throws SeriatimError `INVALID_ARGUMENT`. */
  constructor(options: ExchangeSocketOptions, listener: ReconnectingListener) {
    this.#urls = checkedUrls(options);
    this.#open = options.openSocket ?? openGlobalSocket;
    this.#listener = listener;
  }

  /** Where it is connected to, or tries to be. */
  get url(): string {
    return this.#urls[this.#tried % this.#urls.length];
  }

  get hasOthers(): boolean {
    return this.#urls.length > 1;
  }

  /** What the network has not taken yet: bytes. */
  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  get isFull(): boolean {
    return this.bufferedAmount > BUFFERED_BYTES_MAX;
  }

  connect(): void {
    clearTimeout(this.#retry);
    const socket = this.#open(this.url);
    this.#socket = socket;
    this.#silentLooks = 0;
    this.#silence = setInterval(() => this.#checkSilence(), LOOK_MS);
    socket.onopen = () => this.#listener.stands();
    socket.onmessage = ({ data }) => {
      this.#silentLooks = 0;
      this.#listener.heard(data as string);
    };
    socket.onclose = ({ code, reason }) => {
      if (!this.#listener.closed(code, reason)) this.lose(closeWords(code, reason));
    };
    // Last: a listener that hears it may close, and then there is a socket to let go of.
    this.#listener.connecting();
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  /** It got on: the next wait is a short one. */
  isGood(): void {
    this.#failures = 0;
  }

  /** Gives the connection up, for the reason `why`, and tries again later. */
  lose(why: string): void {
    this.#letGo();
    const cause = connectionLost(this.url, why);
    this.#failures++;
    this.#tried++;
    // Longer after each round: another node of the cluster may be there at once.
    const rounds = Math.floor(this.#failures / this.#urls.length);
    const retryIn_ms = retryDelay_ms(Math.max(1, rounds), Math.random());
    this.#retry = setTimeout(() => this.connect(), retryIn_ms);
    this.#listener.lost(cause, why, retryIn_ms);
  }

  /** For good; the listener hears nothing more. */
  close(): void {
    clearTimeout(this.#retry);
    this.#letGo();
  }

  #checkSilence(): void {
    if (++this.#silentLooks < SILENT_LOOKS_MAX) return;
    this.lose(`nothing came for ${((SILENT_LOOKS_MAX - 1) * LOOK_MS) / 1_000} s`);
  }

  /** Lets go of the connection, whatever state it is in. */
  #letGo(): void {
    clearInterval(this.#silence);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
