// The replication thread of a primary: its listener, and a session for each replica. It shares two pieces of memory with
// the others: the newest frames, which the journal's thread puts there, and the view, which the gate reads. The node's
// own thread has no work per replica but that look.

import { createServer, type Server, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { JOURNAL_LOG } from "../../journal/index.ts";
import { makeNonce, NativeChecksums, NodeStorage, SystemClock } from "../../platform/index.ts";
import { NodeRole } from "../../protocol/index.ts";
import {
  AckView,
  History,
  LiveReader,
  type PrimarySide,
  ReplicaSeats,
  type ServingNode,
  ServingSession,
} from "../../replication/index.ts";
import { readIdentity } from "./keys.ts";
import { SocketOutput } from "./socket-session.ts";

export interface ServingWorkerData {
  readonly host: string;
  readonly port: number;
  readonly keys: string;
  readonly ownKey: string;
  readonly journal: string;
  readonly epoch: number;
  readonly segmentBytes: number;
  readonly live: SharedArrayBuffer;
  readonly view: SharedArrayBuffer;
}

export type ServingWorkerMessage =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "connected"; readonly name: string; readonly row: number; readonly position: number }
  | { readonly kind: "ended"; readonly name: string; readonly how: string }
  | { readonly kind: "must stop"; readonly why: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** Deadlines and heartbeats are looked after this often. */
const TICK_MS = 50;
/** Connections at once, those that have not said who they are included. */
const CONNECTIONS_MAX = 8;

const data = workerData as ServingWorkerData;
const clock = new SystemClock();
const checksums = new NativeChecksums();
const { name, keys, others } = readIdentity(data.keys, data.ownKey);
const view = new AckView(data.view);
const live = new LiveReader(data.live);
const history = new History({
  storage: new NodeStorage(),
  checksums,
  directory: data.journal,
  log: JOURNAL_LOG,
});
const primary: PrimarySide = {
  epoch: data.epoch,
  segmentBytes: data.segmentBytes,
  history,
  frames: data.live,
  view,
  seats: new ReplicaSeats(others),
  released: () => view.released,
};

function say(message: ServingWorkerMessage): void {
  parentPort?.postMessage(message);
}

const node: ServingNode = {
  ...{ name, keys, checksums, nonce: makeNonce, primary },
  standing: () => {
    const position = live.written;
    const persisted = Math.min(position, view.durable);
    const chain = history.chainAt(position) ?? new Uint8Array(32);
    return {
      role: NodeRole.Primary,
      isWarm: true,
      epoch: data.epoch,
      position,
      persisted,
      primaryHeard_us: 0,
      chain,
    };
  },
  mustStop: (_, peer) => {
    // Before anything else: nobody counts any more.
    for (const { session } of connections) session.close();
    const what = `${peer.name} is at position ${peer.position} of epoch ${peer.epoch}`;
    say({ kind: "must stop", why: `${what}, this node is of epoch ${data.epoch} and at ${live.written}` });
  },
};

interface Connection {
  readonly session: ServingSession;
  readonly socket: Socket;
  isKnown: boolean;
}

const connections = new Set<Connection>();

function connected(socket: Socket): void {
  socket.setNoDelay(true);
  if (connections.size >= CONNECTIONS_MAX) {
    socket.destroy();
    return;
  }
  const session = new ServingSession(node, new SocketOutput(socket), clock.monotonicMicros());
  const connection: Connection = { session, socket, isKnown: false };
  connections.add(connection);
  socket.on("data", (bytes) => {
    session.received(bytes, clock.monotonicMicros());
    pump(connection);
  });
  socket.on("drain", () => pump(connection));
  socket.on("error", () => {});
  socket.on("close", () => {
    session.close();
    look(connection);
  });
}

/** Sends what there is; when more is left, in the next turn, so that others have theirs. */
function pump(connection: Connection): void {
  if (connection.session.send(clock.monotonicMicros())) setImmediate(() => pump(connection));
  look(connection);
}

function look(connection: Connection): void {
  const { session, socket } = connection;
  if (session.replica !== undefined && !connection.isKnown) {
    connection.isKnown = true;
    say({ kind: "connected", name: session.replica, row: session.row, position: session.sent });
  }
  const { ended } = session;
  if (ended === undefined || !connections.delete(connection)) return;
  socket.end();
  socket.destroySoon();
  if (session.replica !== undefined)
    say({ kind: "ended", name: session.replica, how: JSON.stringify(ended) });
}

async function pumpNewFrames(): Promise<void> {
  for (;;) {
    await live.whenWritten();
    for (const connection of connections) pump(connection);
  }
}

function listen(): Server {
  const server = createServer(connected);
  server.on("error", (error: NodeJS.ErrnoException) => {
    const message = `cannot listen for replicas on ${data.host}:${data.port}: ${error.code ?? error.message}`;
    say({ kind: "failed", code: error.code ?? "ELISTEN", message });
  });
  server.listen(data.port, data.host, () => {
    const address = server.address();
    say({
      kind: "listening",
      port: typeof address === "object" && address !== null ? address.port : data.port,
    });
  });
  return server;
}

const server = listen();
const ticker = setInterval(() => {
  for (const connection of connections) {
    connection.session.tick(clock.monotonicMicros());
    pump(connection);
  }
}, TICK_MS);
void pumpNewFrames();

parentPort?.once("message", () => {
  clearInterval(ticker);
  server.close();
  for (const { session, socket } of connections) {
    session.close();
    socket.destroy();
  }
  parentPort?.close();
});
