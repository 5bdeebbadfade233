// Servers and connections that are plain TCP or TLS, by what they are given. Whoever begins a TLS handshake takes a descriptor, so
// these are few and have a deadline: for one more the oldest goes, and nobody who is silent keeps another out.

import { connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";

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
  const arrived = new Set<Socket>();
  const server = createTlsServer(
    { ...tls, minVersion: TLS_VERSION, handshakeTimeout: HANDSHAKE_ms },
    connected,
  );
  server.on("connection", (socket: Socket) => {
    const [oldest] = arrived;
    if (arrived.size === HANDSHAKES_MAX) oldest.destroy();
    arrived.add(socket);
    socket.once("close", () => arrived.delete(socket));
  });
  server.on("secureConnection", ({ remotePort }) => {
    for (const socket of arrived) if (socket.remotePort === remotePort) arrived.delete(socket);
  });
  server.on("tlsClientError", (_error, socket) => void socket.destroy());
  return server;
}

/** Connects by TLS to a peer whose certificate `ca` (PEM) vouches for; without it by plain TCP. Small writes go at once. */
export function connectTo(where: { host: string; port: number }, ca: string | undefined): Socket {
  const socket = ca === undefined ? connectTcp(where) : connectTls({ ...where, ca, minVersion: TLS_VERSION });
  return socket.setNoDelay(true);
}
