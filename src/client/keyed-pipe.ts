// A session with a logon that speaks like the open mode's pipe: reports come as acks, rejects, fills and cancels. What the
// open mode tells and reports don't is who was on the other side of a trade: that id is 0.
//
// Bounds: at most `window` requests are unanswered; what waits for the kernel (outbox.ts).

import { assert, type SeriatimError } from "../base/index.ts";
import { CommandKind, ReportFlag, ReportKind } from "../protocol/index.ts";
import { checkInteger, connectionLost, queryRefused } from "./errors.ts";
import { WINDOW_MAX } from "./open/order-pipe.ts";
import type { OrderLine, OrderLineOptions } from "./order-line.ts";
import type { SessionKey } from "./session/session-key.ts";
import { SessionPipe } from "./session/session-pipe.ts";
import { isQueryType } from "./session/session-queries.ts";
import type { SessionRefusal, SessionReport } from "./session/session-values.ts";
import type { AnswerListener } from "./wire/answer-reader.ts";
import { putCancel, putModify, putNewOrder } from "./wire/request-writer.ts";

/** It lives as long as its connection: nobody waits for a sign of it, and it waits for none. */
const HEARTBEAT_MS = 86_400_000;

export class KeyedPipe implements OrderLine {
  readonly peer: string;
  readonly closed: Promise<SeriatimError | undefined>;
  readonly #pipe: SessionPipe;
  readonly #listener: AnswerListener;
  readonly #window: number;
  #requests = 0;
  #answers = 0;
  #ready: PromiseWithResolvers<void> | undefined;

  constructor(options: OrderLineOptions & { readonly key: SessionKey }) {
    const { window, listener, ...terms } = options;
    checkInteger("window", window, 1, WINDOW_MAX);
    this.#window = window;
    this.#listener = listener;
    this.#pipe = new SessionPipe({
      ...terms,
      heartbeat_ms: HEARTBEAT_MS,
      listener: {
        onReport: (report) => this.#reported(report),
        onRefused: (refusal) => this.#refused(refusal),
        onOpenOrder: () => {},
        onOpenOrdersEnd: () => {},
        onInstrument: (instrument) => listener.onInstrument(instrument),
        onInstrumentsEnd: () => {
          const { account, session } = this.#pipe;
          listener.onHelloAck(account, ...lanesOf(session));
        },
      },
      onTurn: () => this.#resolveReady(),
    });
    this.peer = this.#pipe.peer;
    this.closed = this.#pipe.closed.then((failure) => this.#gone(failure));
  }

  connected(): Promise<void> {
    return this.#pipe.loggedOn();
  }

  welcome<T>(answer: Promise<T>): Promise<T> {
    return this.#pipe.welcome("the first request", answer);
  }

  get writable(): boolean {
    return this.#pipe.writable && this.#requests - this.#answers < this.#window;
  }

  async ready(): Promise<void> {
    if (this.writable) return;
    if (!this.#pipe.isOpen) throw (await this.closed) ?? connectionLost(this.peer, "it is closed");
    this.#ready ??= Promise.withResolvers<void>();
    await this.#ready.promise;
  }

  instruments(): void {
    this.#pipe.instruments(0);
  }

  newOrder(
    idLow: number,
    idHigh: number,
    symbol: number,
    priceLow: number,
    priceHigh: number,
    quantity: number,
    side: number,
    orderType: number,
    timeInForce: number,
  ): void {
    putNewOrder(
      this.#pipe.out,
      this.#claim(),
      idLow,
      idHigh,
      symbol,
      priceLow,
      priceHigh,
      quantity,
      side,
      orderType,
      timeInForce,
    );
  }

  cancel(idLow: number, idHigh: number, symbol: number): void {
    putCancel(this.#pipe.out, this.#claim(), idLow, idHigh, symbol);
  }

  modify(
    idLow: number,
    idHigh: number,
    symbol: number,
    priceLow: number,
    priceHigh: number,
    quantity: number,
  ): void {
    putModify(this.#pipe.out, this.#claim(), idLow, idHigh, symbol, priceLow, priceHigh, quantity);
  }

  flush(): void {
    this.#pipe.flush();
  }

  end(): Promise<SeriatimError | undefined> {
    void this.#pipe.logout();
    return this.closed;
  }

  destroy(failure?: SeriatimError): void {
    this.#pipe.destroy(failure);
  }

  #claim(): number {
    assert(this.writable, "a request needs a line that is writable");
    return ++this.#requests;
  }

  #reported(report: SessionReport): void {
    const isOurs = report.session === this.#pipe.session;
    const [idLow, idHigh] = lanesOf(report.id);
    switch (report.kind) {
      case ReportKind.Accepted:
      case ReportKind.Modified:
        if (isOurs) this.#answered(() => this.#listener.onAck(idLow, idHigh, report.sequence));
        return;
      case ReportKind.Rejected:
        if (isOurs) this.#answered(() => this.#listener.onReject(idLow, idHigh, report.reason));
        return;
      case ReportKind.Cancelled:
        this.#cancelled(report, isOurs);
        return;
      case ReportKind.Traded:
        this.#traded(report, isOurs);
    }
  }

  #refused({ id, reason, type }: SessionRefusal): void {
    if (isQueryType(type)) this.destroy(queryRefused("the instrument list", reason));
    else this.#answered(() => this.#listener.onReject(...lanesOf(id), reason));
  }

  #cancelled({ id, command, symbol, lastQuantity, sequence }: SessionReport, isOurs: boolean): void {
    const [idLow, idHigh] = lanesOf(id);
    if (isOurs && command === CommandKind.Cancel)
      this.#answered(() => this.#listener.onAck(idLow, idHigh, sequence));
    else if (!isOurs) this.#listener.onCancelled(idLow, idHigh, symbol, lastQuantity, sequence);
  }

  #traded({ id, flags, lastPrice, lastQuantity, sequence }: SessionReport, isOurs: boolean): void {
    const [idLow, idHigh] = lanesOf(id);
    const isMaker = (flags & ReportFlag.Maker) !== 0;
    if (isMaker) this.#listener.onFill(true, 0, 0, idLow, idHigh, lastPrice, lastQuantity, sequence);
    else if (isOurs) this.#listener.onFill(false, idLow, idHigh, 0, 0, lastPrice, lastQuantity, sequence);
  }

  #answered(tell: () => void): void {
    this.#answers++;
    tell();
  }

  #resolveReady(): void {
    if (this.#ready === undefined || !this.writable) return;
    this.#ready.resolve();
    this.#ready = undefined;
  }

  #gone(failure: SeriatimError | undefined): SeriatimError | undefined {
    const isShort = this.#requests > this.#answers;
    const why = failure ?? (isShort ? connectionLost(this.peer, "the exchange closed it") : undefined);
    this.#ready?.reject(why ?? connectionLost(this.peer, "it is closed"));
    return why;
  }
}

function lanesOf(id: bigint): [low: number, high: number] {
  return [Number(BigInt.asIntN(32, id)), Number(BigInt.asIntN(32, id >> 32n))];
}
