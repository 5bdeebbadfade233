// The engine driven by a flow's plain objects. Cold path: objects in, objects out.

import { assert, RecordBuffer } from "../base/index.ts";
import { type BookView, ExchangeEngine } from "../engine/index.ts";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  type EventFields,
  type FlowBook,
  type FlowCommand,
  type FlowSnapshot,
  type Genesis,
  readEvent,
  writeFlowCommand,
  writeGenesis,
} from "../protocol/index.ts";

/** Events read at once; a longer answer drains in between. */
const EVENTS_HELD = 256;

export class FlowMachine {
  readonly #words = new Int32Array(COMMAND_WORDS);
  readonly #events: RecordBuffer;
  #engine = new ExchangeEngine();
  #symbols = 0;
  #read: EventFields[] = [];

  constructor(genesis: Genesis) {
    // One event of the command's own, and a trade per resting order: more is an engine that goes in circles, which
    // must fail here before it fills the memory.
    const eventsMax = genesis.ordersMax + 1;
    this.#events = new RecordBuffer(EVENT_WORDS, EVENTS_HELD, (buffer) => {
      for (let i = 0; i < buffer.count; i++) this.#read.push(readEvent(buffer.words, i * EVENT_WORDS));
      assert(this.#read.length <= eventsMax, `one command led to more than ${eventsMax} events`);
    });
    writeGenesis(this.#words, 0, genesis, 0);
    this.#engine.apply(this.#words, 0, this.#events);
  }

  /** What followed from `command`, in order; empty for `reg`. */
  apply(command: FlowCommand): EventFields[] {
    this.#read = [];
    writeFlowCommand(this.#words, 0, command);
    this.#engine.apply(this.#words, 0, this.#events);
    this.#events.drain();
    this.#symbols = this.#engine.instruments.length;
    return this.#read;
  }

  snapshot(): FlowSnapshot {
    const books: FlowBook[] = [];
    for (let symbol = 0; symbol < this.#symbols; symbol++) books.push(flowBookOf(this.#engine.book(symbol)));
    return { lastSequence: this.#engine.sequence, trades: this.#engine.trades, books };
  }

  /** The engine's canonical snapshot. */
  state(): Uint8Array {
    return stateBytes(this.#engine);
  }

  /** Goes on with an engine rebuilt from `state`, that of a log of `position` commands: every resting order enumerated and added to an empty book. */
  rebuild(state: Uint8Array, position: number): void {
    const engine = new ExchangeEngine();
    engine.restore(state, position);
    this.#engine = engine;
  }
}

function stateBytes(engine: ExchangeEngine): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  engine.snapshot((piece) => {
    pieces.push(piece.slice());
    length += piece.length;
  });
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function flowBookOf({ bids, asks, orders }: BookView): FlowBook {
  const levels = (side: BookView["bids"]) =>
    side.map(({ price, total }) => ({ price: BigInt(price), quantity: total }));
  const [bidLevels, askLevels] = [levels(bids), levels(asks)];
  return { bid: bidLevels[0]?.price, ask: askLevels[0]?.price, orders, bids: bidLevels, asks: askLevels };
}
