// The sending side of the bench of ticks/1, a process of its own: the simulator, or a pump that writes bytes to connections
// and does nothing else. Its stamps are the machine's monotonic clock, which the readers have too.
//
// Each run is two orders: `open` answers with a port, and once the readers are connected `go` answers when everything has
// been sent and the connections have ended.

import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Stamp, TickSimulator } from "../../src/feed-runtime/index.ts";
import { READ_PER_WORD_BYTES } from "./tick-pace.ts";

/** Ticks as fast as the slowest client takes them, so many a second, or bytes without any meaning. */
export type SourceKind = "flat" | "paced" | "pump";

export type SourceOrder =
  | { readonly open: SourceKind; readonly rate: number; readonly connections: number }
  | { readonly go: { readonly duration_ms: number } };

export interface SourceResult {
  /** Given up, conflated or dropped: above 0 the run says nothing. */
  readonly lost: number;
}

interface Source {
  readonly port: number;
  run(duration_ms: number): Promise<SourceResult>;
}

/**
 * What may be on its way to the slowest client before no more is made. The kernel would take megabytes for each, and for
 * fifty of them it runs out of memory for sockets; so readers say how far they are, by Subscribes, which change nothing.
 */
const UNDER_WAY_MAX = 8 * READ_PER_WORD_BYTES;
const TICKS_PER_STEP = 1_024;
/** As large as the writes of the simulator may be. */
const PUMP_BYTES = 64 * 1_024;
const SYMBOLS = 100;
const SEED = 7;

class MonotonicStamp implements Stamp {
  low = 0;
  high = 0;

  take(): void {
    const now_ns = process.hrtime.bigint();
    this.low = Number(now_ns & 0xffffffffn);
    this.high = Number(now_ns >> 32n);
  }
}

async function openSimulator(kind: "flat" | "paced", rate: number): Promise<Source> {
  const simulator = new TickSimulator({
    ...{ symbols: SYMBOLS, rate, seed: SEED, market: "neutral", timeScale: 1 },
    stamp: new MonotonicStamp(),
  });
  const port = await simulator.listen({ host: "127.0.0.1", port: 0 });
  const run = async (duration_ms: number): Promise<SourceResult> => {
    if (kind === "flat") await makeAll(simulator, duration_ms);
    else await sleep(duration_ms);
    const { quotesConflated, framesDropped } = simulator.server.counters();
    await simulator.close();
    return { lost: simulator.ticksSkipped + quotesConflated + framesDropped };
  };
  return { port, run };
}

/** Makes ticks for so long, no more than all clients take. */
function makeAll(simulator: TickSimulator, duration_ms: number): Promise<void> {
  const end_ms = performance.now() + duration_ms;
  const isBehind = (): boolean =>
    simulator.server
      .clientCounters()
      .some(
        ({ bytesSent, queueBytes, subscriptions }) =>
          bytesSent + queueBytes - subscriptions * READ_PER_WORD_BYTES > UNDER_WAY_MAX,
      );
  return new Promise((resolve) => {
    const turn = (): void => {
      for (let i = 0; i < 8 && !isBehind(); i++) simulator.make(TICKS_PER_STEP);
      if (performance.now() < end_ms) setImmediate(turn);
      else resolve();
    };
    turn();
  });
}

async function openPump(connections: number): Promise<Source> {
  const sockets: Socket[] = [];
  const all = Promise.withResolvers<void>();
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    // The last ones may be accepted a little after their peers are connected.
    if (sockets.push(socket) === connections) all.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bytes = Buffer.alloc(PUMP_BYTES, 1);
  const run = async (duration_ms: number): Promise<SourceResult> => {
    await all.promise;
    const end_ms = performance.now() + duration_ms;
    await Promise.all(sockets.map((socket) => pump(socket, bytes, end_ms)));
    server.close();
    return { lost: 0 };
  };
  return { port: (server.address() as AddressInfo).port, run };
}

function pump(socket: Socket, bytes: Buffer, end_ms: number): Promise<void> {
  return new Promise((resolve) => {
    const write = (): void => {
      if (performance.now() >= end_ms) socket.end(resolve);
      else socket.write(bytes, write);
    };
    write();
  });
}

let source: Source | undefined;

async function obey(order: SourceOrder): Promise<unknown> {
  if ("go" in order) return source?.run(order.go.duration_ms);
  const { open, rate, connections } = order;
  source = open === "pump" ? await openPump(connections) : await openSimulator(open, rate);
  return { port: source.port };
}

process.on("message", (order: SourceOrder) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
