// Records what a feed sends: one connection after the other, every byte with the time of its arrival. It knows of the feed's protocol
// only what has to be said first, so that the feed sends anything, and what its first whole message looks like.
//
// When the disk is slower than the feed and 16 MiB wait for it, the socket is read no further: what the feed does with a slow
// reader is in the recording then, as it would be for any other client. What was received is recorded, whatever happens.

import type { Socket } from "node:net";
import { type Clock, checkOptions, networkWords, SeriatimError, type Storage } from "../../base/index.ts";
import {
  encodeTake,
  encodeTakeEnd,
  FirstMessage,
  type RecordedProtocolName,
  RecordKind,
  type TakeEndName,
} from "../../feed/index.ts";
import { connectTo, NativeChecksums, NodeStorage, SystemClock } from "../../platform/index.ts";
import { checkInteger, checkText, invalid, PORT_MAX } from "../arguments.ts";
import { greetingOf } from "./greeting.ts";
import { RecordingFiles, type WrittenFigures } from "./recording-files.ts";

/** What is received waits so long for the disk at most, and so much a kill may lose; a sync takes less on most disks. */
const FLUSH_MS = 50;
/** Between the end of a connection and the next attempt. */
const RECONNECT_MS = 1_000;
/** A connection that stands for so long without a byte is broken off: both protocols have heartbeats, every second or so. */
const SILENCE_MS = 30_000;
/** A feed has said something by then: both protocols begin at once, and have heartbeats. */
const FIRST_MESSAGE_MS = 5_000;
/** For a connection to come about. */
const CONNECT_MS = 5_000;

/** What a `FeedRecorder` is told. */
export interface FeedRecorderOptions {
  readonly host: string;
  readonly port: number;
  readonly protocol: RecordedProtocolName;
  /** Who vouches for the feed's certificate (PEM): it speaks TLS. Plain TCP without. */
  readonly tlsCa?: string | undefined;
  /** What is said on each connection, first: by default what makes a feed of that protocol send everything. */
  readonly greeting?: Uint8Array;
  /** Made when it is not there; another take is added when it holds a recording. */
  readonly directory: string;
  /** The real disk and clock by default. */
  readonly storage?: Storage;
  readonly clock?: Clock;
  /** A connection began or ended; for a log. */
  readonly onTake?: (event: "begun" | TakeEndName) => void;
  /**
   * A connection has brought no whole message of the protocol in its first seconds, or until it ended: it may speak another one.
   * Called once at most.
   */
  readonly onNothing?: () => void;
}

const PROTOCOLS: Record<RecordedProtocolName, true> = { ticks: true, channel: true };

const KNOWN_OPTIONS: Record<keyof FeedRecorderOptions, true> = {
  ...{ host: true, port: true, protocol: true, tlsCa: true, greeting: true, directory: true },
  ...{ storage: true, clock: true, onTake: true, onNothing: true },
};

export interface RecorderFigures {
  /** Connections recorded, the current one included. */
  readonly takes: number;
  readonly bytes: number;
  /** How often the feed had to wait for the disk. */
  readonly waits: number;
  readonly isConnected: boolean;
}

/** Records a feed into a directory of its own until `stop`. A disk that fails ends it: `over` tells why. */
export class FeedRecorder {
  readonly #options: FeedRecorderOptions;
  readonly #clock: Clock;
  readonly #files: RecordingFiles;
  readonly #flush: NodeJS.Timeout;
  #reconnect: NodeJS.Timeout | undefined;
  /** On its way, or the one that is recorded. */
  #connecting: Socket | undefined;
  #socket: Socket | undefined;
  #isPaused = false;
  #isStopping = false;
  /** Its End record waits for room in the buffer. */
  #untoldEnd: TakeEndName | undefined;
  /** What the monotonic clock lacks to the wall's: looked at when a take begins, and never less than before. */
  #offset_us = Number.NEGATIVE_INFINITY;
  #takes = 0;
  #bytes = 0;
  /** Of the take at work; undefined: it has come. */
  #firstMessage: FirstMessage | undefined;
  #hasHeard = false;
  #silence: NodeJS.Timeout | undefined;
  #hasSaidNothing = false;
  #waits = 0;

  /**
   * Opens the recording and connects. Throws INVALID_ARGUMENT, when the directory can't be (DIRECTORY_IN_USE, FOREIGN_DIRECTORY, LOG_CORRUPT, what the disk
   * says) or when nobody answers (ECONNREFUSED, ...); then nothing stays open. Later it goes on over lost connections.
   */
  static async start(options: FeedRecorderOptions): Promise<FeedRecorder> {
    checkRecording(options);
    let changed = (): void => {};
    const { storage = new NodeStorage(), directory } = options;
    const files = await RecordingFiles.open(storage, directory, () => changed());
    const recorder = new FeedRecorder(options, files);
    changed = () => recorder.#step();
    try {
      await recorder.#connect();
      return recorder;
    } catch (error) {
      await recorder.stop();
      throw error;
    }
  }

  private constructor(options: FeedRecorderOptions, files: RecordingFiles) {
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#files = files;
    this.#flush = setInterval(() => files.write(true), FLUSH_MS);
    // A disk that failed takes nothing more: nothing more is received.
    void files.over.then(() => this.#endAll());
  }

  /** Resolves when it records no more: undefined after `stop`, else why the disk failed. Never rejects. */
  get over(): Promise<SeriatimError | undefined> {
    return this.#files.over;
  }

  get figures(): RecorderFigures {
    const isConnected = this.#socket !== undefined;
    return { takes: this.#takes, bytes: this.#bytes, waits: this.#waits, isConnected };
  }

  /** Whether a whole message of the protocol ever came; otherwise what is recorded is something else, or nothing. */
  get hasHeard(): boolean {
    return this.#hasHeard;
  }

  /** What of that is on the disk: all of it after a `stop` that resolved with nothing. */
  get written(): WrittenFigures {
    return this.#files.written;
  }

  /** Ends the take, writes what was received, and closes. Resolves within 10 s, with why not all was written. */
  stop(): Promise<SeriatimError | undefined> {
    this.#endAll();
    return this.#files.close();
  }

  #endAll(): void {
    this.#isStopping = true;
    clearTimeout(this.#reconnect);
    clearInterval(this.#flush);
    this.#connecting?.destroy();
    this.#end("the recorder stopped");
  }

  #connect(): Promise<void> {
    const { host, port, tlsCa } = this.#options;
    const socket = connectTo({ host, port }, tlsCa);
    this.#connecting = socket;
    socket.setTimeout(CONNECT_MS);
    socket.on("data", (bytes: Buffer) => {
      if (!this.#received(bytes)) socket.pause();
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let cause: NodeJS.ErrnoException | undefined;
    socket.once(tlsCa === undefined ? "connect" : "secureConnect", () => {
      this.#begin(socket);
      resolve();
    });
    socket.on("timeout", () => {
      if (!this.#isPaused) socket.destroy(Object.assign(new Error("silence"), { code: "ETIMEDOUT" }));
    });
    socket.on("error", (error) => {
      cause = error;
    });
    socket.once("close", () => {
      const why = networkWords(cause?.code, cause?.message ?? "it ended at once");
      reject(
        new SeriatimError(cause?.code ?? "ECONNRESET", `the feed at ${host}:${port}: ${why}`, { cause }),
      );
      if (this.#socket === socket) this.#end(cause === undefined ? "the feed ended" : "the connection broke");
      else if (this.#takes > 0) this.#connectLater();
    });
    return promise;
  }

  #begin(socket: Socket): void {
    const { protocol, host, port, greeting = greetingOf(protocol), onTake } = this.#options;
    socket.setTimeout(SILENCE_MS);
    this.#connecting = undefined;
    this.#socket = socket;
    this.#isPaused = false;
    this.#takes++;
    this.#firstMessage = new FirstMessage(protocol, new NativeChecksums());
    this.#silence = setTimeout(() => this.#noteNothing(), FIRST_MESSAGE_MS);
    const offset_us = this.#clock.wallMicros() - this.#clock.monotonicMicros();
    this.#offset_us = Math.max(this.#offset_us, offset_us);
    this.#files.buffer.beginTake(encodeTake({ protocol, address: `${host}:${port}` }), this.#arrival_us());
    if (greeting.length > 0) socket.write(greeting);
    onTake?.("begun");
  }

  /** Wall time at the pace of the monotonic clock: a wall clock that is set changes nothing of how a take is played. */
  #arrival_us(): number {
    return this.#offset_us + this.#clock.monotonicMicros();
  }

  /** False: nothing more may come until a block is written. */
  #received(bytes: Buffer): boolean {
    const { buffer } = this.#files;
    // What came in after the end of the take was told belongs to none.
    if (this.#socket === undefined) return true;
    this.#bytes += bytes.length;
    if (this.#firstMessage?.received(bytes)) {
      this.#firstMessage = undefined;
      this.#hasHeard = true;
    }
    buffer.append(RecordKind.Data, bytes, this.#arrival_us());
    this.#files.write(false);
    if (!buffer.isFull) return true;
    this.#isPaused = true;
    this.#waits++;
    return false;
  }

  /** There may be room again. */
  #step(): void {
    if (this.#files.buffer.isFull) return;
    if (this.#untoldEnd !== undefined) this.#tellEnd(this.#untoldEnd);
    else if (this.#isPaused) {
      this.#isPaused = false;
      // A silence begins now: while it was paused nobody could tell.
      this.#socket?.setTimeout(SILENCE_MS).resume();
    }
  }

  #end(why: TakeEndName): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    clearTimeout(this.#silence);
    socket.destroy();
    this.#options.onTake?.(why);
    if (!this.#isStopping) this.#noteNothing();
    if (this.#files.buffer.isFull) this.#untoldEnd = why;
    else this.#tellEnd(why);
  }

  #noteNothing(): void {
    if (this.#firstMessage === undefined || this.#hasSaidNothing) return;
    this.#hasSaidNothing = true;
    this.#options.onNothing?.();
  }

  #tellEnd(why: TakeEndName): void {
    this.#untoldEnd = undefined;
    this.#isPaused = false;
    this.#files.buffer.append(RecordKind.End, encodeTakeEnd(why), this.#arrival_us());
    this.#connectLater();
  }

  /** When all of the take before is written: then there is room for another. */
  #connectLater(): void {
    if (this.#isStopping) return;
    clearTimeout(this.#reconnect);
    this.#reconnect = setTimeout(() => {
      if (this.#files.buffer.mayBeginTake) this.#connect().catch(() => {});
      else this.#connectLater();
    }, RECONNECT_MS);
  }
}

function checkRecording(options: FeedRecorderOptions): void {
  checkOptions("FeedRecorder.start", options, KNOWN_OPTIONS);
  const { host, port, protocol, directory } = options;
  checkText("host", host);
  checkInteger("port", port, 1, PORT_MAX);
  checkText("directory", directory);
  if (!Object.hasOwn(PROTOCOLS, protocol))
    throw invalid(`protocol ${String(protocol)} is none of ${Object.keys(PROTOCOLS).join(", ")}`);
}
