// The crowd against the engine itself, without sockets and with simulated time: each command is applied and heard of at
// once, so a run is a function of its seed.

import { highLane, lowLane } from "../../../src/base/index.ts";
import { type TraderCommand, TraderCrowd, tradedInstrument } from "../../../src/lab/index.ts";
import {
  type EventFields,
  EventKind,
  type Instrument,
  OrderType,
  type Reason,
  Side,
  TimeInForce,
  writeCancel,
  writeInstrument,
  writeModify,
  writeNewOrder,
} from "../../../src/protocol/index.ts";
import { Desk } from "../../engine/support.ts";

export interface RunOptions {
  readonly instruments: readonly Instrument[];
  readonly rate: number;
  readonly seed: number;
}

export class EngineExchange {
  readonly crowd: TraderCrowd;
  readonly desk: Desk;
  readonly commands: string[] = [];
  readonly trades: EventFields[] = [];
  readonly rejects: Reason[] = [];
  #time_us = 0;
  readonly #rate: number;

  constructor({ instruments, rate, seed }: RunOptions) {
    const limits = { maxQuantity: 1_000_000, maxNotional: 1e12, ordersMax: 10_000, symbolsMax: 16 };
    this.desk = new Desk({ ...limits, accountsMax: 100 }, [], 4_096);
    for (const instrument of instruments) this.desk.do((words) => writeInstrument(words, 0, instrument));
    const listed = instruments.map((instrument, symbol) =>
      tradedInstrument({ ...instrument, symbol, status: 0 }),
    );
    this.crowd = new TraderCrowd({ instruments: listed, rate, seed, now_us: 0 });
    this.#rate = rate;
  }

  /** Lets the crowd trade for `seconds`. */
  run(seconds: number): void {
    const interval_us = 1e6 / this.#rate;
    const end_us = this.#time_us + seconds * 1e6;
    for (; this.#time_us < end_us; this.#time_us += interval_us) {
      this.crowd.advance(this.#time_us);
      const account = this.crowd.drawTrader();
      const command = this.crowd.act(account);
      if (command !== undefined) this.execute(account, command);
    }
  }

  execute(account: number, command: TraderCommand): void {
    this.commands.push(JSON.stringify([account, command]));
    const events = this.desk.do((words) => writeCommand(words, account, command), this.#time_us);
    const trader = this.crowd.traders[account];
    for (const event of events) {
      if (event.kind === EventKind.Reject) {
        this.rejects.push(event.reason as Reason);
        trader.onRejected(command, event.reason as Reason);
      } else if (event.kind === EventKind.Trade) {
        this.trades.push(event);
        trader.onFill(Number(event.orderId), event.quantity);
        this.crowd.traders[event.makerAccount].onFill(Number(event.makerId), event.quantity);
      } else trader.onAccepted(command);
    }
  }
}

function writeCommand(words: Int32Array, account: number, command: TraderCommand): void {
  const { id, symbol } = command;
  const low = lowLane(id);
  const high = highLane(id);
  if (command.kind === "cancel") return writeCancel(words, 0, account, symbol, low, high);
  const { quantity } = command;
  const price = command.kind === "market" ? 0 : command.price;
  if (command.kind === "modify")
    return writeModify(words, 0, account, symbol, low, high, lowLane(price), highLane(price), quantity);
  const type = command.kind === "market" ? OrderType.Market : OrderType.Limit;
  const rests = command.kind === "limit" ? TimeInForce.GoodTillCancel : TimeInForce.ImmediateOrCancel;
  const side = command.side === Side.Buy ? Side.Buy : Side.Sell;
  const [priceLow, priceHigh] = [lowLane(price), highLane(price)];
  writeNewOrder(words, 0, account, symbol, low, high, side, type, rests, priceLow, priceHigh, quantity);
}
