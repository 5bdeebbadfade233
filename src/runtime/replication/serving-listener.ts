// Where other nodes connect to this one: the listener, its sockets and timers. What becomes of each connection:
// serving-connections.ts.

import type { Server, Socket } from "node:net";
import { listenWords, SeriatimError } from "../../base/index.ts";
import { createServerOf, readingInto, SystemClock, type TlsIdentity } from "../../platform/index.ts";
import type { LiveReader, ServingNode } from "../../replication/index.ts";
import { ServingConnections, type ServingLine, type ServingNews } from "./serving-connections.ts";
import { SocketOutput } from "./socket-session.ts";

/** Deadlines and heartbeats are looked after this often. */
const TICK_MS = 50;
/** Read from one at once: acknowledgements have 40 bytes, and come by the thousand. */
const READ_BYTES = 4_096;

export class ServingListener {
  readonly #connections: ServingConnections;
  readonly #server: Server;
  #ticker: NodeJS.Timeout | undefined;

  /** With `tls` who connects has to; plain TCP without. */
  constructor(node: ServingNode, news: ServingNews, tls?: TlsIdentity) {
    this.#server = createServerOf(tls, (socket) => this.#connected(socket));
    this.#connections = new ServingConnections(node, news, new SystemClock(), setImmediate);
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
    this.#ticker = setInterval(() => this.#connections.tick(), TICK_MS);
    return promise;
  }

  /** Sends what is new to everybody who wants it, whenever something was written; for as long as the thread lives. */
  async follow(live: Pick<LiveReader, "whenWritten">): Promise<never> {
    for (;;) {
      await live.whenWritten();
      this.#connections.pump();
      // While it was sent the next may have been written, again and again: sockets, with the acknowledgements, have their turn first.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Ends every session, and with it its row: nobody counts any more. */
  endSessions(): void {
    this.#connections.endSessions();
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#server.close();
    this.#connections.close();
  }

  #connected(accepted: Socket): void {
    const connections = this.#connections;
    const memory = new Uint8Array(READ_BYTES);
    const received = (bytes: Uint8Array): void => connections.received(line, bytes);
    const reading = {
      space: () => memory,
      filled: (_: Uint8Array, count: number) => received(memory.subarray(0, count)),
    };
    const socket = (readingInto(accepted, reading) ?? accepted).setNoDelay(true);
    const line = new AcceptedLine(socket);
    connections.opened(line);
    // Over TLS, and of what makes the socket read.
    socket.on("data", received);
    socket.on("end", () => socket.end());
    socket.on("drain", () => connections.drained(line));
    socket.on("error", () => {});
    socket.on("close", () => connections.closed(line));
  }
}

class AcceptedLine extends SocketOutput implements ServingLine {
  /** A socket that has ended knows it no more. */
  readonly address: string;
  readonly end: (hasLastWords: boolean) => void;

  constructor(socket: Socket) {
    super(socket);
    this.address = socket.remoteAddress ?? "an address that is gone";
    this.end = (hasLastWords) => {
      if (hasLastWords) socket.destroySoon();
      else socket.destroy();
    };
  }
}
