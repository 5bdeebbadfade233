// Where order entry is listened on: at the address that the settings say, and, when that is by TLS, on the loopback interface as
// well, for this node's own web and simulated traders: between threads of one process TLS would
// prove nothing, and cost something. What may be done there is the same.

import type { Listener, SeriatimError, TransportHandler } from "../base/index.ts";
import type { NetTransport, TlsIdentity } from "../platform/index.ts";
import type { HostPort } from "../runtime/index.ts";
import { reachableHost } from "./listening.ts";

export interface OrderListeners {
  readonly port: number;
  /** Where this node's own threads connect, by plain TCP. */
  readonly own: HostPort;
  /** Resolves with why one of them can't listen any more, if that ever happens. */
  readonly failed: Promise<SeriatimError>;
  close(): Promise<void>;
}

/** Throws SeriatimError naming the setting and the address. */
export async function listenForOrders(
  transport: NetTransport,
  handler: TransportHandler,
  { host, port, tls }: HostPort & { readonly tls: TlsIdentity | undefined },
): Promise<OrderListeners> {
  const outer = await transport.listen({ setting: "order-port", host, port, tls }, handler);
  if (tls === undefined) return listenersOf(outer, { host: reachableHost(host), port: outer.port }, []);
  const loopback = "127.0.0.1";
  const inner = await transport.listen({ host: loopback, port: 0 }, handler);
  return listenersOf(outer, { host: loopback, port: inner.port }, [inner]);
}

function listenersOf(outer: Listener, own: HostPort, others: readonly Listener[]): OrderListeners {
  const all = [outer, ...others];
  return {
    ...{ port: outer.port, own },
    failed: Promise.race(all.map(({ failed }) => failed)),
    close: async () => {
      await Promise.all(all.map((listener) => listener.close()));
    },
  };
}
