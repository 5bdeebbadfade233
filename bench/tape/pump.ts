// The bare pump beside the broker, a process of its own: reads a stream straight into memory, sums each batch, writes it to a
// file, chained as a log is, and says so. It knows no topic, no session and no order, checks no header, and shares nothing between connections: what is
// left of a broker when everything is taken away that makes it one.

import { type AddressInfo, createServer, Socket } from "node:net";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  TapeAccepted,
  TapeAck,
  TapeBatch,
  TapeHead,
  tapeLengthAt,
  tapeMemory,
  writeAccepted,
  writeTapeAck,
} from "../../src/protocol/index.ts";
import { BareSegments } from "./segments.ts";

export interface PumpOrder {
  readonly directory: string;
  /** Of a batch with its header. */
  readonly batchBytes: number;
}

const checksums = new NativeChecksums();

/** Accepted sockets have their bytes read into memory of their reader's only when they are made anew from their handle. */
function readInto(accepted: Socket, memory: Uint8Array, take: (count: number) => Uint8Array): Socket {
  const holder = accepted as unknown as { _handle: unknown };
  const handle = holder._handle;
  holder._handle = null;
  let space = memory;
  const callback = (count: number): boolean => {
    space = take(count);
    return true;
  };
  const options = { handle, onread: { buffer: () => space, callback } };
  return new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
}

class Pumped {
  readonly #memory: Uint8Array;
  readonly #log: BareSegments;
  readonly #answer = tapeMemory(new ArrayBuffer(TapeAck.bytes));
  readonly #batchBytes: number;
  readonly socket: Socket;
  #have = 0;
  #batch = 0;
  #isGreeted = false;

  constructor(accepted: Socket, batchBytes: number, log: BareSegments) {
    this.#batchBytes = batchBytes;
    this.#memory = new Uint8Array(batchBytes + 64 * 1024);
    this.#log = log;
    this.socket = readInto(accepted, this.#memory, (count) => this.#take(count));
    this.socket.on("error", () => this.socket.destroy());
    this.socket.resume();
  }

  #take(count: number): Uint8Array {
    this.#have += count;
    if (!this.#isGreeted) this.#greet();
    while (this.#isGreeted && this.#have >= this.#batchBytes) this.#pump();
    return this.#memory.subarray(this.#have);
  }

  #greet(): void {
    const { view } = tapeMemory(this.#memory.buffer as ArrayBuffer);
    if (this.#have < TapeHead.bytes || this.#have < tapeLengthAt(view, 0)) return;
    this.#shift(tapeLengthAt(view, 0));
    this.#isGreeted = true;
    const accepted = tapeMemory(new ArrayBuffer(TapeAccepted.bytes));
    const levels = { order: 0, ack: 1, lease_ms: 0 };
    writeAccepted(accepted, 0, {
      ...levels,
      topic: 1,
      epoch: 1,
      lastBatch: 0,
      nextRecord: 1,
      oldestRecord: 1,
    });
    this.socket.write(accepted.bytes);
  }

  #pump(): void {
    checksums.crc32c(this.#memory.subarray(TapeBatch.bytes, this.#batchBytes));
    this.#log.write(this.#memory, this.#batchBytes);
    this.#shift(this.#batchBytes);
    writeTapeAck(this.#answer.view, 0, ++this.#batch, 0);
    this.socket.write(this.#answer.bytes.slice());
  }

  #shift(count: number): void {
    this.#memory.copyWithin(0, count, this.#have);
    this.#have -= count;
  }
}

process.on("message", ({ directory, batchBytes }: PumpOrder) => {
  const log = new BareSegments(directory, "pump", "behind");
  const accept = (socket: Socket): unknown => new Pumped(socket, batchBytes, log);
  const server = createServer({ noDelay: true, pauseOnConnect: true }, accept);
  server.listen(0, "127.0.0.1", () => process.send?.({ ports: [(server.address() as AddressInfo).port] }));
});
process.on("disconnect", () => process.exit(0));
