// Asking other nodes how they stand, over sockets: all of them at once, and no longer than a peer may take to answer.

import { connectTo, SystemClock } from "../../platform/index.ts";
import { type AskingNode, AskingSession, type PeerStanding } from "../../replication/index.ts";
import { SocketOutput } from "./socket-session.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Its deadline is looked after this often. */
const TICK_MS = 50;

/**
 * Resolves with those that answered and proved who they are, each once however many addresses it was asked at; this node
 * itself, should it be among them, left out. With `ca` by TLS.
 */
export async function askPeers(
  peers: readonly HostPort[],
  node: AskingNode,
  ca?: string,
): Promise<PeerStanding[]> {
  const answers = await Promise.all(peers.map((peer) => askPeer(peer, node, ca)));
  const byName = new Map<string, PeerStanding>();
  for (const answer of answers)
    if (answer !== undefined && answer.name !== node.name) byName.set(answer.name, answer);
  return [...byName.values()];
}

/** How the node at `peer` stands; undefined when it can't be asked, or does not answer as it should. */
function askPeer(
  peer: HostPort,
  node: AskingNode,
  ca: string | undefined,
): Promise<PeerStanding | undefined> {
  const clock = new SystemClock();
  const socket = connectTo(peer, ca);
  const session = new AskingSession(node, new SocketOutput(socket), clock.monotonicMicros());
  const look = () => {
    if (session.ended !== undefined) socket.destroy();
  };
  const ticker = setInterval(() => {
    session.tick(clock.monotonicMicros());
    look();
  }, TICK_MS);
  socket.on("data", (bytes) => {
    session.received(bytes);
    look();
  });
  socket.on("error", () => {});
  return new Promise((resolve) => {
    socket.once("close", () => {
      clearInterval(ticker);
      session.close();
      resolve(session.standing);
    });
  });
}
