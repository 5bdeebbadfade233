// Everything the engine knows: pools, index, books and counters, sized once by the genesis entry. Nothing here
// acts; commands do (order-commands.ts), and snapshots copy it (snapshot.ts).

import { assert } from "../base/index.ts";
import { type Genesis, type Instrument, isGenesisInRange } from "../protocol/index.ts";
import { AccountOrders } from "./account-orders.ts";
import { Administration } from "./administration.ts";
import { EventWriter } from "./event-writer.ts";
import { LevelPool } from "./level-pool.ts";
import { OrderBook } from "./order-book.ts";
import { OrderIndex } from "./order-index.ts";
import { OrderPool } from "./order-pool.ts";
import { LadderShare } from "./price-ladder.ts";
import { ReportStreams } from "./report-streams.ts";
import { ReportWriter } from "./report-writer.ts";
import { RequestMemory } from "./request-memory.ts";
import { Sessions } from "./sessions.ts";

/** Ticks of all ladder windows together: 2^24 slots of 4 bytes are 64 MiB, 256 books at their largest. */
const WINDOW_TICKS_TOTAL = 1 << 24;

export class ExchangeState {
  readonly genesis: Genesis;
  readonly orders: OrderPool;
  readonly levels: LevelPool;
  readonly index: OrderIndex;
  readonly events: EventWriter;
  readonly accountOrders: AccountOrders;
  readonly sessions = new Sessions();
  readonly administration = new Administration();
  /** What was answered to requests whose numbers are used once. */
  readonly requests = new RequestMemory();
  /** What accounts are told of their orders. */
  readonly reports = new ReportStreams();
  /** Whether some order may have to be refused for what an administrator decided: false on the way of every order. */
  isRestricted = false;
  /** By symbol number. */
  readonly instruments: Instrument[] = [];
  readonly books: OrderBook[] = [];
  /** Asked, never iterated. */
  readonly #names = new Set<string>();
  /**
   * The limit of the order at work, in element 0: what it may pay or take, infinite for a market order. A number past
   * 2^31 that is handed from function to function may be allocated at every hand; here it never is.
   */
  readonly limit = new Float64Array(1);
  /** The sequencer's time of the last command, in microseconds since 1970. */
  timestamp_us = 0;
  /** Of the last command in the log. Not part of the snapshot: a refused command changes nothing there. */
  position = 0;
  readonly #share: LadderShare;

  constructor(genesis: Genesis) {
    assert(isGenesisInRange(genesis), "the genesis is in range: who read it has checked");
    const { ordersMax } = genesis;
    this.genesis = genesis;
    this.orders = new OrderPool(ordersMax);
    this.events = new EventWriter(this.orders, this.reports, new ReportWriter(this));
    this.accountOrders = new AccountOrders(this.orders, this.reports, genesis.accountOrdersMax ?? 0);
    this.levels = new LevelPool(ordersMax);
    this.index = new OrderIndex(this.orders, genesis.indexSeed);
    this.#share = new LadderShare(this.levels, WINDOW_TICKS_TOTAL);
  }

  /** Follows what the administration says. */
  restrict(): void {
    const { halted, switchedOff, symbolsOff, allOffBy } = this.administration;
    this.isRestricted = halted || allOffBy !== "" || switchedOff.size > 0 || symbolsOff.size > 0;
  }

  /** Whether an instrument of that name is registered. */
  isRegistered(name: string): boolean {
    return this.#names.has(name);
  }

  /** Adds an instrument; the caller has checked that its name is new and that there is room. */
  addInstrument(instrument: Instrument): void {
    this.#names.add(instrument.name);
    this.instruments.push(instrument);
    this.books.push(new OrderBook(this.orders, this.#share));
  }
}
