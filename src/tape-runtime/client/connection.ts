// One connection to a broker: the socket, the handshake, messages in and out, and why it is gone. What messages mean is its owner's
// business, but for those that end it.
//
// Bounds: it is accepted within `connectTimeout`, hears something every `liveness`, and is gone FINISH_US after it was asked to finish.
// One read of READ_BYTES; what is sent is bounded by the owner.

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { networkWords, SeriatimError } from "../../base/index.ts";
import { TLS_VERSION } from "../../platform/index.ts";
import {
  decodeEnd,
  encodeTapeHello,
  encodeTapeProof,
  readAccepted,
  readTapeChallenge,
  TAPE_PROOF_BYTES,
  type TapeAcceptedFields,
  type TapeHelloFields,
  type TapeMemory,
  TapeReason,
  TapeSender,
  TapeStream,
  TapeType,
  tapeMemory,
  tapeReasonText,
  tapeStatement,
  writePlain,
} from "../../protocol/index.ts";
import { protocolError, TapeRefusedError } from "./errors.ts";
import type { TapePeer } from "./options.ts";

const READ_BYTES = 262_144;
const TICK_MS = 100;
/** Something is said so often, that the broker need not give up a client that has nothing to say. */
const HEARTBEAT_US = 1_000_000;
const FINISH_US = 10_000_000;

/** Memory of its own for a batch, which is written over whole. */
function unclearedBytes(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

export interface TapeConnectionOwner {
  accepted(accepted: TapeAcceptedFields): void;
  /** A message of the broker's behind that; lent but for a Batch's memory. Returns what is wrong with it, if anything. */
  message(type: TapeType, memory: TapeMemory, length: number): string | undefined;
  /** Once, the last call: undefined when the broker closed it after `finish()`. */
  closed(failure: SeriatimError | undefined): void;
}

export class TapeConnection {
  /** `host:port`, for messages. */
  readonly peer: string;
  readonly #where: TapePeer;
  readonly #owner: TapeConnectionOwner;
  readonly #hello: Uint8Array<ArrayBuffer>;
  readonly #stream = new TapeStream(TapeSender.Broker, unclearedBytes);
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #failure: SeriatimError | undefined;
  /** A message: an alert of TLS is none. */
  #hasHeard = false;
  #isAccepted = false;
  #isFinishing = false;
  /** When it is given up, and when the client has been silent for long enough. */
  #deadline_us: number;
  #silent_us = 0;

  constructor(where: TapePeer, hello: Omit<TapeHelloFields, "key">, owner: TapeConnectionOwner) {
    this.#where = where;
    this.#owner = owner;
    this.peer = `${where.host}:${where.port}`;
    this.#hello = encodeTapeHello({ ...hello, key: where.key?.name ?? "" });
    this.#deadline_us = this.#now_us() + where.connectTimeout_us;
    this.#socket = this.#open();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Whether messages may be sent. */
  get isAccepted(): boolean {
    return this.#isAccepted && this.#failure === undefined;
  }

  /** Sends `bytes`, which are held by reference until `done` is called or the connection is closed. */
  send(bytes: Uint8Array, done?: () => void): void {
    this.#silent_us = this.#now_us() + HEARTBEAT_US;
    this.#socket.write(bytes, (error) => {
      if (error === null || error === undefined) done?.();
    });
  }

  /** Nothing follows what was sent. A publisher says Bye: the broker answers what is outstanding, and closes; others just end. */
  finish(saysBye: boolean): void {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    this.#deadline_us = this.#now_us() + FINISH_US;
    if (saysBye) this.#plain(TapeType.Bye);
    else this.#socket.end();
  }

  /** Breaks it off at once. */
  destroy(failure: SeriatimError = this.#lost("it was cut")): void {
    this.#failure ??= failure;
    this.#socket.destroy();
  }

  #open(): Socket {
    const { host, port, tls } = this.#where;
    const socket =
      tls === undefined
        ? this.#openPlain(host, port)
        : connectTls({ host, port, ...tls, minVersion: TLS_VERSION });
    socket.setNoDelay(true);
    if (tls !== undefined) socket.on("data", (bytes: Buffer) => void this.#received(bytes));
    socket.once(tls === undefined ? "connect" : "secureConnect", () => socket.write(this.#hello));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#failure ??= this.#lost(networkWords(error.code, error.message));
    });
    socket.once("close", () => this.#closed());
    return socket;
  }

  #openPlain(host: string, port: number): Socket {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (length: number): boolean => this.#received(buffer.subarray(0, length));
    return connect({ host, port, onread: { buffer, callback } });
  }

  #received(bytes: Uint8Array): boolean {
    if (this.#failure !== undefined) return false;
    if (!this.#isFinishing && this.#isAccepted) this.#deadline_us = this.#now_us() + this.#where.liveness_us;
    const problem = this.#stream.receive(bytes, (type, memory, length) => this.#take(type, memory, length));
    if (problem !== TapeReason.None) this.#wrong(`no message: ${tapeReasonText(problem)}`);
    return this.#failure === undefined;
  }

  /** Whether to go on. */
  #take(type: TapeType, memory: TapeMemory, length: number): boolean {
    this.#hasHeard = true;
    if (type === TapeType.Refused || type === TapeType.Fault) this.#ended(memory, length);
    else if (this.#isAccepted) {
      const wrong = this.#owner.message(type, memory, length);
      if (wrong !== undefined) this.#wrong(wrong);
    } else if (type === TapeType.Challenge) this.#prove(readTapeChallenge(memory, 0));
    else if (type === TapeType.Accepted) this.#accepted(readAccepted(memory, 0));
    else this.#wrong("a message before it accepted the connection");
    return this.#failure === undefined;
  }

  #accepted(accepted: TapeAcceptedFields): void {
    this.#isAccepted = true;
    const now_us = this.#now_us();
    this.#deadline_us = now_us + this.#where.liveness_us;
    this.#silent_us = now_us + HEARTBEAT_US;
    this.#owner.accepted(accepted);
  }

  #prove(nonce: Uint8Array): void {
    const { key } = this.#where;
    if (key === undefined) return this.destroy(this.#noLogon("wants a logon, and there is no key"));
    try {
      const proof = key.prove(tapeStatement(nonce, this.#hello));
      if (proof.length === TAPE_PROOF_BYTES) this.send(encodeTapeProof(proof));
      else this.destroy(this.#noLogon(`can't be given a proof of ${proof.length} bytes by key ${key.name}`));
    } catch (error) {
      this.destroy(this.#noLogon(`can't be given a proof by key ${key.name}`, error));
    }
  }

  #noLogon(why: string, cause?: unknown): SeriatimError {
    return new SeriatimError("LOGON", `the tape at ${this.peer} ${why}`, { cause });
  }

  #ended(memory: TapeMemory, length: number): void {
    const end = decodeEnd(memory, 0, length);
    if (end === undefined) this.#wrong("an end whose text does not fit it");
    else this.destroy(new TapeRefusedError(this.peer, end));
  }

  #wrong(what: string): void {
    this.destroy(protocolError(this.peer, what));
  }

  #tick(): void {
    const now_us = this.#now_us();
    if (now_us >= this.#deadline_us) {
      const why = this.#isAccepted ? "nothing was heard from it" : "it did not answer in time";
      this.destroy(this.#lost(why));
    } else if (this.isAccepted && !this.#isFinishing && now_us >= this.#silent_us)
      this.#plain(TapeType.Heartbeat);
  }

  #plain(type: typeof TapeType.Heartbeat | typeof TapeType.Bye): void {
    const { bytes, view } = tapeMemory(new ArrayBuffer(8));
    writePlain(view, 0, type);
    this.send(bytes);
  }

  #closed(): void {
    clearInterval(this.#timer);
    if (!this.#isFinishing) this.#failure ??= this.#lost(this.#hasHeard ? "it was closed" : this.#unheard());
    this.#owner.closed(this.#failure);
  }

  /** Who doesn't understand a first word says nothing: what serves something else, and plain and TLS each other. */
  #unheard(): string {
    const why = "it closed the connection without a word: is that the tape's port?";
    return this.#where.tls === undefined ? `${why} It may speak TLS (\`tls\`, --tls-ca of a command)` : why;
  }

  #lost(why: string): SeriatimError {
    return this.#isAccepted
      ? new SeriatimError("CONNECTION_LOST", `the connection to the tape at ${this.peer} is lost: ${why}`)
      : new SeriatimError("CONNECT_FAILED", `can't connect to the tape at ${this.peer}: ${why}`);
  }

  #now_us(): number {
    return this.#where.clock.monotonicMicros();
  }
}
