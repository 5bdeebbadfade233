// One port that is listened on: plain TCP, or TLS on it. At the cap of connections the port is closed, so that the kernel refuses
// new ones at once, and opened again when there is room. Another process may have taken it by then: the listener asks for
// it for some seconds, and then it has failed. Errors of one accept (the peer is gone already, no descriptor just now) are
// counted; any other error ends the listener, and its owner hears why.
//
//   open --full()--> full --room()--> open
//        \--error--> failed <--the port stays taken--/

import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import {
  assert,
  type ListenAddress,
  type Listener,
  listenWords,
  networkWords,
  SeriatimError,
} from "../base/index.ts";
import { HANDSHAKE_ms, TLS_VERSION, type TlsIdentity } from "./tls.ts";

export interface NetListenAddress extends ListenAddress {
  /** Without it: plain TCP. */
  readonly tls?: TlsIdentity | undefined;
}

/** Takes the peers that come in. */
export interface Accepting {
  /** A peer has connected: bytes go both ways. */
  accepted(socket: Socket): void;
  /** A peer has connected and is about to prove TLS: `accepted` follows with another socket, or nothing does. */
  arrived(socket: Socket): void;
  /** The TLS of a peer that has `arrived` holds. */
  secured(socket: TLSSocket): void;
  /** An accept failed, or a handshake did: that peer is gone, the rest goes on. */
  lost(): void;
}

/** An idle peer is asked this often whether it lives, in milliseconds: one that vanished without a word is noticed, and
 * its slot is free, some ten seconds later. */
const KEEP_ALIVE_ms = 60_000;
/** Connections the kernel queues before they are accepted. */
const BACKLOG = 511;
/** A port that is wanted back and taken is asked for so often, with so much time between: 5 s. */
const REOPEN_TRIES = 50;
const REOPEN_PAUSE_ms = 100;

/** What one accept can fail with while others go on: the peer is gone, or there is no descriptor or memory for it now. */
const TRANSIENT = new Set([
  ...["EAGAIN", "ECONNABORTED", "ECONNRESET", "EINTR", "EPERM", "EPROTO", "ETIMEDOUT"],
  ...["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"],
]);

/** Whether a listener that fails with this goes on. */
export function isTransient(code: string | undefined): boolean {
  return code !== undefined && TRANSIENT.has(code);
}

export class NetListener implements Listener {
  port = 0;
  readonly failed: Promise<SeriatimError>;
  readonly #address: NetListenAddress;
  readonly #accepting: Accepting;
  readonly #failure = Promise.withResolvers<SeriatimError>();
  #server: Server | undefined;
  #isOpening = false;
  #isFull = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  private constructor(address: NetListenAddress, accepting: Accepting) {
    this.#address = address;
    this.#accepting = accepting;
    this.failed = this.#failure.promise;
  }

  /** Throws SeriatimError naming the address. */
  static async open(address: NetListenAddress, accepting: Accepting): Promise<NetListener> {
    const listener = new NetListener(address, accepting);
    await listener.#open(address.port);
    return listener;
  }

  /** There is no room for another peer. */
  full(): void {
    this.#isFull = true;
    clearTimeout(this.#retry);
    this.#letGo();
  }

  /** There is room again. */
  room(): void {
    this.#isFull = false;
    void this.#reopen(REOPEN_TRIES);
  }

  // Waits for no connection: those belong to whoever accepted them.
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#letGo();
    return Promise.resolve();
  }

  #letGo(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  // One at a time: with two under way the second would find the port taken by the first.
  async #reopen(triesLeft: number): Promise<void> {
    if (this.#isOpening || this.#isFull || this.#isClosed || this.#server !== undefined) return;
    clearTimeout(this.#retry);
    this.#isOpening = true;
    const error = await this.#open(this.port).catch((cause: SeriatimError) => cause);
    this.#isOpening = false;
    // It was full in between, and is no more: another try.
    if (error === undefined) return void this.#reopen(REOPEN_TRIES);
    if (triesLeft === 1) return this.#fail(error);
    this.#retry = setTimeout(() => void this.#reopen(triesLeft - 1), REOPEN_PAUSE_ms);
  }

  #open(port: number): Promise<void> {
    const server = this.#make();
    const { host, setting } = this.#address;
    return new Promise((resolve, reject) => {
      server.once("error", (cause) => reject(listenError({ setting, host, port }, cause)));
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.removeAllListeners("error").on("error", (error) => this.#errored(error));
        this.port = portOf(server);
        // Full again, or closed, while it was being opened.
        if (this.#isFull || this.#isClosed) server.close();
        else this.#server = server;
        resolve();
      });
    });
  }

  #make(): Server {
    const { tls } = this.#address;
    const accepting = this.#accepting;
    const options = {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_ms,
    };
    if (tls === undefined) return createServer(options, (socket) => accepting.accepted(socket));
    const server = createTlsServer({
      ...options,
      ...tls,
      minVersion: TLS_VERSION,
      handshakeTimeout: HANDSHAKE_ms,
    });
    server.on("connection", (socket: Socket) => accepting.arrived(socket));
    server.on("secureConnection", (socket) => accepting.secured(socket));
    server.on("tlsClientError", (_error, socket) => {
      accepting.lost();
      socket.destroy();
    });
    return server;
  }

  #errored(error: NodeJS.ErrnoException): void {
    if (isTransient(error.code)) return this.#accepting.lost();
    const { host } = this.#address;
    const why = networkWords(error.code, error.message);
    const what = `listening on ${host}:${this.port} failed: ${why}`;
    this.#fail(new SeriatimError(error.code ?? "ELISTEN", what, { cause: error }));
  }

  #fail(error: SeriatimError): void {
    this.#letGo();
    this.#failure.resolve(error);
  }
}

function portOf(server: Server): number {
  const address = server.address();
  assert(address !== null && typeof address === "object", "a TCP server has a port");
  return address.port;
}

function listenError(address: ListenAddress, cause: NodeJS.ErrnoException): SeriatimError {
  const code = cause.code ?? "ELISTEN";
  return new SeriatimError(code, listenWords(address, code, code), { cause });
}
