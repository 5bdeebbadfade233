// What a cluster on one machine consists of: its nodes, their ports and what each is started with. Pure.

import { join } from "node:path";

const NODE_NAMES = ["north", "south", "west"] as const;
/** The first node's; the others' are the next ones. */
const PORTS = { http: 8080, orders: 9009, admin: 9019, replication: 9029 } as const;
/** A file of the journal: small, for three nodes fill theirs on one disk. */
const SEGMENT_BYTES = 16_777_216;

interface NodePorts {
  readonly http: number;
  readonly orders: number;
  readonly admin: number;
  readonly replication: number;
}

export interface NodePlan {
  readonly name: string;
  readonly ports: NodePorts;
  readonly key: string;
  readonly dataDir: string;
}

export interface ClusterPlan {
  readonly nodes: readonly NodePlan[];
  /** The public keys of all nodes, the administrator and the trader. */
  readonly keys: string;
  readonly adminKey: string;
  /** Of a trader, who is good for one account. */
  readonly traderKey: string;
}

/** `ports`: four for each node; the documented ones when left out. */
export function planCluster(directory: string, ports?: readonly number[]): ClusterPlan {
  const nodes = NODE_NAMES.map((name, seat) => ({
    name,
    ports: ports === undefined ? documentedPorts(seat) : portsFrom(ports.slice(seat * 4, seat * 4 + 4)),
    key: join(directory, `${name}.key`),
    dataDir: join(directory, name),
  }));
  const [keys, adminKey, traderKey] = ["cluster.json", "admin.key", "trader.key"].map((name) =>
    join(directory, name),
  );
  return { nodes, keys, adminKey, traderKey };
}

export const PORTS_NEEDED = NODE_NAMES.length * 4;

function documentedPorts(seat: number): NodePorts {
  const { http, orders, admin, replication } = PORTS;
  return { http: http + seat, orders: orders + seat, admin: admin + seat, replication: replication + seat };
}

function portsFrom([http, orders, admin, replication]: readonly number[]): NodePorts {
  return { http, orders, admin, replication };
}

/** With what `node` is started, as the primary or as a replica: of `primary`, or of whoever leads when that is gone. */
export function argumentsOf({ keys, nodes }: ClusterPlan, node: NodePlan, primary: NodePlan): string[] {
  const { ports, key, dataDir } = node;
  const others = nodes.filter((other) => other !== node);
  const inTurn = [
    ...others.filter((other) => other === primary),
    ...others.filter((other) => other !== primary),
  ];
  const addresses = inTurn.map((other) => `127.0.0.1:${other.ports.replication}`).join(",");
  const role = [node === primary ? "--peers" : "--replica-of", addresses];
  return [
    ...["start", "--data-dir", dataDir, "--segment-bytes", String(SEGMENT_BYTES)],
    ...["--keys", keys, "--node-key", key, ...role],
    ...["--order-port", String(ports.orders), "--http-port", String(ports.http)],
    ...["--admin-port", String(ports.admin), "--replication-port", String(ports.replication)],
  ];
}
