// Sends planned flows over one connection and prints the answers in the flow's words. At most `window` commands are
// unanswered; printed text waits at most for the end of the chunk of answers it belongs to.

import { counted, SeriatimError } from "../base/index.ts";
import {
  type AnswerListener,
  connectionLost,
  helloFailed,
  idOf,
  type ListedInstrument,
  type OrderLine,
  Outstanding,
  orderLine,
  type SessionKey,
  type TlsOptions,
} from "../client/index.ts";
import {
  type FlowOrderCommand,
  type FlowOutcome,
  type FlowReject,
  formatOutcome,
  isGatewayRefusal,
  lanesOf,
  OrderType,
  type Reason,
  reasonName,
  reasonText,
  TimeInForce,
} from "../protocol/index.ts";
import { FlowDoubts, type RefusedCommand } from "./flow-doubts.ts";
import { matchSymbols, type PlannedFlow, wireSymbol } from "./flow-plan.ts";

export interface FlowSenderOptions {
  readonly host: string;
  readonly port: number;
  readonly account: number;
  readonly window: number;
  /** Logs on with it; open mode when left out. */
  readonly key?: SessionKey | undefined;
  readonly tls?: TlsOptions | undefined;
  /** False when nobody reads what is printed: then nothing more is sent. */
  readonly print: (text: string) => boolean;
}

export class FlowSender {
  readonly #options: FlowSenderOptions;
  readonly #pipe: OrderLine;
  readonly #outstanding: Outstanding<FlowOrderCommand>;
  readonly #listed: ListedInstrument[] = [];
  readonly #welcome = Promise.withResolvers<undefined>();
  readonly #stopped = Promise.withResolvers<SeriatimError>();
  #isStopped = false;
  /** The command that was answered last: Fills belong to it. */
  #answering: FlowOrderCommand | undefined;
  #sent = 0;
  #answered = 0;
  /** Of the answered those that the exchange took, to be judged by its rules; why it did not take the first of the others. */
  #taken = 0;
  #refusal: Reason | undefined;
  /** The answers to what is in doubt are matched and not printed. */
  readonly #doubts = new FlowDoubts();
  #text = "";

  constructor(options: FlowSenderOptions) {
    this.#options = options;
    this.#outstanding = new Outstanding(options.window);
    this.#pipe = orderLine({ ...options, listener: this.#listener() });
  }

  /** Sends all commands and resolves when all are answered. Throws SeriatimError when that can't be. */
  async send(flows: readonly PlannedFlow[]): Promise<void> {
    const total = flows.reduce((sum, flow) => sum + flow.commands.length, 0);
    const early = await Promise.race([this.#welcomed(), this.#stopped.promise]);
    if (early !== undefined) throw this.#cutShort(early, total);
    const numbers = this.#symbolNumbers(flows);
    try {
      for (const { commands } of flows) {
        for (const planned of commands) await this.#put(planned.command, wireSymbol(planned, numbers));
      }
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      // The connection is gone; `end` below says why.
    }
    const failure = await this.#pipe.end();
    const why = failure ?? this.#doubts.first;
    if (why !== undefined) throw this.#cutShort(why, total);
    if (this.#taken === 0 && this.#refusal !== undefined) throw noneTaken(total, this.#refusal);
  }

  #symbolNumbers(flows: readonly PlannedFlow[]): ReadonlyMap<string, number> {
    try {
      return matchSymbols(flows, this.#listed, this.#pipe.peer);
    } catch (error) {
      this.#pipe.destroy();
      throw error;
    }
  }

  /** Ends it early: nothing more is sent or waited for, and `send` throws `reason` with the counts. */
  stop(reason: SeriatimError): void {
    this.#isStopped = true;
    this.#stopped.resolve(reason);
    this.#pipe.destroy(reason);
  }

  /** Resolves when the exchange has said which instruments it has. */
  async #welcomed(): Promise<undefined> {
    await this.#pipe.connected();
    this.#pipe.instruments(this.#options.account);
    this.#pipe.flush();
    const welcome = Promise.race([this.#pipe.closed, this.#welcome.promise]);
    const failure = await this.#pipe.welcome(welcome);
    // Stopped meanwhile: `send` says so.
    if (failure !== undefined && !this.#isStopped) throw helloFailed(this.#options.account, failure);
  }

  async #put(command: FlowOrderCommand, symbol: number): Promise<void> {
    while (!this.#pipe.writable) {
      this.#pipe.flush();
      await this.#pipe.ready();
    }
    const [idLow, idHigh] = lanesOf(command.id);
    this.#outstanding.push(command, idLow, idHigh);
    putCommand(this.#pipe, command, idLow, idHigh, symbol);
    this.#sent++;
  }

  #cutShort(failure: SeriatimError, total: number): SeriatimError {
    const unknown = this.#sent - this.#answered;
    const counts = `${this.#answered} commands answered, ${unknown} unknown, ${total - this.#sent} not sent`;
    return new SeriatimError(failure.code, `${failure.message}; ${counts}`, { cause: failure });
  }

  #listener(): AnswerListener {
    return {
      onAck: (idLow, idHigh, sequence) => {
        const command = this.#outstanding.takeOldest(idLow, idHigh);
        if (command === undefined) return this.#disagree();
        this.#answering = command;
        if (this.#doubts.has(command)) return this.#doubts.answer(command);
        const { symbol, id } = command;
        this.#answered++;
        this.#taken++;
        this.#print({ kind: ACKNOWLEDGED[command.kind], sequence, symbol, id });
      },
      onReject: (idLow, idHigh, reason) => {
        const commands = this.#outstanding.takeRefused(idLow, idHigh, reason);
        const [command] = commands;
        if (command === undefined) return this.#disagree();
        const isDoubtful = commands.length > 1 || this.#doubts.has(command);
        if (!isDoubtful) return this.#rejected({ command, reason: reason as Reason });
        if (!isGatewayRefusal(reason)) return this.#doubts.answer(command);
        for (const refused of this.#doubts.refuse(commands, reason as Reason)) this.#rejected(refused);
      },
      onFill: (resting, takerLow, takerHigh, makerLow, makerHigh, price, quantity, sequence) => {
        // What others do to our resting orders answers no command of the flow.
        if (resting) return;
        if (this.#answering === undefined) return this.#disagree();
        const { symbol } = this.#answering;
        const taker = idOf(takerLow, takerHigh);
        const maker = idOf(makerLow, makerHigh);
        this.#print({ kind: "trade", sequence, symbol, taker, maker, price: BigInt(price), quantity });
      },
      // Answers no command of the flow.
      onCancelled: () => {},
      onHelloAck: () => this.#welcome.resolve(undefined),
      onInstrument: (instrument) => this.#listed.push(instrument),
      onHeartbeatAck: () => this.#disagree(),
    };
  }

  #rejected({ command: { kind, id }, reason }: RefusedCommand): void {
    this.#answered++;
    if (isGatewayRefusal(reason)) this.#refusal ??= reason;
    else this.#taken++;
    this.#print({ kind: "reject", command: REJECTED[kind], id, reason });
  }

  #disagree(): void {
    this.#pipe.destroy(connectionLost(this.#pipe.peer, "it answered a command that was not sent"));
  }

  /** One write for all the answers of a turn. */
  #print(outcome: FlowOutcome): void {
    if (this.#text === "") {
      queueMicrotask(() => this.#printTurn());
    }
    this.#text += `${formatOutcome(outcome)}\n`;
  }

  #printTurn(): void {
    const text = this.#text;
    this.#text = "";
    try {
      if (this.#options.print(text)) return;
      this.stop(new SeriatimError("OUTPUT_CLOSED", "nobody reads the answers any more"));
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.stop(error);
    }
  }
}

/** What the rules of the market refuse was judged, which is the work; what the gateway refuses was not even taken. */
function noneTaken(total: number, reason: Reason): SeriatimError {
  const why = `${reasonName(reason)} (${reasonText(reason)})`;
  return new SeriatimError("REFUSED", `the exchange took none of ${counted(total, "command")}: ${why}`);
}

const ACKNOWLEDGED = { limit: "accept", market: "accept", cancel: "cancel", modify: "modify" } as const;
const REJECTED: Readonly<Record<FlowOrderCommand["kind"], FlowReject["command"]>> = {
  limit: "new_limit",
  market: "new_market",
  cancel: "cancel",
  modify: "modify",
};

function putCommand(
  pipe: OrderLine,
  command: FlowOrderCommand,
  idLow: number,
  idHigh: number,
  symbol: number,
): void {
  if (command.kind === "cancel") {
    pipe.cancel(idLow, idHigh, symbol);
    return;
  }
  const { quantity } = command;
  if (command.kind === "market") {
    const { side, named = { price: 0n, timeInForce: TimeInForce.ImmediateOrCancel } } = command;
    const [low, high] = lanesOf(named.price);
    pipe.newOrder(idLow, idHigh, symbol, low, high, quantity, side, OrderType.Market, named.timeInForce);
    return;
  }
  const [priceLow, priceHigh] = lanesOf(command.price);
  if (command.kind === "modify") {
    pipe.modify(idLow, idHigh, symbol, priceLow, priceHigh, quantity);
    return;
  }
  const { side, timeInForce } = command;
  pipe.newOrder(idLow, idHigh, symbol, priceLow, priceHigh, quantity, side, OrderType.Limit, timeInForce);
}
