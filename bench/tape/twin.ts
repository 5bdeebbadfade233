// The blocking twin of the broker, for comparison only: the simplest one that is correct. Each worker has one connection at a time
// and does one thing at a time: read the whole batch, check it, take its place in the one order, write it, sync it if asked, answer.
// Who else has connected waits until the one before has ended. What the non-blocking path gains is measured against this.

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { entryBeside, NativeChecksums } from "../../src/platform/index.ts";
import {
  batchHeaderProblem,
  TapeAccepted,
  TapeAck,
  TapeBatch,
  TapeHead,
  type TapeMemory,
  TapeReason,
  TapeSender,
  TapeType,
  tapeHeadProblem,
  tapeLengthAt,
  tapeMemoryOf,
  tapeTypeAt,
  writeAccepted,
  writeLogPart,
  writeTapeAck,
} from "../../src/protocol/index.ts";
import { BareSegments } from "./segments.ts";

export interface TwinOrder {
  readonly directory: string;
  readonly workers: number;
  readonly ack: 1 | 2;
}

interface WorkerOrder extends TwinOrder {
  readonly index: number;
  /** The number that the next record of all gets. */
  readonly order: SharedArrayBuffer;
}

if (isMainThread) process.on("message", startWorkers).on("disconnect", () => process.exit(0));
else listen(workerData as WorkerOrder);

async function startWorkers(order: TwinOrder): Promise<void> {
  const shared = new SharedArrayBuffer(8);
  const ports = await Promise.all(
    Array.from({ length: order.workers }, async (_, index) => {
      const workerData: WorkerOrder = { ...order, index, order: shared };
      const worker = new Worker(entryBeside(import.meta.url, "twin"), { workerData });
      const [port] = await once(worker, "message");
      return port as number;
    }),
  );
  process.send?.({ ports });
}

function listen(order: WorkerOrder): void {
  const log = new BareSegments(order.directory, `twin-${order.index}`, "waits");
  const waiting: Socket[] = [];
  let isBusy = false;
  const next = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    for (let socket = waiting.shift(); socket !== undefined; socket = waiting.shift()) await serve(socket);
    isBusy = false;
  };
  const serve = (socket: Socket): Promise<void> =>
    new Publisher(socket, order, log).serve().catch(() => void socket.destroy());
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
    waiting.push(socket.on("error", () => {}));
    void next();
  });
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port));
}

const checksums = new NativeChecksums();

class Publisher {
  readonly #socket: Socket;
  readonly #terms: WorkerOrder;
  readonly #log: BareSegments;
  readonly #next: BigInt64Array;
  #wake = (): void => {};

  constructor(socket: Socket, terms: WorkerOrder, log: BareSegments) {
    this.#socket = socket;
    this.#terms = terms;
    this.#log = log;
    this.#next = new BigInt64Array(terms.order);
    for (const event of ["readable", "end", "close"]) socket.on(event, () => this.#wake());
  }

  async serve(): Promise<void> {
    const hello = await this.#read(TapeHead.bytes);
    if (hello === undefined) return;
    await this.#read(tapeLengthAt(tapeMemoryOf(hello).view, 0) - TapeHead.bytes);
    const accepted = tapeMemoryOf(new Uint8Array(TapeAccepted.bytes));
    const session = { epoch: 1, lastBatch: 0, nextRecord: 1, oldestRecord: 1 };
    writeAccepted(accepted, 0, { topic: 1, order: 1, ack: this.#terms.ack, lease_ms: 0, ...session });
    this.#socket.write(accepted.bytes);
    while (await this.#batch());
    this.#socket.end();
  }

  /** False behind the last one. */
  async #batch(): Promise<boolean> {
    const head = await this.#read(TapeHead.bytes);
    if (head === undefined) return false;
    const { view } = tapeMemoryOf(head);
    if (tapeHeadProblem(view, 0, TapeSender.Client) !== TapeReason.None) throw new Error("no message");
    if (tapeTypeAt(view, 0) !== TapeType.Batch) return false;
    const rest = await this.#read(TapeBatch.bytes - TapeHead.bytes);
    const payload = await this.#read(tapeLengthAt(view, 0) - TapeBatch.bytes);
    if (rest === undefined || payload === undefined) throw new Error("cut");
    const header = new Uint8Array(TapeBatch.bytes);
    header.set(head);
    header.set(rest, TapeHead.bytes);
    this.#commit(tapeMemoryOf(header), payload);
    return true;
  }

  async #read(length: number): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.#socket.read(length) as Buffer | null;
      if (bytes !== null) return bytes.length === length ? bytes : undefined;
      if (this.#socket.readableEnded || this.#socket.destroyed) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  #commit(header: TapeMemory, payload: Uint8Array): void {
    const { bytes, view } = header;
    const isWhole = checksums.crc32c(payload) === view.getUint32(TapeBatch.payloadCrc, true);
    if (!isWhole || batchHeaderProblem(header, 0) !== TapeReason.None) throw new Error("no batch");
    const records = view.getUint32(TapeBatch.records, true);
    const first = Number(Atomics.add(this.#next, 0, BigInt(records)));
    writeLogPart(header, 0, first + 1, first + 1, 0);
    this.#log.write(bytes, bytes.length);
    this.#log.write(payload, payload.length);
    if (this.#terms.ack === 2) this.#log.sync();
    const ack = tapeMemoryOf(new Uint8Array(TapeAck.bytes));
    writeTapeAck(ack.view, 0, view.getUint32(TapeBatch.batch, true), first + 1 + records);
    this.#socket.write(ack.bytes);
  }
}
