// TLS handshakes under way, by what happens to their sockets. A slot that is not given back exactly once is lost for ever.

import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { Handshakes } from "../../src/platform/handshakes.ts";

class Peer extends EventEmitter {
  isDestroyed = false;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort = 9_000;

  constructor(remotePort: number | undefined, localAddress: string | undefined = "127.0.0.1") {
    super();
    this.remotePort = remotePort;
    this.remoteAddress = remotePort === undefined ? undefined : "192.0.2.7";
    this.localAddress = localAddress;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  get socket(): Socket {
    return this as unknown as Socket;
  }
}

function newHandshakes(max = 8) {
  const failed: number[] = [];
  const handshakes = new Handshakes<number>(max, (held) => failed.push(held));
  const begin = (held: number, port: number | undefined, to?: string) => {
    const peer = new Peer(port, to);
    handshakes.begin(peer.socket, held);
    return peer;
  };
  return { handshakes, failed, begin };
}

test("peers that are gone before they arrive, which have no address, give back one slot each", () => {
  const { failed, begin } = newHandshakes();
  const peers = [1, 2, 3].map((held) => begin(held, undefined, undefined));
  for (const peer of peers) peer.emit("close");
  expect(failed).toEqual([1, 2, 3]);
});

test("the same port to two addresses of one server is two peers", () => {
  const { handshakes, failed, begin } = newHandshakes();
  const [one, other] = [begin(1, 4_000, "127.0.0.1"), begin(2, 4_000, "127.0.0.2")];
  expect(handshakes.secured(new Peer(4_000, "127.0.0.2").socket)).toBe(2);
  one.emit("close");
  other.emit("close");
  expect(failed).toEqual([1]);
});

test("who comes again before the end of its first connection is heard ends that one", () => {
  const { handshakes, failed, begin } = newHandshakes();
  const first = begin(1, 4_000);
  begin(2, 4_000);
  expect([failed, first.isDestroyed]).toEqual([[1], true]);
  first.emit("close");
  expect(handshakes.secured(new Peer(4_000).socket)).toBe(2);
  expect(handshakes.secured(new Peer(4_000).socket)).toBeUndefined();
  expect(failed).toEqual([1]);
});

test("for one more than may be the oldest goes; in the end all do", () => {
  const { handshakes, failed, begin } = newHandshakes(2);
  const [first] = [begin(1, 4_001), begin(2, 4_002), begin(3, 4_003)];
  expect([failed, first.isDestroyed]).toEqual([[1], true]);
  handshakes.destroy();
  expect(failed).toEqual([1, 2, 3]);
});
