// A stand-in for a ticks/1 server: a script says what each connection is sent; what it sends is kept, read by read.

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** `number`: of the connection, from 0. */
export type Script = (socket: Socket, number: number) => void;

export class ScriptedServer {
  readonly sockets: Socket[] = [];
  /** What each connection has sent, as hex, one text per read. */
  readonly reads: string[][] = [];
  readonly #server: Server;

  private constructor(script: Script) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      const number = this.sockets.push(socket) - 1;
      const reads: string[] = [];
      this.reads.push(reads);
      socket.on("data", (bytes: Buffer) => reads.push(bytes.toString("hex")));
      // A client that is stopped breaks it off.
      socket.on("error", () => {});
      script(socket, number);
    });
  }

  static async started(script: Script): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
