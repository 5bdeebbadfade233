// A WebSocket client for tests: what it is told, in order, and how it ended.

import { WebSocket } from "ws";

export type Message = Readonly<Record<string, unknown>>;

export class Peer {
  readonly socket: WebSocket;
  /** Resolves with the code and reason of the end. */
  readonly closed: Promise<readonly [code: number, why: string]>;
  readonly #received: Message[] = [];
  #more = Promise.withResolvers<void>();

  private constructor(url: string, options: object) {
    this.socket = new WebSocket(url, options);
    this.socket.on("message", (data: Buffer) => {
      this.#received.push(JSON.parse(data.toString()));
      this.#more.resolve();
    });
    this.closed = new Promise((resolve) => {
      this.socket.once("close", (code, why) => resolve([code, why.toString()]));
    });
  }

  /** A connection that stands; rejects with `Unexpected server response: 503` or the like. */
  static async connect(port: number, options: object = {}): Promise<Peer> {
    const peer = new Peer(`ws://127.0.0.1:${port}/ws`, options);
    await new Promise((resolve, reject) => {
      peer.socket.once("open", resolve);
      peer.socket.once("error", reject);
    });
    peer.socket.on("error", () => {});
    return peer;
  }

  /** A connection that has said hello. */
  static async greet(port: number, account?: string): Promise<Peer> {
    const peer = await Peer.connect(port);
    peer.say({ type: "hello", schema: 1, account });
    await peer.next("welcome");
    return peer;
  }

  say(message: Message | string): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The next message of a type, or of any; those before it are passed over. */
  async next(type?: string): Promise<Message> {
    for (;;) {
      const message = this.#received.shift();
      if (message === undefined) {
        this.#more = Promise.withResolvers();
        await this.#more.promise;
      } else if (type === undefined || message.type === type) return message;
    }
  }

  /** What came and was not taken by next(). */
  rest(): Message[] {
    return this.#received.splice(0);
  }
}
