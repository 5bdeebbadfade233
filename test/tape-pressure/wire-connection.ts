// One connection to a tape's broker on the bare wire, so that what is judged is the broker and not our own client: says Hello, and
// hands on whole messages until it is over.

import { connect, type Socket } from "node:net";
import {
  decodeEnd,
  encodeTapeHello,
  readAccepted,
  type TapeAcceptedFields,
  TapeFrom,
  type TapeHelloFields,
  type TapeMemory,
  TapeReason,
  TapeSender,
  TapeStream,
  TapeType,
  tapeReasonName,
  tapeReasonText,
} from "../../src/protocol/index.ts";

/** What a Hello says when its role does not. */
const NOTHING = {
  group: "",
  key: "",
  order: 255,
  ack: 0,
  replicas: 1,
  publisher: 0,
  epoch: 0,
  fromKind: TapeFrom.None,
  from: 0,
  credit: 0,
} as const;

/** Why a broker ended a connection; None: it did not say. */
export interface WireEnd {
  readonly reason: TapeReason;
  readonly text: string;
}

export interface WireListener {
  accepted(fields: TapeAcceptedFields): void;
  /** Every message behind it but the last word. A Batch's memory is the listener's to keep. */
  message(type: TapeType, memory: TapeMemory, length: number): void;
  /** The system takes more again. */
  drained?(): void;
  over(end: WireEnd): void;
}

export class WireConnection {
  readonly #socket: Socket;
  readonly #listener: WireListener;
  #end: WireEnd = { reason: TapeReason.None, text: "the connection is gone" };
  #isOver = false;

  constructor(
    port: number,
    hello: Pick<TapeHelloFields, "role" | "topic"> & Partial<TapeHelloFields>,
    listener: WireListener,
  ) {
    this.#listener = listener;
    const stream = new TapeStream(TapeSender.Broker, (bytes) => new Uint8Array(bytes));
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.write(encodeTapeHello({ ...NOTHING, ...hello }));
    this.#socket.on("data", (bytes) => {
      const problem = stream.receive(bytes, (type, memory, length) => this.#visit(type, memory, length));
      if (problem === TapeReason.None) return;
      this.#end = { reason: problem, text: `the broker sent ${tapeReasonName(problem)}` };
      this.#socket.destroy();
    });
    this.#socket.on("drain", () => listener.drained?.());
    // The reason is in "close".
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      if (!this.#isOver) listener.over(this.#end);
      this.#isOver = true;
    });
  }

  #visit(type: TapeType, memory: TapeMemory, length: number): boolean {
    if (this.#isOver) return false;
    if (type === TapeType.Accepted) this.#listener.accepted(readAccepted(memory, 0));
    else if (type === TapeType.Refused || type === TapeType.Fault) {
      const { reason = TapeReason.Malformed, text = "" } = decodeEnd(memory, 0, length) ?? {};
      this.#end = { reason, text: text || tapeReasonText(reason) };
    } else this.#listener.message(type, memory, length);
    return !this.#isOver;
  }

  /** False: more than the system takes at once is waiting, `drained` says when it is not any more. */
  send(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  get isBlocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Breaks it off; `over` is not called any more. */
  drop(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }
}
