// Bursts, a process of its own: so many requests at once on one connection, the next so many when all are answered. They come
// in one piece and become one frame of the journal, whatever the machine is doing: so nodes can be compared that would
// otherwise put as many commands into a frame as wait for it.

import type { Socket } from "node:net";
import { AnswerFrames, encodeOfPair, openSocket, REQUEST_ROOM_BYTES } from "../gateway/requests.ts";

export interface BurstOrder {
  readonly port: number;
  /** Requests in each: new orders and their cancels in turn. */
  readonly requests: number;
  readonly run_ms: number;
}

export interface BurstResult {
  readonly bursts: number;
  readonly refused: number;
}

/** A price that nobody meets. */
const PRICE = 100;
/** High lanes of order ids that no other load of a bench uses, another one for each run. */
let nextIdHigh = 1 << 21;

class Bursts {
  readonly frames = new AnswerFrames();
  readonly #socket: Socket;
  readonly #requests: number;
  readonly #idHigh = nextIdHigh++;
  readonly #out: Uint8Array;
  readonly #view: DataView;
  #sent = 0;
  #unanswered = 0;
  #answered: () => void = () => {};

  constructor(socket: Socket, requests: number) {
    this.#socket = socket;
    this.#requests = requests;
    this.#out = new Uint8Array(requests * REQUEST_ROOM_BYTES);
    this.#view = new DataView(this.#out.buffer);
    socket.on("data", (chunk) => {
      this.#unanswered -= this.frames.take(chunk as Uint8Array);
      if (this.#unanswered === 0) this.#answered();
    });
  }

  /** Sends one; resolves when all of it is answered. */
  send(): Promise<void> {
    let at = 0;
    for (let i = 0; i < this.#requests; i++)
      at = encodeOfPair(this.#view, at, this.#sent++, this.#idHigh, PRICE);
    this.#unanswered = this.#requests;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#answered = resolve;
    // Nothing is encoded before it is answered, so the kernel has taken it.
    this.#socket.write(this.#out.subarray(0, at));
    return promise;
  }
}

async function load({ port, requests, run_ms }: BurstOrder): Promise<BurstResult> {
  const socket = await openSocket(port);
  const closed = new Promise<never>((_, reject) => {
    socket.once("close", () => reject(new Error("a connection was closed")));
  });
  // Its end in the end is nobody's failure.
  closed.catch(() => {});
  const bursts = new Bursts(socket, requests);
  const end_ms = performance.now() + run_ms;
  let sent = 0;
  try {
    for (; performance.now() < end_ms; sent++) await Promise.race([bursts.send(), closed]);
  } finally {
    socket.destroy();
  }
  return { bursts: sent, refused: bursts.frames.refused };
}

process.on("message", (order: BurstOrder) => {
  load(order).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
