// A client of the exchange's own feed, over a TCP stream or over datagrams with TCP for what is missing, that goes on over lost connections.
// What is decided stands in src/feed/handler; here are sockets and one timer.

import type { SeriatimError } from "../../base/index.ts";
import { type ChannelStatus, ConnectionCourse, FeedIntake, FeedState } from "../../feed/index.ts";
import { NativeChecksums } from "../../platform/index.ts";
import { invalid } from "../arguments.ts";
import { FeedLink, type LinkOwner } from "./feed-link.ts";
import { LineSockets } from "./line-sockets.ts";
import { checkedFeedOptions, type FeedHandlerOptions } from "./options.ts";

/** Timers can't wait longer with sense: whatever is due is looked at this often. */
const LOOK_MS_MAX = 1_000;

/**
 * A client of the exchange's own feed: tells one listener per channel every message once and in order, and when what it told is stale. `start`
 * resolves when it runs, also before a connection stands; `stop` ends it in any state.
 */
export class FeedHandler {
  readonly #options: ReturnType<typeof checkedFeedOptions>;
  readonly #intake: FeedIntake;
  readonly #link: FeedLink | undefined;
  readonly #lines = new LineSockets();
  #state: FeedState = FeedState.Disconnected;
  #timer: NodeJS.Timeout | undefined;
  #wakes_us = Number.POSITIVE_INFINITY;
  #isStarted = false;
  #isStopped = false;

  /** Throws `INVALID_ARGUMENT` when an option can't be; `start` begins. */
  constructor(options: FeedHandlerOptions) {
    this.#options = checkedFeedOptions(options);
    const { stream, lines, channels, limits, chance, connection } = this.#options;
    const address = stream ?? lines?.recovery;
    this.#intake = new FeedIntake(
      {
        carrier: stream === undefined ? "lines" : "stream",
        channels,
        hasRecovery: address !== undefined,
        checksums: new NativeChecksums(),
        limits,
        send: (bytes, isAnswered) => this.#link?.send(bytes, isAnswered),
      },
      this.#now_us(),
    );
    if (address === undefined) return;
    const course = new ConnectionCourse(stream !== undefined, chance, connection);
    this.#link = new FeedLink(address, course, this.#owner());
  }

  /** Of the TCP connection; of lines without one, whether they are listened to. */
  get state(): FeedState {
    return this.#state;
  }

  /** In the order of the option `channels`: sequence, staleness and figures of each. */
  get channels(): readonly ChannelStatus[] {
    return this.#intake.receivers;
  }

  /** Bytes of the stream and datagrams that were no packets, and packets of channels that nobody asked for. */
  get garbage(): { readonly bytes: number; readonly datagrams: number; readonly foreign: number } {
    const { stream, malformed, foreign } = this.#intake;
    return { bytes: stream.skippedBytes, datagrams: malformed, foreign };
  }

  /**
   * Begins, once. Resolves when lines are listened to, or a first connection is on its way: it is tried until `stop`; or when it was stopped. Throws
   * SeriatimError: `UDP_FAILED` when a line can't be listened to, `INVALID_ARGUMENT` when it was started before.
   */
  async start(): Promise<void> {
    if (this.#isStarted) throw invalid("a FeedHandler is started once: make another one");
    this.#isStarted = true;
    const { lines, channels } = this.#options;
    if (lines !== undefined) {
      const kinds = channels.map(({ channel }) => channel);
      await this.#lines.open(lines, kinds, (source, bytes) => {
        this.#intake.datagram(source, bytes, 0, bytes.length, this.#now_us());
        this.#arm();
      });
    }
    if (this.#isStopped) return;
    if (this.#link === undefined) this.#become(FeedState.Connected, undefined);
    else this.#link.start();
    this.#arm();
  }

  /** Ends it for good. Resolves when all sockets are closed: then nothing is told any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await Promise.all([this.#link?.stop(), this.#lines.close()]);
    this.#become(FeedState.Disconnected, undefined);
  }

  #now_us(): number {
    return this.#options.clock.monotonicMicros();
  }

  #owner(): LinkOwner {
    return {
      now_us: () => this.#now_us(),
      opened: () => this.#intake.streamOpened(this.#now_us()),
      received: (bytes, to) => {
        const why = this.#intake.streamBytes(bytes, 0, to, this.#now_us());
        this.#arm();
        return why;
      },
      closed: () => this.#intake.streamClosed(this.#now_us()),
      changed: (why) => {
        if (this.#link !== undefined) this.#become(this.#link.state, why);
        this.#arm();
      },
    };
  }

  #become(state: FeedState, why: SeriatimError | undefined): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state, why);
  }

  /** Wakes when the next thing is due, unless it does anyway. */
  #arm(): void {
    const due_us = Math.min(this.#intake.deadline_us, this.#link?.deadline_us ?? Number.POSITIVE_INFINITY);
    if (this.#isStopped || due_us >= this.#wakes_us) return;
    clearTimeout(this.#timer);
    const wait_ms = Math.min(LOOK_MS_MAX, Math.max(0, (due_us - this.#now_us()) / 1_000));
    this.#wakes_us = due_us;
    this.#timer = setTimeout(this.#wake, Math.ceil(wait_ms));
  }

  readonly #wake = (): void => {
    const now_us = this.#now_us();
    this.#wakes_us = Number.POSITIVE_INFINITY;
    this.#link?.tick(now_us);
    this.#intake.tick(now_us);
    this.#arm();
  };
}
