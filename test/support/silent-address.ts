// An address of this machine whose connections are never made, as when the machine there has lost power: a listener that
// accepts nothing, whose queue is full, so that the system answers no further SYN.

import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

/** Listens, says where, and never comes back to accept. */
const LISTENER = `
  const { createServer } = require("node:net");
  const { parentPort } = require("node:worker_threads");
  const server = createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;
/** Connections that fill the queue; the system rounds its length up. */
const FILLERS_MAX = 16;
/** On the same machine a connection that is not made by then never is. */
const MADE_MS = 300;

export class SilentAddress {
  readonly host = "127.0.0.1";
  port = 0;
  readonly #worker = new Worker(LISTENER, { eval: true });
  readonly #fillers: Socket[] = [];

  /** Resolves when nobody can connect any more. */
  async fill(): Promise<this> {
    this.port = await new Promise<number>((resolve) => this.#worker.once("message", resolve));
    while (await this.#takes()) {
      if (this.#fillers.length > FILLERS_MAX) throw new Error("the listener's queue does not fill up");
    }
    return this;
  }

  #takes(): Promise<boolean> {
    const socket = connect(this.port, this.host);
    this.#fillers.push(socket);
    socket.on("error", () => {});
    return new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      // Behind the sockets' phase of the turn: a thread that stood still for so long has not looked at them yet.
      setTimeout(() => setImmediate(() => resolve(false)), MADE_MS);
    });
  }

  async end(): Promise<void> {
    for (const socket of this.#fillers) socket.destroy();
    await this.#worker.terminate();
  }
}
