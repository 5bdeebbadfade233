// The exchange a second time, as obviously as it can be written: plain arrays of plain objects in priority order,
// linear searches, bigint prices. It shares no code with the engine, so that a mistake would have to be made twice to
// go unseen. Slow on purpose. The rules stand here in the order of the specification (src/engine/rules.md).

import {
  type FlowCancel,
  type FlowCommand,
  type FlowLimit,
  type FlowMarket,
  type FlowMassCancel,
  type FlowModify,
  type FlowSnapshot,
  isFlowRequest,
  type KillSwitch,
  type ReasonName,
  Side,
  TimeInForce,
} from "../protocol/index.ts";
import type { FlowStanding } from "../replay/index.ts";
import {
  fillsOf,
  find,
  type Incoming,
  insert,
  levelsOf,
  remove,
  sideOf,
  sum,
  type TwinBook,
  type TwinOrder,
} from "./twin-book.ts";
import type { TwinCause, TwinEvent } from "./twin-events.ts";
import { TwinRequests } from "./twin-requests.ts";
import { TwinSessions } from "./twin-sessions.ts";
import { TwinSwitches } from "./twin-switches.ts";

export interface TwinLimits {
  readonly maxQuantity: number;
  readonly maxNotional: number;
  /** Most orders resting at once. */
  readonly ordersMax: number;
  readonly accountsMax: number;
  /** Most orders of an account with a stream resting at once. */
  readonly accountOrdersMax?: number | undefined;
}

const PRICE_MAX = 2n ** 53n - 1n;
const LEVEL_TOTAL_MAX = 2n ** 53n - 1n;

/** The twin: give it commands one after another, and compare what follows with the engine. */
export class NaiveTwin {
  readonly #limits: TwinLimits;
  readonly #names: string[] = [];
  readonly #books: TwinBook[] = [];
  readonly #switches = new TwinSwitches();
  readonly #sessions = new TwinSessions();
  readonly #requests = new TwinRequests();
  #sequence = 0;
  #trades = 0;

  constructor(limits: TwinLimits) {
    this.#limits = limits;
  }

  /** What follows from `command`, in order. Orders inside the events are copies. */
  apply(command: FlowCommand): TwinEvent[] {
    if (!isFlowRequest(command)) return this.#execute(command);
    if (command.account >= this.#limits.accountsMax) return reject("NotAuthorised");
    if (command.once === undefined) return this.#execute(command);
    return this.#requests.once(command, command.once, () => this.#execute(command));
  }

  #execute(command: FlowCommand): TwinEvent[] {
    switch (command.kind) {
      case "reg":
        return this.#register(command.name);
      case "cancel":
        return this.#cancel(command);
      case "modify":
        return this.#modify(command);
      case "limit":
      case "market":
        return this.#newOrder(command);
      case "kill_switch":
        return this.#killSwitch(command);
      case "mass_cancel":
        return this.#massCancel(command);
      case "session_open":
        return rejectIf(this.#sessions.open(command, this.#limits.accountsMax));
      case "session_end": {
        const cause = this.#sessions.end(command);
        return cause ? this.#takeOut(cause, ({ account }) => account === command.account) : [];
      }
      default:
        if (command.kind === "halt") this.#switches.halted = true;
        if (command.kind === "resume") this.#switches.halted = false;
        return [];
    }
  }

  #register(name: string): TwinEvent[] {
    if (!this.#names.includes(name)) {
      this.#names.push(name);
      this.#books.push({ bids: [], asks: [] });
    }
    return [];
  }

  #killSwitch(command: KillSwitch): TwinEvent[] {
    const refused = this.#switches.turn(command, this.#books.length, this.#limits.accountsMax);
    if (refused !== undefined || !command.on) return rejectIf(refused);
    return this.#takeOut("KillSwitch", ({ account }, symbol) => {
      if (command.scope === "account") return account === command.account;
      return command.scope === "all" || symbol === command.symbol;
    });
  }

  #massCancel({ account, symbol, side }: FlowMassCancel): TwinEvent[] {
    if (symbol !== undefined && symbol >= this.#books.length) return reject("UnknownSymbol");
    if (side !== undefined && side !== Side.Buy && side !== Side.Sell) return reject("InvalidSide");
    const sequence = ++this.#sequence;
    const cancels = this.#takeOut("MassCancel", (order, of) => {
      const isMeant = (symbol ?? of) === of && (side ?? order.side) === order.side;
      return order.account === account && isMeant;
    });
    return [{ kind: "mass_cancel", sequence, orders: cancels.length }, ...cancels];
  }

  /** Cancels the orders that are meant, in the order in which they stand. */
  #takeOut(cause: TwinCause, isMeant: (order: TwinOrder, symbol: number) => boolean): TwinEvent[] {
    const events: TwinEvent[] = [];
    this.#books.forEach((book, symbol) => {
      for (const order of this.ordersOf(symbol)) {
        if (!isMeant(order, symbol)) continue;
        remove(book, order);
        events.push({ kind: "taken_out", sequence: ++this.#sequence, cause, symbol, order });
      }
    });
    return events;
  }

  #newOrder(command: FlowLimit | FlowMarket): TwinEvent[] {
    const off = this.#switches.refusalOf(command);
    if (off !== undefined) return reject(off);
    const book = this.#books[command.symbol];
    if (book === undefined) return reject("UnknownSymbol");
    if (find(book, command.account, command.id) !== undefined) return reject("DuplicateOrderId");
    if (command.side !== Side.Buy && command.side !== Side.Sell) return reject("InvalidSide");
    const incoming = incomingOf(command);
    const refused =
      this.#checkTerms(incoming) ?? this.#checkCount(incoming) ?? this.#checkOutcome(book, incoming);
    if (refused !== undefined) return reject(refused);
    const { price, quantity } = incoming;
    const accept: TwinEvent = { kind: "accept", sequence: ++this.#sequence, price, quantity };
    return [accept, ...this.#trade(book, incoming)];
  }

  #cancel(command: FlowCancel): TwinEvent[] {
    const book = this.#books[command.symbol];
    if (book === undefined) return reject("UnknownSymbol");
    const order = find(book, command.account, command.id);
    if (order === undefined) return reject("UnknownOrder");
    remove(book, order);
    return [{ kind: "cancel", sequence: ++this.#sequence, order: { ...order } }];
  }

  #modify(command: FlowModify): TwinEvent[] {
    const off = this.#switches.refusalOf(command);
    if (off !== undefined) return reject(off);
    const book = this.#books[command.symbol];
    if (book === undefined) return reject("UnknownSymbol");
    const order = find(book, command.account, command.id);
    if (order === undefined) return reject("UnknownOrder");
    const previous = { ...order };
    if (command.quantity === 0) {
      remove(book, order);
      return [this.#modified(order.price, 0, previous, false)];
    }
    const { price, quantity, answerLimit } = command;
    const incoming = { ...order, price, quantity, answerLimit, isMarket: false, rests: true };
    const refused = this.#checkTerms(incoming);
    if (refused !== undefined) return reject(refused);
    if (price === order.price && quantity <= order.quantity) {
      order.quantity = quantity;
      return [this.#modified(price, quantity, previous, true)];
    }
    return this.#reenter(book, order, incoming);
  }

  /** Takes `order` out and brings it back as `incoming`; a refusal leaves it where it was. */
  #reenter(book: TwinBook, order: TwinOrder, incoming: Incoming): TwinEvent[] {
    const side = sideOf(book, order.side);
    const place = side.indexOf(order);
    side.splice(place, 1);
    const refused = this.#checkOutcome(book, incoming);
    if (refused !== undefined) {
      side.splice(place, 0, order);
      return reject(refused);
    }
    const modified = this.#modified(incoming.price, incoming.quantity, { ...order }, false);
    return [modified, ...this.#trade(book, incoming)];
  }

  #modified(price: bigint, quantity: number, previous: TwinOrder, inPlace: boolean): TwinEvent {
    return { kind: "modify", sequence: ++this.#sequence, price, quantity, previous, inPlace };
  }

  /** Checks 2, 3, 5 and 6: the order by itself. */
  #checkTerms({ isMarket, price, quantity }: Incoming): ReasonName | undefined {
    const { maxQuantity, maxNotional } = this.#limits;
    if (!isMarket && (price <= 0n || price > PRICE_MAX)) return "InvalidPrice";
    if (quantity === 0) return "InvalidQuantity";
    if (quantity > maxQuantity) return "MaxQuantityExceeded";
    if (!isMarket && BigInt(quantity) > BigInt(maxNotional) / price) return "MaxNotionalExceeded";
    return undefined;
  }

  /** Check 25: the orders of an account that ever logged on. */
  #checkCount({ account, rests }: Incoming): ReasonName | undefined {
    const most = this.#limits.accountOrdersMax;
    if (!rests || most === undefined || !this.#sessions.streams.includes(account)) return undefined;
    const open = this.#books.flatMap(({ bids, asks }) => [...bids, ...asks]);
    return open.filter((order) => order.account === account).length < most ? undefined : "TooManyOpenOrders";
  }

  /** Checks 10 and 9: what the order would do, found out before it does it. */
  #checkOutcome(book: TwinBook, incoming: Incoming): ReasonName | undefined {
    const fills = fillsOf(book, incoming);
    if (incoming.answerLimit !== 0 && fills.length > incoming.answerLimit) return "AnswerTooLarge";
    const rest = incoming.quantity - sum(fills.map((fill) => fill.quantity));
    if (!incoming.rests || rest === 0) return undefined;
    const leaving = fills.filter(({ maker, quantity }) => quantity === maker.quantity).length;
    if (this.#resting() - leaving + 1 > this.#limits.ordersMax) return "StorageExhausted";
    const level = sideOf(book, incoming.side).filter((order) => order.price === incoming.price);
    const total = level.reduce((lots, order) => lots + BigInt(order.quantity), BigInt(rest));
    return total > LEVEL_TOTAL_MAX ? "StorageExhausted" : undefined;
  }

  /** Trades what can trade and rests what may rest. */
  #trade(book: TwinBook, incoming: Incoming): TwinEvent[] {
    const events: TwinEvent[] = [];
    let leaves = incoming.quantity;
    for (const { maker, quantity } of fillsOf(book, incoming)) {
      leaves -= quantity;
      maker.quantity -= quantity;
      if (maker.quantity === 0) remove(book, maker);
      this.#trades++;
      events.push({
        kind: "trade",
        sequence: ++this.#sequence,
        maker: { ...maker },
        quantity,
        leaves,
        makerLeaves: maker.quantity,
      });
    }
    const { account, id, side, price } = incoming;
    if (incoming.rests && leaves > 0) insert(book, { account, id, side, price, quantity: leaves });
    return events;
  }

  #resting(): number {
    return sum(this.#books.map((book) => book.bids.length + book.asks.length));
  }

  /** The resting orders of one symbol, bids then asks, each best level first and oldest first. */
  ordersOf(symbol: number): readonly TwinOrder[] {
    return [...this.#books[symbol].bids, ...this.#books[symbol].asks];
  }

  /** The sessions that are logged on, and the orders of accounts that ever had one. */
  standing(): FlowStanding {
    const orders = this.#books.flatMap((_, symbol) =>
      this.ordersOf(symbol)
        .filter(({ account }) => this.#sessions.streams.includes(account))
        .map((order) => ({ ...order, symbol })),
    );
    return { sessions: this.#sessions.list, orders };
  }

  snapshot(): FlowSnapshot {
    const books = this.#books.map(({ bids, asks }) => ({
      bid: bids[0]?.price,
      ask: asks[0]?.price,
      orders: bids.length + asks.length,
      bids: levelsOf(bids),
      asks: levelsOf(asks),
    }));
    return { lastSequence: this.#sequence, trades: this.#trades, books };
  }
}

function rejectIf(reason: ReasonName | undefined): TwinEvent[] {
  return reason === undefined ? [] : reject(reason);
}

function reject(reason: ReasonName): TwinEvent[] {
  return [{ kind: "reject", reason }];
}

/** What decides the result of a command, as text. */
function incomingOf(command: FlowLimit | FlowMarket): Incoming {
  const { account, id, side, quantity, answerLimit } = command;
  const isMarket = command.kind === "market";
  const price = isMarket ? 0n : command.price;
  const rests = !isMarket && command.timeInForce === TimeInForce.GoodTillCancel;
  return { account, id, side, price, quantity, answerLimit, isMarket, rests };
}
