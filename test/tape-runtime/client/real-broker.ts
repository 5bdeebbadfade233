// A broker that can be stopped and started again on its data and its port, and a line to it that can be held up and cut.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { OPEN_GRANT, type TapeAccess } from "../../../src/tape/index.ts";
import { openTapeDirectory, TapeBroker, type TapeBrokerOptions } from "../../../src/tape-runtime/index.ts";

const OPEN: TapeAccess = {
  isOpen: true,
  challenge: () => new Uint8Array(32),
  grantFor: () => OPEN_GRANT,
  isProof: () => false,
};

export class RealBroker {
  port = 0;
  readonly #directory = mkdtempSync(join(tmpdir(), "tape-client-"));
  readonly #options: Partial<TapeBrokerOptions>;
  #stop: (() => Promise<void>) | undefined;

  static async start(options: Partial<TapeBrokerOptions> = {}): Promise<RealBroker> {
    const broker = new RealBroker(options);
    await broker.start();
    return broker;
  }

  private constructor(options: Partial<TapeBrokerOptions>) {
    this.#options = options;
  }

  /** On the same port as before. */
  async start(): Promise<void> {
    const lock = await openTapeDirectory(this.#directory);
    const broker = await TapeBroker.start({
      ...{
        directory: this.#directory,
        lock,
        listeners: [{ host: "127.0.0.1", port: this.port }],
        access: OPEN,
      },
      ...{ stagingBuffers: 4, deliveryBuffers: 2, workers: 1, segmentBytes: 8 * 1024 * 1024 },
      ...{ retain: { bytes: 0, age_us: 0 }, lease_ms: 30_000, connectionsMax: 64 },
      ...this.#options,
    });
    this.port = broker.ports[0];
    this.#stop = async () => {
      await broker.stop();
      await lock.release();
    };
  }

  /** Stops it, and takes its data away. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true });
  }

  async stop(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    await stop?.();
  }
}

/** Passes bytes on in both directions until it is told otherwise. */
export class Line {
  port = 0;
  /** Connections made through it. */
  connections = 0;
  /** Cuts each connection once so many bytes of the client's have passed: the number is asked for each connection. */
  cutAfter: () => number = () => Number.POSITIVE_INFINITY;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isHeld = false;

  static async to(port: number): Promise<Line> {
    const line = new Line(port);
    await new Promise<void>((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
    line.port = (line.#server.address() as { port: number }).port;
    onTestFinished(() => {
      line.cut();
      line.#server.close();
    });
    return line;
  }

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client, port));
  }

  /** What clients send from now on is lost with their connections. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Breaks all connections off; new ones pass. */
  cut(): void {
    this.#isHeld = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #join(client: Socket, port: number): void {
    this.connections++;
    let left = this.cutAfter();
    const broker = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const pair = [client, broker] as const;
    this.#pairs.add(pair);
    client.on("data", (bytes: Buffer) => {
      if (this.#isHeld) return;
      broker.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) client.destroy();
    });
    broker.on("data", (bytes: Buffer) => void client.write(bytes));
    client.on("end", () => void broker.end());
    broker.on("end", () => void client.end());
    for (const [one, other] of [pair, [broker, client] as const]) {
      one.on("error", () => {});
      one.on("close", () => {
        this.#pairs.delete(pair);
        // What it has already got goes out first.
        if (other === broker) other.end();
        else other.destroy();
      });
    }
  }
}
