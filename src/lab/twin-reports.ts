// The streams of execution reports a second time, as obviously as they can be written: from the twin's events, with plain arrays
// of plain objects and a list of every open order. It shares no code with the engine. It keeps all that was ever told: flows
// are too short for anything to go.

import {
  CommandKind,
  type EventFields,
  EventKind,
  type FlowCommand,
  isFlowOrder,
  isFlowRequest,
  type ReportFields,
  ReportFlag,
  ReportKind,
  TimeInForce,
} from "../protocol/index.ts";
import type { ToldReport } from "../replay/index.ts";

interface OpenOrder {
  readonly account: number;
  readonly symbol: number;
  readonly id: bigint;
  price: number;
  open: number;
  filled: bigint;
}

export class TwinReports {
  readonly #streams = new Map<number, ReportFields[]>();
  #orders: OpenOrder[] = [];
  #position = 1;
  #told: { account: number; number: number }[] = [];

  /** What `command` and its events tell. */
  apply(command: FlowCommand, events: readonly EventFields[]): void {
    this.#position++;
    this.#told = [];
    if (command.kind === "session_open" && events.length === 0 && !this.#streams.has(command.account))
      this.#streams.set(command.account, []);
    for (const event of events) this.#tell(command, event);
    this.#expire(command, events);
    for (const account of this.#streams.keys()) {
      const last = this.#told.findLast((told) => told.account === account);
      if (last !== undefined) this.#flag(last);
    }
  }

  /** What the last command told, by account. */
  told(): ToldReport[] {
    const told = this.#told.map(({ account, number }) => ({
      account,
      number,
      report: this.#stream(account)[number - 1],
    }));
    return told.sort((a, b) => a.account - b.account || a.number - b.number);
  }

  #stream(account: number): ReportFields[] {
    return this.#streams.get(account) ?? [];
  }

  #flag({ account, number }: { account: number; number: number }): void {
    const stream = this.#stream(account);
    const report = stream[number - 1];
    stream[number - 1] = { ...report, flags: report.flags | ReportFlag.Last };
  }

  #tell(command: FlowCommand, event: EventFields): void {
    switch (event.kind) {
      case EventKind.Accept:
        return this.#accept(command, event);
      case EventKind.Modify:
        return this.#modify(command, event);
      case EventKind.Cancel:
        return this.#cancel(command, event);
      case EventKind.Trade:
        return this.#trade(command, event);
      case EventKind.MassCancel:
        return this.#report(command, event, ReportKind.MassCancelled, { lastQuantity: event.quantity });
      case EventKind.Repeat: {
        const kind = event.reason === 0 ? ReportKind.Accepted : ReportKind.Rejected;
        return this.#report(command, event, kind, { reason: event.reason, flags: ReportFlag.Repeated });
      }
      default:
        if (event.command >= CommandKind.NewOrder)
          this.#report(command, event, ReportKind.Rejected, { reason: event.reason });
    }
  }

  #accept(command: FlowCommand, event: EventFields): void {
    const { account, symbol, orderId: id, price, quantity } = event;
    this.#orders.push({ account, symbol, id, price, open: quantity, filled: 0n });
    this.#report(command, event, ReportKind.Accepted, { price, lastQuantity: quantity, leaves: quantity });
  }

  #modify(command: FlowCommand, event: EventFields): void {
    const order = this.#order(event.account, event.symbol, event.orderId);
    order.price = event.price;
    order.open = event.quantity;
    this.#report(command, event, ReportKind.Modified, {
      price: event.price,
      lastQuantity: event.quantity,
      leaves: event.quantity,
      cumulative: order.filled,
      // The events' InPlace is 2, a report's is 8.
      flags: (event.flags & 2) === 0 ? 0 : ReportFlag.InPlace,
    });
    this.#forgetClosed();
  }

  #cancel(command: FlowCommand, event: EventFields): void {
    const order = this.#order(event.account, event.symbol, event.orderId);
    const { price, reason, quantity: lastQuantity } = event;
    order.open = 0;
    this.#report(command, event, ReportKind.Cancelled, {
      ...{ price, reason, lastQuantity, cumulative: order.filled },
    });
    this.#forgetClosed();
  }

  #trade(command: FlowCommand, event: EventFields): void {
    const traded = { lastPrice: event.price, lastQuantity: event.quantity };
    const taker = this.#order(event.account, event.symbol, event.orderId);
    const maker = this.#order(event.makerAccount, event.symbol, event.makerId);
    for (const order of [taker, maker]) {
      order.open -= event.quantity;
      order.filled += BigInt(event.quantity);
    }
    this.#report(command, event, ReportKind.Traded, {
      ...{ ...traded, price: taker.price, leaves: taker.open, cumulative: taker.filled },
    });
    this.#report(command, event, ReportKind.Traded, {
      ...{ ...traded, price: maker.price, leaves: maker.open, cumulative: maker.filled },
      ...{ account: maker.account, orderId: maker.id, flags: ReportFlag.Maker },
      ...{ side: 1 - event.side, orderType: 0, timeInForce: 0 },
    });
    // The taker may go on: a new order is forgotten when its command is over.
    this.#orders = this.#orders.filter((order) => order !== maker || maker.open > 0);
  }

  /** What must not rest is dropped after the last event. */
  #expire(command: FlowCommand, events: readonly EventFields[]): void {
    if (!isFlowOrder(command) || events[0].kind === EventKind.Repeat) return;
    const isImmediate =
      command.kind === "market" ||
      (command.kind === "limit" && command.timeInForce === TimeInForce.ImmediateOrCancel);
    if (isImmediate && events[0].kind === EventKind.Accept) {
      const last = events[events.length - 1];
      const order = this.#order(command.account, command.symbol, command.id);
      const { price, open: lastQuantity, filled: cumulative } = order;
      order.open = 0;
      const { side, orderType, timeInForce } = last;
      if (lastQuantity > 0)
        this.#report(command, last, ReportKind.Expired, {
          ...{ price, lastQuantity, cumulative, side, orderType, timeInForce },
        });
    }
    this.#forgetClosed();
  }

  #forgetClosed(): void {
    this.#orders = this.#orders.filter((order) => order.open > 0);
  }

  #order(account: number, symbol: number, id: bigint): OpenOrder {
    const isIt = (order: OpenOrder) =>
      order.account === account && order.symbol === symbol && order.id === id;
    const order = this.#orders.find(isIt);
    if (order === undefined) throw new Error(`the twin lost order ${id} of account ${account}`);
    return order;
  }

  #report(command: FlowCommand, event: EventFields, kind: number, said: Partial<ReportFields>): void {
    const account = said.account ?? event.account;
    const stream = this.#streams.get(account);
    if (stream === undefined) return;
    const isOwn = isFlowRequest(command) && command.account === account;
    const { command: by, symbol, sequence, orderId, side, orderType, timeInForce } = event;
    stream.push({
      ...{ kind, reason: 0, command: by, flags: 0, symbol, sequence, orderId },
      request: isOwn ? (command.once ?? 0n) : 0n,
      // A flow's requests come from no connection.
      session: 0n,
      ...{ price: 0, lastPrice: 0, lastQuantity: 0, leaves: 0, cumulative: 0n },
      ...{ timestamp_us: 0, position: this.#position, side, orderType, timeInForce, account },
      ...said,
    });
    this.#told.push({ account, number: stream.length });
  }
}
