// Where other nodes connect to this one: the listener, and a session for each connection. On a primary they are replicas;
// on any node, whoever asks how it stands.

import { createServer, type Server, type Socket } from "node:net";
import { networkWords, SeriatimError } from "../../base/index.ts";
import { SystemClock } from "../../platform/index.ts";
import { endingWords, type ServingNode, ServingSession } from "../../replication/index.ts";
import { SocketOutput } from "./socket-session.ts";

/** Deadlines and heartbeats are looked after this often. */
const TICK_MS = 50;
/** Connections at once, those that have not said who they are included. */
const CONNECTIONS_MAX = 8;

export interface ServingNews {
  /** A replica is followed from here, with a row of the view. */
  connected(name: string, row: number, position: number): void;
  /** A replica lacks what the journal no longer has. */
  sendsSnapshot(name: string, position: number): void;
  ended(name: string, how: string): void;
}

interface Connection {
  readonly session: ServingSession;
  readonly socket: Socket;
  isKnown: boolean;
}

export class ServingListener {
  readonly #node: ServingNode;
  readonly #news: ServingNews;
  readonly #clock = new SystemClock();
  readonly #connections = new Set<Connection>();
  readonly #server: Server = createServer((socket) => this.#connected(socket));
  #ticker: NodeJS.Timeout | undefined;

  constructor(node: ServingNode, news: ServingNews) {
    this.#node = node;
    this.#news = news;
  }

  /** Resolves with the port; throws SeriatimError when it can't be listened on. */
  listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.on("error", (error: NodeJS.ErrnoException) => {
      const what = `cannot listen for other nodes on ${host}:${port}: ${networkWords(error.code, error.message)}`;
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

  #connected(socket: Socket): void {
    socket.setNoDelay(true);
    if (this.#connections.size >= CONNECTIONS_MAX) {
      socket.destroy();
      return;
    }
    const session = new ServingSession(this.#node, new SocketOutput(socket), this.#clock.monotonicMicros());
    const connection: Connection = { session, socket, isKnown: false };
    this.#connections.add(connection);
    socket.on("data", (bytes) => {
      session.received(bytes, this.#clock.monotonicMicros());
      this.#pump(connection);
    });
    socket.on("drain", () => this.#pump(connection));
    socket.on("error", () => {});
    socket.on("close", () => {
      session.close();
      this.#look(connection);
    });
  }

  #tick(): void {
    for (const connection of this.#connections) {
      connection.session.tick(this.#clock.monotonicMicros());
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
    if (ended === undefined || !this.#connections.delete(connection)) return;
    socket.end();
    socket.destroySoon();
    if (replica !== undefined) this.#news.ended(replica, endingWords(ended));
  }
}
