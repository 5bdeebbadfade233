// The engine driven by a flow's plain objects. Cold path: objects in, objects out.

import { assert, RecordBuffer, U32_MAX } from "../base/index.ts";
import { type BookView, ExchangeEngine } from "../engine/index.ts";
import {
  ALL_SYMBOLS,
  COMMAND_WORDS,
  EVENT_WORDS,
  type EventFields,
  type FlowBook,
  type FlowCommand,
  type FlowSnapshot,
  type Genesis,
  type ReportFields,
  readEvent,
  readReport,
  type Side,
  writeFlowCommand,
  writeGenesis,
} from "../protocol/index.ts";

/** Events read at once; a longer answer drains in between. */
const EVENTS_HELD = 256;

/** Accounts whose own orders are asked for though they have had no session, from 0 on: they have none to tell. */
const OTHERS_ASKED_MAX = 16;

/** What an account with a session has: its sessions, and its resting orders. */
export interface FlowStanding {
  readonly sessions: readonly FlowSession[];
  /** Of accounts that have, or once had, a session; in no order that means anything. */
  readonly orders: readonly FlowOwnOrder[];
}
export interface FlowSession {
  readonly account: number;
  readonly session: bigint;
  readonly who: string;
  readonly instance: number;
  readonly flags: number;
  readonly deadMan_ms: number;
  readonly isSilent: boolean;
}
export interface FlowOwnOrder {
  readonly account: number;
  readonly symbol: number;
  readonly id: bigint;
  readonly side: Side;
  readonly price: bigint;
  readonly quantity: number;
}

/** A report that a command led to, and its number in the stream of its account. */
export interface ToldReport {
  readonly account: number;
  readonly number: number;
  readonly report: ReportFields;
}

export class FlowMachine {
  readonly #words = new Int32Array(COMMAND_WORDS);
  readonly #events: RecordBuffer;
  #engine = new ExchangeEngine();
  #symbols = 0;
  /** Of each account with a stream: the number its next report had before the last command. */
  readonly #heard = new Map<number, number>();
  #told: ToldReport[] = [];
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
    if (command.kind === "session_open" && this.#engine.reports.of(command.account) !== undefined)
      this.#heard.set(command.account, this.#heard.get(command.account) ?? 1);
    this.#told = [...this.#heard.keys()].sort((a, b) => a - b).flatMap((account) => this.#listen(account));
    return this.#read;
  }

  /** What the last command told accounts with a stream, as far as it is kept, by account and number. */
  told(): readonly ToldReport[] {
    return this.#told;
  }

  #listen(account: number): ToldReport[] {
    const stream = this.#engine.reports.of(account);
    assert(stream !== undefined, "a stream never goes");
    const told: ToldReport[] = [];
    // One command can tell more than is kept, a kill switch of an account with many orders: what went first is gone.
    const from = Math.max(this.#heard.get(account) ?? 1, stream.first);
    for (let number = from; number < stream.next; number++)
      told.push({ account, number, report: readReport(stream.words(number), stream.at(number)) });
    this.#heard.set(account, stream.next);
    return told;
  }

  snapshot(): FlowSnapshot {
    const books: FlowBook[] = [];
    for (let symbol = 0; symbol < this.#symbols; symbol++) books.push(flowBookOf(this.#engine.book(symbol)));
    return { lastSequence: this.#engine.sequence, trades: this.#engine.trades, books };
  }

  standing(): FlowStanding {
    const engine = this.#engine;
    const sessions = Array.from(engine.sessions, ({ sessionLow, sessionHigh, ...said }) => ({
      ...said,
      session: u64Of(sessionLow, sessionHigh),
    }));
    const orders: FlowOwnOrder[] = [];
    const others = Array.from(
      { length: Math.min(engine.genesis.accountsMax, OTHERS_ASKED_MAX) },
      (_, i) => i,
    );
    for (const account of new Set([...this.#heard.keys(), ...others])) {
      engine.forEachOwnOrder(account, ALL_SYMBOLS, U32_MAX, ({ symbol, idLow, idHigh, ...lent }) => {
        const found = engine.findOrder(account, symbol, idLow, idHigh);
        assert(found !== undefined, "an own order is found by its id");
        const { side, price, quantity } = found;
        const isSame = lent.side === side && lent.price === price && lent.quantity === quantity;
        assert(isSame, "an own order says the same of itself either way");
        orders.push({ account, symbol, id: u64Of(idLow, idHigh), side, price: BigInt(price), quantity });
      });
    }
    return { sessions, orders };
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

function u64Of(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
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
