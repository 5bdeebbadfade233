// A broker on a directory of its own, and clients that say exactly what a test wants, over real sockets.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import {
  decodeEnd,
  decodeText,
  encodeTapeHello,
  encodeTapeProof,
  encodeText,
  readAccepted,
  readActive,
  readTapeAck,
  readTapeChallenge,
  TAPE_ORDER_ANY,
  type TapeEndFields,
  TapeFrom,
  type TapeHelloFields,
  type TapeMemory,
  TapeRole,
  TapeSender,
  TapeStream,
  TapeType,
  tapeReasonName,
  tapeStatement,
} from "../../../src/protocol/index.ts";
import { OPEN_GRANT, type TapeAccess } from "../../../src/tape/index.ts";
import { openTapeDirectory, TapeBroker, type TapeBrokerOptions } from "../../../src/tape-runtime/index.ts";

export const OPEN: TapeAccess = {
  isOpen: true,
  challenge: () => new Uint8Array(32),
  grantFor: () => OPEN_GRANT,
  isProof: () => false,
};

/** Long enough for a machine that does much else. */
const WAIT_MS = 20_000;

/** In a directory of its own, stopped and removed when the test is over. */
export async function startBroker(options: Partial<TapeBrokerOptions> = {}): Promise<TapeBroker> {
  const { broker, stop } = await runBroker(options);
  onTestFinished(stop);
  return broker;
}

/** The same for several tests, until `stop`. */
export async function runBroker(options: Partial<TapeBrokerOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "tape-"));
  const lock = await openTapeDirectory(directory);
  const broker = await TapeBroker.start({
    ...{ directory, lock, listeners: [{ host: "127.0.0.1", port: 0 }], access: OPEN },
    ...{ stagingBuffers: 4, deliveryBuffers: 2, workers: 1, segmentBytes: 8 * 1024 * 1024 },
    ...{ retain: { bytes: 0, age_us: 0 }, lease_ms: 30_000, connectionsMax: 64 },
    ...options,
  });
  const stop = async (): Promise<void> => {
    await broker.stop();
    await lock.release();
    rmSync(directory, { recursive: true });
  };
  return { broker, stop };
}

export const publisherHello: TapeHelloFields = {
  ...{ role: TapeRole.Publisher, topic: "trades", group: "", key: "", order: TAPE_ORDER_ANY, ack: 2 },
  ...{ replicas: 1, publisher: 7, epoch: 3, fromKind: TapeFrom.None, from: 0, credit: 0 },
};

/** How a client comes in: by TLS, and with what signs for its key. */
interface ClientOptions {
  readonly isTls?: boolean;
  readonly prove?: (statement: Uint8Array) => Uint8Array;
}

/** What a client heard: `accepted 0`, `ack 3`, `batch 2`, `Refused TopicName`, `Fault TooSlow`, `end`. */
export class Client {
  readonly socket: Socket;
  readonly heard: string[] = [];
  readonly batches: Uint8Array[] = [];
  /** The last Refused or Fault. */
  ended: TapeEndFields | undefined;
  readonly #stream = new TapeStream(TapeSender.Broker, (bytes) => new Uint8Array(bytes));
  readonly #prove: ClientOptions["prove"];
  #hello = new Uint8Array(0);
  #changed = (): void => {};

  constructor(port: number, { isTls = false, prove }: ClientOptions = {}) {
    this.#prove = prove;
    const at = { host: "127.0.0.1", port, noDelay: true };
    this.socket = isTls ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
    this.socket.on("data", (bytes) => {
      const problem = this.#stream.receive(bytes, (type, memory, length) => {
        this.#hear(type, memory, length);
        return true;
      });
      if (problem !== 0) this.#say(`damaged ${tapeReasonName(problem)}`);
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => this.#say("end"));
    onTestFinished(() => void this.socket.destroy());
  }

  static publisher(port: number, hello: Partial<TapeHelloFields> = {}, options?: ClientOptions): Client {
    return new Client(port, options).#greet({ ...publisherHello, ...hello });
  }

  static subscriber(port: number, hello: Partial<TapeHelloFields> = {}, options?: ClientOptions): Client {
    const own = { role: TapeRole.Subscriber, ack: 0, publisher: 0, epoch: 0, credit: 64 * 1024 * 1024 };
    const from = { fromKind: TapeFrom.Start };
    return new Client(port, options).#greet({ ...publisherHello, ...own, ...from, ...hello });
  }

  static administrator(port: number, hello: Partial<TapeHelloFields> = {}, options?: ClientOptions): Client {
    const own = { role: TapeRole.Administrator, topic: "", ack: 0, publisher: 0, epoch: 0 };
    return new Client(port, options).#greet({ ...publisherHello, ...own, ...hello });
  }

  #greet(hello: TapeHelloFields): this {
    this.#hello = encodeTapeHello(hello);
    this.send(this.#hello);
    return this;
  }

  /** What an administrator is answered. */
  async answer(request: object): Promise<unknown> {
    const before = this.heard.length;
    this.send(encodeText(TapeType.Request, JSON.stringify(request)));
    await this.until(() => this.heard.length > before, JSON.stringify(request));
    return JSON.parse(this.heard[before]);
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Resolves when `word` was heard; rejects with all that was when it is not in time. */
  async hears(word: string): Promise<void> {
    await this.until(() => this.heard.includes(word), word);
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    const late = setTimeout(() => this.#changed(), WAIT_MS);
    const until_ms = performance.now() + WAIT_MS;
    while (!isSo()) {
      if (performance.now() >= until_ms)
        throw new Error(`${what} is not heard, but ${this.heard.join(", ")}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    clearTimeout(late);
  }

  #hear(type: TapeType, memory: TapeMemory, length: number): void {
    switch (type) {
      case TapeType.Accepted:
        return this.#say(`accepted ${readAccepted(memory, 0).lastBatch}`);
      case TapeType.Ack:
        return this.#say(`ack ${readTapeAck(memory.view, 0).batch}`);
      case TapeType.Batch:
        this.batches.push(memory.bytes);
        return this.#say("batch");
      case TapeType.Challenge: {
        const statement = tapeStatement(readTapeChallenge(memory, 0), this.#hello);
        return this.send(encodeTapeProof(this.#prove?.(statement) ?? new Uint8Array(64)));
      }
      case TapeType.Refused:
      case TapeType.Fault: {
        this.ended = decodeEnd(memory, 0, length);
        const name = tapeReasonName(this.ended?.reason ?? 0);
        return this.#say(`${type === TapeType.Fault ? "Fault" : "Refused"} ${name}`);
      }
      case TapeType.Active:
        return this.#say(`active ${readActive(memory.view, 0)}`);
      case TapeType.Standby:
        return this.#say("standby");
      case TapeType.Reply:
        return this.#say(decodeText(memory, 0, length) ?? "");
      default:
        return;
    }
  }

  #say(word: string): void {
    this.heard.push(word);
    this.#changed();
  }
}
