// Serves a take of a recording over TCP, to programs that take it for the feed: each connection is sent the take from its
// beginning (or from a moment on), at the pace of its arrival, n times faster or as fast as the client takes it, and then the end. What
// clients say is read and dropped; of the exchange's own feed, whose clients speak first, their first word starts the time.
//
// Bounds: 64 connections, each with one frame (1 MiB) and OUTPUT_BYTES; a client that is slow is sent what it takes, later than
// it was due, and holds nobody up.

import {
  type Clock,
  type CloseCause,
  checkOptions,
  type Listener,
  SeriatimError,
  type Storage,
  type TransportHandler,
} from "../../base/index.ts";
import { Playback, type RecordedProtocolName, Recording, RecordKind, TakeReader } from "../../feed/index.ts";
import { NativeChecksums, NetTransport, NodeStorage, SystemClock } from "../../platform/index.ts";
import { checkInteger, checkText, invalid, PORT_MAX } from "../arguments.ts";
import { refuseForeign } from "./directory.ts";

const US_PER_S = 1_000_000;
const CONNECTIONS_MAX = 64;
/** Sent at once: what is due is gathered, so that many small reads don't become as many writes. */
const OUTPUT_BYTES = 64 * 1024;
/** A client that is to speak first and does not. */
const FIRST_WORD_MS = 5_000;
/** A client that takes nothing for so long is broken off: its place is somebody else's. */
const STALLED_MS = 60_000;
/** A timer's longest wait: a longer one is waited for in parts. */
const WAIT_MAX_MS = 60_000;

/** What a `RecordingPlayer` is told. */
export interface RecordingPlayerOptions {
  readonly directory: string;
  /** From 1 on, 1 by default. */
  readonly take?: number;
  /** Seconds of the take that are left out at its beginning, 0 by default; the first bytes may lie inside a message. */
  readonly skip_s?: number;
  /** 1 (by default) as it was, n so many times faster, Infinity as fast as a client takes it. */
  readonly speed?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 0 = any free port. */
  readonly port: number;
  /** The real disk and clock by default. */
  readonly storage?: Storage;
  readonly clock?: Clock;
  /** A client has come, been sent everything, or gone before; for a log. */
  readonly onClient?: (event: "connected" | "played" | "left") => void;
}

const KNOWN_OPTIONS: Record<keyof RecordingPlayerOptions, true> = {
  ...{ directory: true, take: true, skip_s: true, speed: true, host: true, port: true },
  ...{ storage: true, clock: true, onClient: true },
};

interface Client {
  readonly reader: TakeReader;
  readonly playback: Playback;
  readonly out: Uint8Array;
  timer: NodeJS.Timeout | undefined;
  isStarted: boolean;
  isSending: boolean;
}

/** Serves one take of a recording over TCP, to programs that take it for the feed. */
export class RecordingPlayer implements TransportHandler {
  /** What the recording says of the take. */
  readonly protocol: RecordedProtocolName;
  readonly takes: number;
  readonly #options: Required<RecordingPlayerOptions>;
  readonly #recording: Recording;
  readonly #transport = new NetTransport({ connectionsMax: CONNECTIONS_MAX });
  readonly #clients = new Map<number, Client>();
  readonly #failed = Promise.withResolvers<SeriatimError>();
  #listener: Listener | undefined;

  /**
   * Opens the recording and listens. Throws INVALID_ARGUMENT, RECORDING_EMPTY, FOREIGN_DIRECTORY, NO_SUCH_TAKE, NOTHING_TO_PLAY (all of it is skipped), LOG_CORRUPT,
   * EADDRINUSE, or what the disk says. What is recorded later is not played.
   */
  static async start(options: RecordingPlayerOptions): Promise<RecordingPlayer> {
    const player = new RecordingPlayer(checkedPlaying(options));
    const { host, port } = player.#options;
    player.#listener = await player.#transport.listen({ host, port }, player);
    void player.#listener.failed.then((error) => player.#failed.resolve(error));
    return player;
  }

  private constructor(options: Required<RecordingPlayerOptions>) {
    const { storage, directory, take, skip_s } = options;
    this.#options = options;
    refuseForeign(storage, directory);
    this.#recording = new Recording({ storage, checksums: new NativeChecksums(), directory });
    const reader = new TakeReader(this.#recording, take);
    const hasBytes = skip_s === 0 || hasBytesAfter(reader, skip_s);
    reader.close();
    if (!hasBytes) {
      const message = `take ${take} of ${directory} has nothing after its first ${skip_s} s`;
      throw new SeriatimError("NOTHING_TO_PLAY", message, { exitCode: 2 });
    }
    this.protocol = reader.source.protocol;
    this.takes = this.#recording.takes;
  }

  /** The port listened on. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Resolves with why it can't play any more, if that ever happens: damage in the recording, a disk, a port. */
  get failed(): Promise<SeriatimError> {
    return this.#failed.promise;
  }

  /** Ends every connection, also in the middle. */
  async stop(): Promise<void> {
    await this.#listener?.close();
    this.#transport.destroyAll();
  }

  opened(connection: number): void {
    const { take, skip_s, speed, onClient } = this.#options;
    onClient("connected");
    this.#guarded(() => {
      const reader = new TakeReader(this.#recording, take);
      const from_us = reader.begun_us + Math.round(skip_s * US_PER_S);
      if (skip_s > 0) reader.seek(from_us);
      const playback = new Playback(reader, speed, from_us);
      const out = new Uint8Array(OUTPUT_BYTES);
      const isStarted = reader.source.protocol === "ticks";
      const client: Client = { reader, playback, out, timer: undefined, isStarted, isSending: false };
      this.#clients.set(connection, client);
      if (isStarted) this.#play(connection, client);
      else client.timer = setTimeout(() => this.#transport.destroy(connection), FIRST_WORD_MS);
    });
  }

  received(connection: number): void {
    const client = this.#clients.get(connection);
    if (client === undefined || client.isStarted) return;
    client.isStarted = true;
    clearTimeout(client.timer);
    this.#play(connection, client);
  }

  drained(connection: number): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    client.isSending = false;
    clearTimeout(client.timer);
    this.#play(connection, client);
  }

  ended(connection: number): void {
    this.#transport.close(connection);
  }

  closed(connection: number, _cause: CloseCause): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    this.#clients.delete(connection);
    clearTimeout(client.timer);
    client.reader.close();
    this.#options.onClient(client.playback.isOver ? "played" : "left");
  }

  #play(connection: number, client: Client): void {
    if (client.isSending || !this.#clients.has(connection)) return;
    this.#guarded(() => {
      const { playback, out } = client;
      const now_us = this.#options.clock.monotonicMicros();
      const filled = playback.fill(out, now_us);
      if (filled > 0 && !this.#transport.send(connection, out, 0, filled)) {
        client.isSending = true;
        client.timer = setTimeout(() => this.#transport.destroy(connection), STALLED_MS);
      } else if (playback.isOver) this.#transport.close(connection);
      else if (filled === out.length) this.#transport.nextTurn(() => this.#play(connection, client));
      else this.#wait(connection, client, playback.due_us - now_us);
    });
  }

  #wait(connection: number, client: Client, wait_us: number): void {
    const wait_ms = Math.min(WAIT_MAX_MS, Math.max(1, Math.ceil(wait_us / 1_000)));
    client.timer = setTimeout(() => this.#play(connection, client), wait_ms);
  }

  /** What the recording can't give is nobody's fault who is connected: all are ended, and whoever runs this is told. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed.resolve(error instanceof SeriatimError ? error : unexpected(error));
      this.#transport.destroyAll();
    }
  }
}

function hasBytesAfter(reader: TakeReader, skip_s: number): boolean {
  reader.seek(reader.begun_us + Math.round(skip_s * US_PER_S));
  while (reader.next()) if (reader.record.kind === RecordKind.Data) return true;
  return false;
}

function unexpected(error: unknown): SeriatimError {
  return new SeriatimError("RECORDING_FAILED", `the recording can't be played: ${String(error)}`, {
    cause: error,
  });
}

/** The options with all defaults. */
function checkedPlaying(options: RecordingPlayerOptions): Required<RecordingPlayerOptions> {
  checkOptions("RecordingPlayer.start", options, KNOWN_OPTIONS);
  const { directory, port, host = "127.0.0.1", take = 1, skip_s = 0, speed = 1 } = options;
  const { storage = new NodeStorage(), clock = new SystemClock(), onClient = () => {} } = options;
  checkText("directory", directory);
  checkText("host", host);
  checkInteger("port", port, 0, PORT_MAX);
  if (!(speed > 0)) throw invalid(`speed ${String(speed)} is not a number above 0`);
  if (!(skip_s >= 0 && skip_s < Number.POSITIVE_INFINITY))
    throw invalid(`skip_s ${String(skip_s)} is not a number of seconds from 0 on`);
  return { directory, port, host, take, skip_s, speed, storage, clock, onClient };
}
