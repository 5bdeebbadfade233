// The TCP connection of a feed handler: opened, given up and opened again as connection-course.ts says. It moves bytes and knows nothing
// of what they mean.
//
// Bounds: one read of READ_BYTES; requests that the peer does not read, WAITING_BYTES_MAX: then it is given up.

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { networkWords, SeriatimError } from "../../base/index.ts";
import { type ConnectionCourse, CourseStep, FeedState, type StreamFault } from "../../feed/index.ts";
import type { FeedAddress } from "./options.ts";

const READ_BYTES = 65_536;
/** Requests are short and rare: so much means that nobody reads them. */
const WAITING_BYTES_MAX = 262_144;

export interface LinkOwner {
  now_us(): number;
  opened(): void;
  /** Bytes[0, to) came; they are lent. Returns why the connection is of no more use, if it isn't. */
  received(bytes: Uint8Array, to: number): StreamFault | undefined;
  closed(): void;
  /** The course's state may be another; `why`: what became of the connection. */
  changed(why: SeriatimError | undefined): void;
}

export class FeedLink {
  /** `host:port`, for messages. */
  readonly peer: string;
  readonly #address: FeedAddress;
  readonly #course: ConnectionCourse;
  readonly #owner: LinkOwner;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #socket: Socket | undefined;
  #isOpen = false;

  constructor(address: FeedAddress, course: ConnectionCourse, owner: LinkOwner) {
    this.peer = `${address.host}:${address.port}`;
    this.#address = address;
    this.#course = course;
    this.#owner = owner;
  }

  get state(): FeedState {
    return this.#course.state;
  }

  get deadline_us(): number {
    return this.#course.deadline_us;
  }

  start(): void {
    if (this.#course.start(this.#owner.now_us()) === CourseStep.Open) this.#open();
  }

  /** Ends it for good; resolves when the socket is closed. */
  async stop(): Promise<void> {
    this.#course.stop();
    const socket = this.#socket;
    if (socket === undefined) return;
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    this.#gone(undefined);
    socket.destroy();
    await closed;
  }

  /** Sends a request, which has an answer or none; nothing while there is no connection. */
  send(bytes: Uint8Array, isAnswered: boolean): void {
    const socket = this.#socket;
    if (socket === undefined || !this.#isOpen) return;
    if (isAnswered) this.#course.asked(this.#owner.now_us());
    socket.write(bytes);
    if (socket.writableLength > WAITING_BYTES_MAX) this.#giveUp("it reads no requests");
  }

  /** Does what is due. */
  tick(now_us: number): void {
    const step = this.#course.due(now_us);
    if (step === CourseStep.Open) this.#open();
    else if (step === CourseStep.GiveUp) this.#giveUp("nothing came in time");
  }

  #open(): void {
    const socket = this.#connect();
    this.#socket = socket;
    socket.setNoDelay(true);
    let cause: NodeJS.ErrnoException | undefined;
    socket.once(this.#address.tls === undefined ? "connect" : "secureConnect", () => {
      if (socket === this.#socket) this.#opened();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      cause ??= error;
    });
    // One that was given up here is not this.#socket any more.
    socket.once("close", () => {
      if (socket !== this.#socket) return;
      this.#gone(
        this.#error(cause === undefined ? "it was closed" : networkWords(cause.code, cause.message)),
      );
    });
    this.#owner.changed(undefined);
  }

  #connect(): Socket {
    const { host, port, tls } = this.#address;
    if (tls === undefined) {
      const callback = (length: number): boolean => this.#received(this.#buffer, length);
      return connect({ host, port, onread: { buffer: this.#buffer, callback } });
    }
    const socket = connectTls({ host, port, ...tls });
    // TLS knows no buffer of ours.
    socket.on("data", (bytes: Buffer) => {
      if (socket === this.#socket) this.#received(bytes, bytes.length);
    });
    return socket;
  }

  #opened(): void {
    this.#isOpen = true;
    this.#course.opened(this.#owner.now_us());
    this.#owner.opened();
    this.#owner.changed(undefined);
  }

  /** Whether to read on. */
  #received(bytes: Uint8Array, length: number): boolean {
    if (!this.#isOpen) return false;
    this.#course.heard(this.#owner.now_us());
    const fault = this.#owner.received(bytes, length);
    if (fault !== undefined) this.#giveUp(fault.why, fault.code);
    return fault === undefined;
  }

  #giveUp(why: string, code?: StreamFault["code"]): void {
    const socket = this.#socket;
    this.#gone(this.#error(why, code));
    socket?.destroy();
  }

  #gone(why: SeriatimError | undefined): void {
    const wasOpen = this.#isOpen;
    this.#socket = undefined;
    this.#isOpen = false;
    this.#course.lost(this.#owner.now_us());
    if (wasOpen) this.#owner.closed();
    this.#owner.changed(why);
  }

  #error(why: string, code: StreamFault["code"] = "CONNECTION_LOST"): SeriatimError {
    if (this.#course.state !== FeedState.Connected)
      return new SeriatimError("CONNECT_FAILED", `can't connect to ${this.peer}: ${why}`);
    return new SeriatimError(code, `the feed's connection to ${this.peer}: ${why}`);
  }
}
