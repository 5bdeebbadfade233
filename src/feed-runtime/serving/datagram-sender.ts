// Sends datagrams to one address, unicast or multicast, and to nobody else. It never waits and never keeps the caller's memory:
// what the kernel has no room for waits in a copy, a little of it, and what comes beyond is lost and counted, as the network may lose
// it anyway; receivers heal by the other line or ask again. Multicast has TTL 1: it stays in its network unless somebody carries it further.
//
// What can't be sent (nobody listens at a unicast address, no route, no room) never ends it: it is counted, and told once per kind.

/// <reference types="node" preserve="true" />

import { createSocket, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { networkWords, SeriatimError } from "../../base/index.ts";

/** Where datagrams go. */
export interface DatagramAddress {
  readonly host: string;
  readonly port: number;
}

export interface DatagramOptions {
  /** This machine's address by which multicast leaves; the system's choice when left out. */
  readonly interface?: string | undefined;
  /** Told of each kind of error once, by its code. */
  readonly onError?: ((error: SeriatimError) => void) | undefined;
}

/** Hops: its own network. */
const MULTICAST_TTL = 1;
/** What the kernel holds for one target; beyond it datagrams are lost at once. A thousand of the largest. */
const SEND_BUFFER_BYTES = 1_400_000;
/** Datagrams that libuv keeps because the kernel had no room. */
const WAITING_BYTES_MAX = 262_144;

export class DatagramSender {
  /** Datagrams given to the kernel. */
  sent = 0;
  /** Datagrams lost here: the kernel refused them or had no room. */
  errors = 0;
  readonly #socket: Socket;
  readonly #name: string;
  readonly #onError: (error: SeriatimError) => void;
  /** Codes of errors that have been told. */
  readonly #told = new Set<string>();
  #isClosed = false;

  private constructor(socket: Socket, { host, port }: DatagramAddress, options: DatagramOptions) {
    this.#socket = socket;
    this.#name = `${host}:${port}`;
    this.#onError = options.onError ?? (() => {});
    socket.on("error", this.#failed);
  }

  /** Throws SeriatimError (`UDP_FAILED`) naming the address: it can't be resolved or reached, or the interface is none. */
  static async open(address: DatagramAddress, options: DatagramOptions = {}): Promise<DatagramSender> {
    const { host, port } = address;
    const socket = createSocket({
      type: isIP(host) === 6 ? "udp6" : "udp4",
      sendBufferSize: SEND_BUFFER_BYTES,
    });
    try {
      // Connected: no name is looked up per datagram, and the kernel tells when nobody listens.
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.connect(port, host, (error?: Error) => (error ? reject(error) : resolve()));
      });
      if (isMulticast(socket.remoteAddress().address)) aimMulticast(socket, options.interface);
    } catch (cause) {
      socket.close();
      if (cause instanceof SeriatimError) throw cause;
      const { code, message } = cause as NodeJS.ErrnoException;
      const line = `datagrams can't be sent to ${host}:${port}: ${networkWords(code, message)}`;
      throw new SeriatimError("UDP_FAILED", line, { cause });
    }
    socket.removeAllListeners("error");
    return new DatagramSender(socket, address, options);
  }

  /** Sends `bytes[from, to)` as one datagram, or loses it when too much waits: the memory is free when this returns. */
  send(bytes: Uint8Array, from: number, to: number): void {
    if (this.#isClosed) return;
    if (this.#socket.getSendQueueSize() > WAITING_BYTES_MAX) {
      this.errors++;
      return;
    }
    this.sent++;
    // Whether the kernel takes it in the call nobody can know before, and what it doesn't take libuv keeps by reference and sends
    // later: so each has a copy, in memory of Node's pool that is never used twice.
    this.#socket.send(Buffer.from(bytes.subarray(from, to)), this.#sent);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.#failed(error);
  };

  readonly #failed = (error: Error): void => {
    if (this.#isClosed) return;
    this.errors++;
    const { code = "UNKNOWN", message } = error as NodeJS.ErrnoException;
    if (this.#told.has(code)) return;
    this.#told.add(code);
    const line = `datagrams to ${this.#name} are lost: ${networkWords(code, message)}`;
    this.#onError(new SeriatimError("UDP_FAILED", line, { cause: error }));
  };
}

function aimMulticast(socket: Socket, by: string | undefined): void {
  socket.setMulticastTTL(MULTICAST_TTL);
  // Programs on this machine may listen too.
  socket.setMulticastLoopback(true);
  if (by === undefined) return;
  try {
    socket.setMulticastInterface(by);
  } catch (cause) {
    throw new SeriatimError(
      "UDP_FAILED",
      `multicast can't leave by ${by}: it is no address of this machine`,
      { cause },
    );
  }
}

/** Whether datagrams to `address` (an IP address) go to a group. */
function isMulticast(address: string): boolean {
  if (isIP(address) === 6) return /^ff/i.test(address);
  const first = Number(address.split(".", 1)[0]);
  return first >= 224 && first <= 239;
}
