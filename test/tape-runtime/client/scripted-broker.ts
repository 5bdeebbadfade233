// A broker that does what a test says, over real sockets: it takes messages apart, and answers nothing by itself.

import { createServer, type Server, type Socket } from "node:net";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  decodeTapeHello,
  decodeText,
  encodeEnd,
  encodeText,
  RecordCursor,
  RecordWriter,
  readBatchHeader,
  readCommitOffset,
  readCredit,
  type TapeAcceptedFields,
  TapeBatch,
  type TapeHelloFields,
  type TapeMemory,
  TapeReason,
  TapeSender,
  TapeStream,
  TapeType,
  tapeMemory,
  tapeMemoryOf,
  writeAccepted,
  writeActive,
  writeBatchHeader,
  writeBrokerHeartbeat,
  writeLogPart,
  writePlain,
  writeTapeAck,
} from "../../../src/protocol/index.ts";

const checksums = new NativeChecksums();

export interface SeenBatch {
  readonly epoch: number;
  readonly batch: number;
  readonly values: readonly string[];
}

export class ScriptedConnection {
  hello!: TapeHelloFields;
  /** What the client said besides batches and credit. */
  readonly said: string[] = [];
  readonly batches: SeenBatch[] = [];
  readonly requests: string[] = [];
  credit = 0;
  isClosed = false;
  readonly socket: Socket;
  readonly #stream = new TapeStream(TapeSender.Client, (bytes) => new Uint8Array(bytes));
  #changed = Promise.withResolvers<void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => {
      const problem = this.#stream.receive(bytes, (type, memory, length) => this.#take(type, memory, length));
      if (problem !== TapeReason.None) this.said.push(`problem ${problem}`);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("end", () => {
      this.said.push("end");
      socket.end();
      this.#wake();
    });
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** Waits until `is` holds. */
  async until(is: () => boolean): Promise<void> {
    while (!is()) await this.#changed.promise;
  }

  accept(accepted: Partial<TapeAcceptedFields> = {}): this {
    const none = { topic: 1, order: 2, ack: this.hello.ack, epoch: 0, lastBatch: 0, lease_ms: 30_000 };
    return this.#send((memory) =>
      writeAccepted(memory, 0, { ...none, nextRecord: 1, oldestRecord: 1, ...accepted }),
    );
  }
  ack(batch: number, nextRecord: number): this {
    return this.#send(({ view }) => writeTapeAck(view, 0, batch, nextRecord));
  }
  heartbeat(nextRecord: number): this {
    return this.#send(({ view }) => writeBrokerHeartbeat(view, 0, nextRecord));
  }
  active(record: number): this {
    return this.#send(({ view }) => writeActive(view, 0, record));
  }
  standby(): this {
    return this.#send(({ view }) => writePlain(view, 0, TapeType.Standby));
  }
  end(type: typeof TapeType.Refused | typeof TapeType.Fault, reason: TapeReason, detail = 0): void {
    this.socket.end(encodeEnd(type, { reason, detail, text: "" }));
  }
  reply(json: object): this {
    this.socket.write(encodeText(TapeType.Reply, JSON.stringify(json)));
    return this;
  }
  /** A committed batch of `values`, the first of which is record `firstRecord`. */
  batch(firstRecord: number, values: readonly string[]): this {
    this.socket.write(committedBatch(firstRecord, values));
    return this;
  }

  #send(write: (memory: TapeMemory) => number): this {
    const memory = tapeMemory(new ArrayBuffer(64));
    this.socket.write(memory.bytes.subarray(0, write(memory)));
    return this;
  }

  #take(type: TapeType, memory: TapeMemory, length: number): boolean {
    if (type === TapeType.Hello) {
      const hello = decodeTapeHello(memory, 0);
      if (typeof hello === "number") throw new Error(`a Hello that is refused: ${hello}`);
      this.hello = hello;
    } else if (type === TapeType.Batch) this.batches.push(seenBatch(memory));
    else if (type === TapeType.Credit) this.credit += readCredit(memory.view, 0);
    else if (type === TapeType.CommitOffset)
      this.said.push(`CommitOffset ${readCommitOffset(memory.view, 0)}`);
    else if (type === TapeType.Request) this.requests.push(decodeText(memory, 0, length) ?? "");
    else if (type === TapeType.Bye) this.said.push("Bye");
    else if (type === TapeType.Heartbeat) this.said.push("Heartbeat");
    return true;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function seenBatch({ bytes, view }: TapeMemory): SeenBatch {
  const { epoch, batch, payloadBytes } = readBatchHeader(view, 0);
  const cursor = new RecordCursor();
  cursor.reset(bytes, TapeBatch.bytes, TapeBatch.bytes + payloadBytes);
  const values: string[] = [];
  while (cursor.next()) values.push(Buffer.from(cursor.value()).toString());
  return { epoch, batch, values };
}

/** A batch as its publisher sends it. */
export function sentBatch(
  values: readonly string[],
  session = { publisher: 1, epoch: 1, batch: 1 },
): TapeMemory {
  const memory = tapeMemory(new ArrayBuffer(128 + values.reduce((sum, value) => sum + 32 + value.length, 0)));
  const writer = new RecordWriter();
  writer.reset(memory.bytes, TapeBatch.bytes, memory.bytes.length);
  for (const value of values) writer.add(Buffer.from(value));
  const { payloadBytes, records } = writer;
  const payloadCrc = checksums.crc32c(memory.bytes.subarray(TapeBatch.bytes, TapeBatch.bytes + payloadBytes));
  const sizes = { records, payloadBytes, plainBytes: payloadBytes, payloadCrc };
  const length = writeBatchHeader(memory, 0, { isCompressed: false, ...session, ...sizes });
  return tapeMemoryOf(memory.bytes.slice(0, length));
}

export function committedBatch(firstRecord: number, values: readonly string[]): Uint8Array {
  const memory = sentBatch(values);
  writeLogPart(memory, 0, firstRecord, 1, 1_700_000_000_000_000);
  return memory.bytes;
}

/** A committed batch that says it is compressed, and is not. */
export function damagedBatch(firstRecord: number, values: readonly string[]): Uint8Array {
  const memory = sentBatch(values);
  writeBatchHeader(memory, 0, { ...readBatchHeader(memory.view, 0), isCompressed: true });
  writeLogPart(memory, 0, firstRecord, 1, 1_700_000_000_000_000);
  return memory.bytes;
}

export class ScriptedBroker {
  readonly port: number;
  readonly connections: ScriptedConnection[] = [];
  readonly #server: Server;
  #taken = 0;
  #came = Promise.withResolvers<void>();

  static async start(): Promise<ScriptedBroker> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ScriptedBroker(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
    server.on("connection", (socket) => {
      this.connections.push(new ScriptedConnection(socket));
      this.#came.resolve();
      this.#came = Promise.withResolvers<void>();
    });
  }

  /** The next connection, once it has said Hello. */
  async next(): Promise<ScriptedConnection> {
    while (this.connections.length <= this.#taken) await this.#came.promise;
    const connection = this.connections[this.#taken++];
    await connection.until(() => connection.hello !== undefined);
    return connection;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
