// Servers and connections that are plain TCP, or TLS when they are given a certificate. A TLS handshake takes a descriptor, so
// handshakes are few and have a deadline. When there are too many the oldest goes, so that a silent peer keeps nobody out.

import {
  connect as connectTcp,
  createServer as createTcpServer,
  type OnReadOpts,
  type Server,
  type Socket,
} from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { Handshakes } from "./handshakes.ts";

/** A certificate and its key, both as PEM text. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/** What the nodes of a cluster prove themselves with to one another, and who vouches for the others (PEM). */
export interface PeerTls extends TlsIdentity {
  readonly ca: string;
}

/** From connecting to the end of the TLS handshake. */
export const HANDSHAKE_ms = 5_000;
/** Handshakes at once, of a server that bounds its peers by itself. */
const HANDSHAKES_MAX = 64;
/** Nothing older: all clients there are speak it, and it has no weak choices. */
export const TLS_VERSION = "TLSv1.3";

/** A server whose peers come to `connected`, over TLS when it is proved. Not listening yet. */
export function createServerOf(tls: TlsIdentity | undefined, connected: (socket: Socket) => void): Server {
  if (tls === undefined) return createTcpServer(connected);
  const options = { ...tls, minVersion: TLS_VERSION, handshakeTimeout: HANDSHAKE_ms } as const;
  const server = createTlsServer(options, connected);
  server.on("tlsClientError", (_error, socket) => void socket.destroy());
  boundHandshakes(server);
  return server;
}

/** Of `server`, which has TLS, so many handshakes are under way at once, and none when it closes: they end nobody's work. */
export function boundHandshakes(server: Server): void {
  const handshakes = new Handshakes<undefined>(HANDSHAKES_MAX, () => {});
  server.on("connection", (socket: Socket) => handshakes.begin(socket, undefined));
  server.on("secureConnection", (socket: Socket) => void handshakes.secured(socket));
  const { close } = server;
  server.close = (done) => {
    handshakes.destroy();
    return close.call(server, done);
  };
}

/**
 * Connects by TLS to a peer whose certificate `ca` (PEM) vouches for; without it by plain TCP. Small writes go at once. With `onread`
 * what comes by plain TCP is read as that says, and no event tells of it.
 */
export function connectTo(
  where: { host: string; port: number },
  ca: string | undefined,
  onread?: OnReadOpts,
): Socket {
  const socket =
    ca === undefined
      ? connectTcp({ ...where, ...(onread && { onread }) })
      : connectTls({ ...where, ca, minVersion: TLS_VERSION });
  return socket.setNoDelay(true);
}
