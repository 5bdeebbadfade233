// The reading side of command-feed.ts: an engine of its own, brought to where the handover says and then fed the same
// commands in the same order, so that it has the same state and the same events as the node's, for what is released.
//
// It takes a bounded number of commands per turn of its event loop and sleeps while there are none. While nobody waits for each
// command as it comes, it rests when it has taken all there is: following batch by batch would wake a thread for each of them, on
// the cores of those who trade.

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { RecordBuffer } from "../../base/index.ts";
import { ExchangeEngine } from "../../engine/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, readTimestamp } from "../../protocol/index.ts";
import { Ring, RingConsumer } from "../../ring/index.ts";
import type { Handover } from "./command-feed.ts";

/** Commands per turn: a tenth of a millisecond of work, after which sockets are served and what changed is sent. */
const COMMANDS_PER_TURN = 1_024;
/** A fifth of what market data may be late by anyhow (publish-pace.ts); at 4 M commands/s a quarter of the feed's ring. */
const REST_MS = 4;
/** Events handed on at once; a command with more comes in pieces. */
const EVENTS_PER_PIECE = 512;

/** Who is told what happens in the copy. */
export interface EventListener {
  /** Somebody is told of each command as it comes: there is no rest. */
  readonly isAwaited: boolean;
  /**
   * Events of one command, maybe not all of them: *Last* ends it. May be called in the middle of applying it, so the
   * engine must not be read here.
   */
  onEvents(events: RecordBuffer, timestamp_us: number): void;
  /** A command was applied, the record at `words[at]`; all its events were given. The engine may be read. */
  endCommand(words: Int32Array, at: number): void;
  /** The engine's state is another one. */
  onReset(): void;
  /** The end of a turn: the engine may be read. */
  flush(): void;
}

interface Input {
  readonly words: Int32Array;
  readonly consumer: RingConsumer;
}

export class Follower<Listener extends EventListener> {
  readonly engine = new ExchangeEngine();
  /** The last command that was applied. */
  position = 0;
  readonly listener: Listener;
  readonly #onFailure: (error: unknown) => void;
  readonly #rest: () => Promise<void>;
  readonly #events: RecordBuffer;
  #timestamp_us = 0;
  #from: Input | undefined;

  /**
   * Begins at `first`. `listenerOf` is called once, when the engine has that state. `onFailure`: a command could not be
   * applied, which is a bug; nothing follows. `rest`: REST_MS when left out.
   */
  constructor(
    first: Handover,
    listenerOf: (engine: ExchangeEngine) => Listener,
    onFailure: (error: unknown) => void,
    rest: () => Promise<void> = () => sleep(REST_MS),
  ) {
    this.#onFailure = onFailure;
    this.#rest = rest;
    this.engine.restore(first.snapshot, first.position);
    const listener = listenerOf(this.engine);
    this.listener = listener;
    this.#events = new RecordBuffer(EVENT_WORDS, EVENTS_PER_PIECE, (events) =>
      listener.onEvents(events, this.#timestamp_us),
    );
    this.#begin(first);
  }

  /** Leaves what it followed, and begins anew. */
  follow(handover: Handover): void {
    this.engine.restore(handover.snapshot, handover.position);
    this.#begin(handover);
  }

  /** Applies what is visible by now, and nothing more. */
  finish(): void {
    const from = this.#from;
    this.#from = undefined;
    while (from !== undefined && from.consumer.available() > 0) this.#turn(from);
  }

  #begin({ position, ring: shared }: Handover): void {
    this.position = position;
    const ring = Ring.attach(shared);
    const from = { words: ring.words, consumer: new RingConsumer(ring) };
    this.#from = from;
    this.listener.onReset();
    this.listener.flush();
    this.#run(from).catch((error: unknown) => {
      this.#from = undefined;
      this.#onFailure(error);
    });
  }

  async #run(from: Input): Promise<void> {
    while (this.#from === from && !from.consumer.ended()) {
      const wait = from.consumer.whenRecords();
      if (wait !== undefined) await wait;
      else this.#turn(from);
      // Sockets come in between, however many commands wait.
      if (wait !== undefined || this.listener.isAwaited || from.consumer.available(1) > 0) await nextTurn();
      else await this.#rest();
    }
  }

  #turn({ words, consumer }: Input): void {
    const { listener } = this;
    const count = consumer.available(COMMANDS_PER_TURN);
    const end = consumer.offset() + count * COMMAND_WORDS;
    for (let at = consumer.offset(); at < end; at += COMMAND_WORDS) {
      this.#timestamp_us = readTimestamp(words, at);
      this.engine.apply(words, at, this.#events);
      this.#events.drain();
      listener.endCommand(words, at);
    }
    this.position += count;
    consumer.release(count);
    listener.flush();
  }
}
