// A gateway on real sockets, with a node of the simplest kind behind it: commands are applied at once, and every turn's
// batch is safe at its end, unless the test holds it back.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach } from "vitest";
import type { Listener } from "../../src/base/index.ts";
import { type Closing, GATEWAY_LIMITS, Gateway, type GatewayLimits } from "../../src/gateway/index.ts";
import { NetTransport, type TlsIdentity } from "../../src/platform/index.ts";
import { concat, describeStream, RecordingSink, ScriptedEngine } from "./support.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Counts the turns of the event loop in which the gateway had something to do. */
class CountingTransport extends NetTransport {
  turns = 0;

  override nextTurn(turned: () => void): void {
    super.nextTurn(() => {
      this.turns++;
      turned();
    });
  }
}

export interface Venue {
  readonly gateway: Gateway;
  readonly transport: CountingTransport;
  readonly sink: RecordingSink;
  readonly port: number;
  /** Connections that ended, and why. */
  readonly closings: Closing[];
  /** While true, what was sealed is not released. */
  isHeld: boolean;
  open(options?: { allowHalfOpen?: boolean }): Promise<Socket>;
}

export async function startVenue(
  limits: Partial<GatewayLimits> = {},
  fillsPerOrder = 0,
  connectionsMax = 8,
  tls?: TlsIdentity,
): Promise<Venue> {
  const transport = new CountingTransport({ connectionsMax });
  const sink = new RecordingSink();
  const directory = { count: 0, instrument: () => ({ name: "", priceDecimals: 0, tick: 1, lot: 1 }) };
  const closings: Closing[] = [];
  const gateway = new Gateway({
    ...{ transport, sink, directory, limits: { ...GATEWAY_LIMITS, ...limits } },
    onClosing: (closing) => closings.push(closing),
  });
  const trades = Array.from({ length: fillsPerOrder }, (_, i) => ({ maker: i, makerAccount: 7 }));
  let command: Int32Array = new Int32Array();
  const engine = new ScriptedEngine((events) => gateway.onApplied(events, command, 0), 64);
  let turnIsDue = false;
  sink.onCommit = (words) => {
    command = words;
    engine.accept(words, trades);
    if (turnIsDue) return;
    turnIsDue = true;
    setImmediate(() => {
      turnIsDue = false;
      gateway.seal(sink.commands.length);
      if (!venue.isHeld) gateway.release(sink.commands.length);
    });
  };
  const listener: Listener = await transport.listen({ host: "127.0.0.1", port: 0, tls }, gateway);
  cleanups.push(() => {
    void listener.close();
    transport.destroyAll();
  });
  const open = async (options: { allowHalfOpen?: boolean } = {}): Promise<Socket> => {
    const where = { host: "127.0.0.1", port: listener.port, ...options };
    const peer = tls === undefined ? connect(where) : connectTls({ ...where, ca: tls.cert });
    cleanups.push(() => peer.destroy());
    await once(peer, tls === undefined ? "connect" : "secureConnect");
    return peer;
  };
  const venue: Venue = { gateway, transport, sink, port: listener.port, closings, isHeld: false, open };
  return venue;
}

/** All that a peer is sent, in words, until the end. */
export async function readAll(peer: Socket): Promise<string[]> {
  const pieces: Buffer[] = [];
  peer.on("data", (piece: Buffer) => pieces.push(piece)).resume();
  await once(peer, "end");
  return describeStream(concat(...pieces));
}

export const acks = (count: number) => Array.from({ length: count }, (_, id) => `Ack ${id}`);

/** The next turn of this thread's event loop. */
export const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
