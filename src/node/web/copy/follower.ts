// The reading side of command-feed.ts: an engine of its own, brought to where the handover says and then fed the same
// commands in the same order, so that it has the same state and the same events as the node's, for what is released. What accounts
// are told of their orders it does not keep: sessions read that of the node's.
//
// One that fell behind its ring is given a new one, and reads what lies between in the journal (missed-commands.ts): its listener
// misses nothing, and is told late. What can't be read there, for whatever reason, the node has in memory: the new ring is failed,
// and a state comes with the next.
//
// It takes a bounded number of commands per turn of its event loop and sleeps while there are none. While nobody waits for each
// command as it comes, it rests when it has taken all there is: following batch by batch would wake a thread for each of them, on
// the cores of those who trade.

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { assert, RecordBuffer, SeriatimError } from "../../../base/index.ts";
import { ExchangeEngine } from "../../../engine/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, readTimestamp } from "../../../protocol/index.ts";
import { Ring, RingConsumer } from "../../../ring/index.ts";
import type { Handover } from "./command-feed.ts";
import type { MissedCommands } from "./missed-commands.ts";

/** Commands per turn: a tenth of a millisecond of work, after which sockets are served and what changed is sent. */
const COMMANDS_PER_TURN = 1_024;
/** A fifth of what market data may be late by anyhow (publish-pace.ts); at 4 M commands/s a quarter of the feed's ring. */
const REST_MS = 4;
/** Between two looks at a journal that has not been written that far yet. */
const WRITTEN_LOOK_MS = 10;
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
  readonly engine = new ExchangeEngine({ keepsReports: false });
  /** The last command that was applied. */
  position = 0;
  readonly listener: Listener;
  readonly #onFailure: (error: unknown) => void;
  readonly #rest: () => Promise<void>;
  readonly #missed: MissedCommands | undefined;
  readonly #events: RecordBuffer;
  #timestamp_us = 0;
  #from: Input | undefined;
  /** What is followed now: one that was before is over. */
  #handover: Handover | undefined;

  /**
   * Begins at `first`. `listenerOf` is called once, when the engine has that state. `onFailure`: a command could not be
   * applied, which is a bug; nothing follows. `rest`: REST_MS when left out. `missed`: needed by handovers without a state.
   */
  constructor(
    first: Handover,
    listenerOf: (engine: ExchangeEngine) => Listener,
    onFailure: (error: unknown) => void,
    rest: () => Promise<void> = () => sleep(REST_MS),
    missed?: MissedCommands,
  ) {
    this.#onFailure = onFailure;
    this.#rest = rest;
    this.#missed = missed;
    this.#restore(first);
    const listener = listenerOf(this.engine);
    this.listener = listener;
    this.#events = new RecordBuffer(EVENT_WORDS, EVENTS_PER_PIECE, (events) =>
      listener.onEvents(events, this.#timestamp_us),
    );
    this.#begin(first);
  }

  /** Leaves what it followed, and begins anew, or goes on by the journal. What this throws is a bug: it follows nothing any more. */
  follow(handover: Handover): void {
    this.#from = undefined;
    if (handover.snapshot !== undefined) this.#restore(handover);
    this.#begin(handover);
  }

  #restore({ snapshot, position }: Handover): void {
    assert(snapshot !== undefined, "who has no state yet is given one");
    this.engine.restore(snapshot, position);
    this.position = position;
  }

  /** Applies what is visible by now, and nothing more. */
  finish(): void {
    const from = this.#from;
    this.#from = undefined;
    this.#handover = undefined;
    while (from !== undefined && from.consumer.available() > 0) this.#turn(from);
  }

  #begin(handover: Handover): void {
    this.#handover = handover;
    if (handover.snapshot !== undefined) this.#reset();
    this.#follow(handover).catch((error: unknown) => {
      this.#from = undefined;
      this.#onFailure(error);
    });
  }

  #reset(): void {
    this.listener.onReset();
    this.listener.flush();
  }

  async #follow(handover: Handover): Promise<void> {
    // At once where nothing is missed: the caller may want what is visible in the next moment.
    if (this.position < handover.position) await this.#catchUp(handover);
    if (this.#handover !== handover) return;
    const ring = Ring.attach(handover.ring);
    const from = { words: ring.words, consumer: new RingConsumer(ring) };
    this.#from = from;
    await this.#run(from);
  }

  /** A frame a turn: some thousand commands at most times, whatever fits the ring of commands at worst. */
  async #catchUp(handover: Handover): Promise<void> {
    const missed = this.#missed;
    assert(missed !== undefined, "who is to read the journal knows where it is");
    try {
      while (this.#handover === handover && this.position < handover.position) {
        if (this.#readMissed(missed, handover.position) > 0) await nextTurn();
        else await sleep(WRITTEN_LOOK_MS);
      }
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#handover = undefined;
      new RingConsumer(Ring.attach(handover.ring)).fail();
    } finally {
      missed.close();
    }
  }

  #readMissed(missed: MissedCommands, end: number): number {
    try {
      const count = missed.read(this.position, end, this.#apply);
      this.position += count;
      if (count > 0) this.listener.flush();
      return count;
    } catch (error) {
      if (!(error instanceof SeriatimError) || error.code !== "LOG_RETIRED") throw error;
      missed.restore(this.engine, end);
      this.position = this.engine.position;
      this.#reset();
      return 1;
    }
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
    for (let at = consumer.offset(); at < end; at += COMMAND_WORDS) this.#apply(words, at);
    this.position += count;
    consumer.release(count);
    listener.flush();
  }

  readonly #apply = (words: Int32Array, at: number): void => {
    this.#timestamp_us = readTimestamp(words, at);
    this.engine.apply(words, at, this.#events);
    this.#events.drain();
    this.listener.endCommand(words, at);
  };
}
