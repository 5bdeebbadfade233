// Counts connections by address, so that one address can't take them all, and says which part of an address counts. An
// address is in the table while it has a connection, so the table is never longer than the number of connections.

/** In place of an address, for connections that a program opens to itself: they are not counted. */
export const UNCOUNTED = "";
/** The groups of an IPv6 address that name its network: whoever has one address there has 2^64 of them. */
const NETWORK_GROUPS = 4;

/** What counts as one address, however it is written: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function addressKey(address: string): string {
  const [plain] = address.split("%", 1);
  if (!plain.includes(":")) return plain;
  const mapped = /^::ffff:([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [head, tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - behind.length;
  const all = [...groups, ...new Array<string>(Math.max(0, zeros)).fill("0"), ...behind];
  const network = all.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}

/** Whether it is this machine's own, as `addressKey` writes it; ::1 is the only one of its network. */
export function isLoopbackKey(key: string): boolean {
  return key.startsWith("127.") || key === "0:0:0:0::/64";
}

export interface AddressLimits {
  /** Connections of one address. */
  readonly connections: number;
  /** The same of this machine's own addresses, which all its programs share. */
  readonly ownConnections: number;
}

export class AddressTable {
  readonly #limits: AddressLimits;
  readonly #counts = new Map<string, number>();

  constructor(limits: AddressLimits) {
    this.#limits = limits;
  }

  /** Addresses with a connection now. */
  get size(): number {
    return this.#counts.size;
  }

  /** One more connection of this key; false: it has as many as it may, and this one is not counted. */
  enter(key: string): boolean {
    if (key === UNCOUNTED) return true;
    const count = this.#counts.get(key) ?? 0;
    const { connections, ownConnections } = this.#limits;
    if (count >= (isLoopbackKey(key) ? ownConnections : connections)) return false;
    this.#counts.set(key, count + 1);
    return true;
  }

  /** One less. */
  leave(key: string): void {
    const count = this.#counts.get(key);
    if (count === undefined) return;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }
}
