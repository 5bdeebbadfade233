// Where other nodes connect to this one: the listener, and a session for each connection. On a primary they are replicas;
// on any node, whoever asks how it stands. Anybody can connect: who has not shown that he is a replica gives way to the
// next, the oldest first, so that nobody can keep the replicas out.

import type { Server, Socket } from "node:net";
import { listenWords, SeriatimError } from "../../base/index.ts";
import { createServerOf, readingInto, SystemClock, type TlsIdentity } from "../../platform/index.ts";
import type { RefusalCode } from "../../protocol/index.ts";
import { endingWords, RefusalNotice, type ServingNode, ServingSession } from "../../replication/index.ts";
import { SocketOutput } from "./socket-session.ts";

/** Deadlines and heartbeats are looked after this often. */
const TICK_MS = 50;
/** Read from one at once: acknowledgements have 40 bytes, and come by the thousand. */
const READ_BYTES = 4_096;
/** For the last words to one that is refused or answered, and does not take them. */
const LAST_WORDS_US = 1_000_000;
/** Sockets at once, those included that have not said who they are, and those whose session is over. */
const CONNECTIONS_MAX = 8;

export interface ServingNews {
  /** A replica is followed from here, with a row of the view. */
  connected(name: string, row: number, position: number): void;
  /** A replica lacks what the journal no longer has. */
  sendsSnapshot(name: string, position: number): void;
  ended(name: string, how: string): void;
  /** Nodes are refused for who they are, in one line, once in a while. */
  refused(line: string): void;
}

interface Connection {
  readonly session: ServingSession;
  readonly socket: Socket;
  /** Of the other end; a socket that has ended knows it no more. */
  readonly address: string;
  isKnown: boolean;
  /** When its session was seen to be over; undefined while it goes on. */
  ended_us: number | undefined;
}

export class ServingListener {
  readonly #node: ServingNode;
  readonly #news: ServingNews;
  readonly #clock = new SystemClock();
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  #ticker: NodeJS.Timeout | undefined;
  #lastTold = "";
  readonly #refusals = new RefusalNotice();

  /** With `tls` who connects has to; plain TCP without. */
  constructor(node: ServingNode, news: ServingNews, tls?: TlsIdentity) {
    this.#server = createServerOf(tls, (socket) => this.#connected(socket));
    this.#node = node;
    this.#news = news;
  }

  /** Resolves with the port; throws SeriatimError when it can't be listened on. */
  listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.on("error", (error: NodeJS.ErrnoException) => {
      const what = listenWords({ setting: "replication-port", host, port }, error.code, error.message);
      reject(new SeriatimError(error.code ?? "ELISTEN", what));
    });
    this.#server.listen(port, host, () => {
      const address = this.#server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    return promise;
  }

  /** Sends what is new to everybody who wants it. */
  pump(): void {
    for (const connection of this.#connections) this.#pump(connection);
  }

  /** Ends every session, and with it its row: nobody counts any more. */
  endSessions(): void {
    for (const { session } of this.#connections) session.close();
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#server.close();
    this.endSessions();
    for (const { socket } of this.#connections) socket.destroy();
  }

  #connected(accepted: Socket): void {
    if (this.#connections.size >= CONNECTIONS_MAX) this.#giveWay();
    const memory = new Uint8Array(READ_BYTES);
    const received = (bytes: Uint8Array): void => {
      session.received(bytes, this.#clock.monotonicMicros());
      this.#pump(connection);
    };
    const reading = {
      space: () => memory,
      filled: (_: Uint8Array, count: number) => received(memory.subarray(0, count)),
    };
    const socket = (readingInto(accepted, reading) ?? accepted).setNoDelay(true);
    const session = new ServingSession(this.#node, new SocketOutput(socket), this.#clock.monotonicMicros());
    const address = socket.remoteAddress ?? "an address that is gone";
    const connection: Connection = { session, socket, address, isKnown: false, ended_us: undefined };
    this.#connections.add(connection);
    // Over TLS, and of what makes the socket read.
    socket.on("data", received);
    socket.on("end", () => socket.end());
    socket.on("drain", () => this.#pump(connection));
    socket.on("error", () => {});
    socket.on("close", () => {
      session.close();
      this.#look(connection);
      this.#connections.delete(connection);
    });
  }

  /** There are more connections allowed than replicas have seats: one of them is no replica's, or over. */
  #giveWay(): void {
    for (const connection of this.#connections) {
      if (connection.isKnown && connection.session.ended === undefined) continue;
      this.#look(connection);
      return this.#drop(connection);
    }
  }

  /** Refused by this node's disk before it is followed, it comes back four times a second. */
  #tellOnce(name: string, words: string): void {
    if (this.#lastTold !== words) this.#news.ended(name, words);
    this.#lastTold = words;
  }

  #tellRefused({ session, address }: Connection, code: RefusalCode): void {
    const line = this.#refusals.of(code, session.peer, address, this.#clock.monotonicMicros());
    if (line !== undefined) this.#news.refused(line);
  }

  #drop(connection: Connection): void {
    this.#connections.delete(connection);
    connection.session.close();
    connection.socket.destroy();
  }

  #tick(): void {
    const now_us = this.#clock.monotonicMicros();
    for (const connection of this.#connections) {
      if (connection.ended_us !== undefined && now_us - connection.ended_us > LAST_WORDS_US) {
        this.#drop(connection);
        continue;
      }
      connection.session.tick(now_us);
      this.#pump(connection);
    }
  }

  /** Sends what there is; when more is left, in the next turn, so that others have theirs. */
  #pump(connection: Connection): void {
    if (connection.session.send(this.#clock.monotonicMicros())) setImmediate(() => this.#pump(connection));
    this.#look(connection);
  }

  #look(connection: Connection): void {
    const { session, socket } = connection;
    const { replica, snapshotTo, ended } = session;
    if (replica !== undefined && !connection.isKnown) {
      connection.isKnown = true;
      this.#news.connected(replica, session.row, session.sent);
    }
    if (snapshotTo !== undefined && !connection.isKnown) {
      connection.isKnown = true;
      this.#news.sendsSnapshot(snapshotTo.name, snapshotTo.position);
    }
    if (ended === undefined || connection.ended_us !== undefined) return;
    connection.ended_us = this.#clock.monotonicMicros();
    // Frames that a replica has not taken are nothing to wait for; the words to whoever was refused, or asked, are short.
    if (connection.isKnown && ended.kind !== "refused") this.#drop(connection);
    else socket.destroySoon();
    if (ended.kind === "refused") this.#tellRefused(connection, ended.code);
    const words = endingWords(ended);
    if (replica !== undefined) this.#news.ended(replica, words);
    else if (ended.kind === "unreadable") this.#tellOnce(session.claimant ?? "", words);
  }
}
