// A client of one ticks/1 server that goes on over lost connections. What is decided stands in src/feed/ticks/client: the course of
// its connections, what it wants, what the bytes say. Here are a socket and a timer, at most one of each.
//
// Bounds: one read of READ_BYTES, a frame and what it waits for; one Subscribe on its way, the newest wish behind it.

import { connect, type Socket } from "node:net";
import { networkWords, SeriatimError } from "../../base/index.ts";
import {
  allTickListeners,
  type LastTick,
  SubscriptionWishes,
  TickCacheListener,
  TickConnectionCounters,
  type TickCounters,
  TickCourse,
  TickDuty,
  TickIntake,
  TickLasts,
  TickLatencyListener,
  type TickListener,
  TickState,
  type TickSubscription,
} from "../../feed/index.ts";
import { checkedTickOptions, type TickClientOptions } from "./options.ts";

const READ_BYTES = 65_536;

/** A client of a ticks/1 server that connects as it is made, and again whenever its connection is lost: docs/ticks-client.md. */
export class TickClient {
  /** `host:port`, for messages. */
  readonly peer: string;
  /** Of all connections together. */
  readonly connections = new TickConnectionCounters();
  /** Resolves when it has stopped and its socket is closed: undefined after `stop`, else why. Never rejects. */
  readonly stopped: Promise<SeriatimError | undefined>;
  readonly #options: ReturnType<typeof checkedTickOptions>;
  readonly #course: TickCourse;
  readonly #wishes: SubscriptionWishes;
  readonly #lasts: TickLasts;
  readonly #listener: TickListener;
  readonly #intake: TickIntake;
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #resolveStopped: (why: SeriatimError | undefined) => void;
  #socket: Socket | undefined;
  #isSaying = false;
  #timer: NodeJS.Timeout | undefined;

  /** Begins to connect at once. Throws `INVALID_ARGUMENT` when an option can't be. */
  constructor(options: TickClientOptions) {
    const checked = checkedTickOptions(options);
    this.#options = checked;
    this.peer = `${checked.host}:${checked.port}`;
    this.#wishes = new SubscriptionWishes(checked.subscription);
    this.#lasts = new TickLasts(checked.maxSymbols);
    this.#listener = allTickListeners(this.#lasts, ...fed(checked), checked.listener);
    this.#intake = new TickIntake({
      listener: this.#listener,
      numbering: checked.numbering,
      maxSymbols: checked.maxSymbols,
      wishes: this.#wishes,
    });
    const { promise, resolve } = Promise.withResolvers<SeriatimError | undefined>();
    this.stopped = promise;
    this.#resolveStopped = resolve;
    this.#course = new TickCourse(checked, this.#now());
    this.#connect();
    this.#arm();
  }

  get state(): TickState {
    return this.#course.state;
  }

  /** The connection stands, and nothing was accepted for `quiet_ms`. */
  get isQuiet(): boolean {
    return this.#course.isQuiet;
  }

  /** What was received, counted. */
  get counters(): Readonly<TickCounters> {
    return this.#intake.counters;
  }

  /** The last trade and quote of `symbol`, whichever connection brought them; undefined: none came yet. */
  last(symbol: number): LastTick | undefined {
    return this.#lasts.of(symbol);
  }

  /**
   * From now on these symbols are wanted, on later connections too. The server is told at once, or 250 ms after it was
   * told last; what it sends of others until then is dropped. Throws `INVALID_ARGUMENT`, and the last wish stands.
   */
  subscribe(wish: TickSubscription): void {
    this.#wishes.wish(wish);
    this.#arm();
  }

  /** Ends it for good, in any state; nothing is told any more but the state. Resolves like `stopped`. */
  stop(): Promise<SeriatimError | undefined> {
    if (!this.#isStopped) {
      this.#course.stop();
      this.#tellState(undefined);
    }
    return this.stopped;
  }

  /** Whoever listens may have called `stop` from inside a call. */
  get #isStopped(): boolean {
    return this.state === TickState.Stopped;
  }

  #now(): number {
    return this.#options.clock.monotonicMicros();
  }

  #connect(): void {
    const { host, port } = this.#options;
    this.connections.attempts += 1;
    const onread = { buffer: this.#buffer, callback: (bytes: number): boolean => this.#received(bytes) };
    const socket = connect({ host, port, noDelay: true, autoSelectFamily: true, onread });
    this.#socket = socket;
    let cause: NodeJS.ErrnoException | undefined;
    socket.once("connect", () => this.#opened());
    socket.on("error", (error) => {
      cause ??= error;
    });
    // One that was given up here is not this.#socket any more.
    socket.once("close", () => {
      if (socket === this.#socket) this.#lost(this.#whyGone(cause));
    });
  }

  #opened(): void {
    this.connections.connected += 1;
    this.#intake.begin();
    this.#course.opened(this.#now());
    this.#wishes.opened(this.#now());
    this.#say();
    this.#tellState(undefined);
  }

  /** Whether the socket shall read on. */
  #received(bytes: number): boolean {
    const { frames } = this.counters;
    this.connections.receivedBytes += bytes;
    let isTicks = false;
    let problem: SeriatimError | undefined = this.#lostError(
      "CONNECTION_LOST",
      "its listener failed on a tick",
    );
    try {
      isTicks = this.#intake.push(this.#buffer, 0, bytes);
      problem = undefined;
    } finally {
      // When the listener throws: the rest of the read is lost, so nothing after it can be trusted.
      if (problem !== undefined && !this.#isStopped) this.#giveUp(problem);
    }
    if (this.counters.frames > frames && !this.#isStopped) this.#heard();
    if (this.#isStopped) return false;
    if (isTicks) return true;
    this.connections.notTicks += 1;
    this.#giveUp(new SeriatimError("NOT_TICKS", `${this.peer} sends no ticks stream`));
    return false;
  }

  #heard(): void {
    const { state, isQuiet } = this;
    this.#course.heard(this.#now());
    if (state === TickState.Open) this.#tellState(undefined);
    if (isQuiet && !this.#isStopped) this.#options.listener.onQuiet?.(false);
  }

  /** Tells the server what is wanted, if that is due. */
  #say(): void {
    if (this.#isSaying) return;
    const subscribe = this.#wishes.take(this.#now());
    const socket = this.#socket;
    if (subscribe === undefined || socket === undefined) return;
    this.#isSaying = true;
    this.connections.subscribesSent += 1;
    // The next waits for the kernel: a server that reads nothing holds one of them, not all.
    socket.write(subscribe, () => {
      if (socket !== this.#socket) return;
      this.#isSaying = false;
      this.#arm();
    });
  }

  /** Does what is due, and comes again for what is next. */
  #check(): void {
    this.#say();
    const duty = this.#course.check(this.#now());
    if (duty === TickDuty.Connect) {
      this.#connect();
      this.#tellState(undefined);
    } else if (duty === TickDuty.ConnectTimeout) {
      const why = `no answer within ${this.#options.connectTimeout_ms} ms`;
      this.#giveUp(new SeriatimError("ETIMEDOUT", `can't connect to ${this.peer}: ${why}`));
    } else if (duty === TickDuty.Liveness) {
      this.connections.livenessTimeouts += 1;
      this.#giveUp(this.#lostError("LIVENESS", `nothing came for ${this.#options.liveness_ms} ms`));
    } else if (duty === TickDuty.Quiet) {
      this.connections.quietPeriods += 1;
      this.#options.listener.onQuiet?.(true);
    }
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const says_us = this.#isSaying ? Number.POSITIVE_INFINITY : this.#wishes.dueAt_us;
    const due_us = Math.min(this.#course.dueAt_us, says_us);
    if (due_us === Number.POSITIVE_INFINITY) return;
    const wait_ms = Math.max(0, Math.ceil((due_us - this.#now()) / 1_000));
    this.#timer = setTimeout(() => this.#check(), wait_ms);
  }

  #giveUp(why: SeriatimError): void {
    this.#socket?.destroy();
    this.#lost(why);
  }

  /** The connection is gone, or none came about. */
  #lost(why: SeriatimError): void {
    this.#socket = undefined;
    this.#isSaying = false;
    this.#wishes.closed();
    if (this.state !== TickState.Connecting) {
      this.connections.lost += 1;
      this.#listener.onStale?.();
      if (this.#isStopped) return;
    }
    this.#course.lost(this.#now());
    this.#tellState(why);
  }

  #tellState(why: SeriatimError | undefined): void {
    if (this.#isStopped) this.#end(why);
    this.#options.listener.onState?.(this.state, why);
    if (!this.#isStopped) this.#arm();
  }

  #end(why: SeriatimError | undefined): void {
    clearTimeout(this.#timer);
    this.#intake.end();
    this.#wishes.closed();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.closed) return this.#resolveStopped(why);
    socket.once("close", () => this.#resolveStopped(why));
    socket.destroy();
  }

  #whyGone(error: NodeJS.ErrnoException | undefined): SeriatimError {
    const stood = this.state !== TickState.Connecting;
    if (error === undefined) return this.#lostError("CONNECTION_LOST", "the server closed it");
    const { code = "CONNECT_FAILED", message } = error;
    const words = networkWords(code, message);
    if (stood) return this.#lostError("CONNECTION_LOST", words);
    return new SeriatimError(code, `can't connect to ${this.peer}: ${words}`);
  }

  #lostError(code: string, why: string): SeriatimError {
    return new SeriatimError(code, `the connection to ${this.peer} was lost: ${why}`);
  }
}

/** What else is told of every tick, before the program's own listener. */
function fed({ cache, latency, maxSymbols, clock }: ReturnType<typeof checkedTickOptions>): TickListener[] {
  const listeners: TickListener[] = [];
  if (cache !== undefined) listeners.push(new TickCacheListener(cache, maxSymbols));
  if (latency !== undefined) listeners.push(new TickLatencyListener(latency, clock));
  return listeners;
}
