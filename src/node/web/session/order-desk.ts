// A session's orders on their way to the exchange and their answers on the way back, over one order-entry connection of
// the public client library. Bound: IN_FLIGHT_MAX orders without an answer; more are refused and not sent.

import { counted, SeriatimError } from "../../../base/index.ts";
import type { CancelOrder, ModifyOrder, NewOrder, OrderAnswer } from "../../../client/index.ts";
import {
  ackText,
  ErrorCode,
  errorText,
  heartbeatText,
  type Instrument,
  type OrderRequest,
  parsePrice,
  type Refusal,
  rejectText,
  shownJson,
} from "../../../protocol/index.ts";
import type { Desk, DeskOutput, DeskRequest } from "./desk.ts";
import type { SymbolNames } from "./symbol-names.ts";

/** A person never has as many; a program that wants more uses the binary interface. */
export const IN_FLIGHT_MAX = 256;

/** What a desk needs of an order-entry connection: an OrderEntryClient is one. */
export interface OrderLink {
  submit(order: NewOrder): Promise<OrderAnswer>;
  modify(order: ModifyOrder): Promise<OrderAnswer>;
  cancel(order: CancelOrder): Promise<OrderAnswer>;
  /** Ends it when everything sent is answered. */
  close(): Promise<void>;
  /** `closed`: it is gone, whoever ended it. */
  once(event: "closed", listener: () => void): unknown;
}

/** An order-entry connection just made. */
export interface NewLink {
  readonly link: OrderLink;
  /**
   * The node's last event when it was made: whatever the account sent over an earlier connection, with an answer or
   * without, is among those up to here.
   */
  readonly sequence: number;
}

/** To a node that takes no orders, for the reason `why`: whoever has an account sees its orders all the same. */
export function noLink(why: string): NewLink {
  const refuse = () => Promise.reject(new SeriatimError(ErrorCode.Replica, why));
  const close = () => Promise.resolve();
  const once = () => undefined;
  return { link: { submit: refuse, modify: refuse, cancel: refuse, close, once }, sequence: 0 };
}

/** Refusals but for the number of the request that is refused. */
export type Problem = Omit<Refusal, "request">;

export class OrderDesk implements Desk {
  readonly session = undefined;
  sequence: number;
  readonly #link: OrderLink;
  readonly #symbols: SymbolNames;
  readonly #output: DeskOutput;
  readonly #noOrders: string | undefined;
  #inFlight = 0;
  #isLost = false;
  #isClosed = false;

  /**
   * `output.lost` is called when every order in flight has been told that its outcome is unknown. `noOrders`: why this node
   * takes none, if it doesn't.
   */
  constructor(
    { link, sequence }: NewLink,
    symbols: SymbolNames,
    output: DeskOutput,
    noOrders: string | undefined,
  ) {
    this.#link = link;
    this.sequence = sequence;
    this.#symbols = symbols;
    this.#output = output;
    this.#noOrders = noOrders;
  }

  begin(): void {
    this.#link.once("closed", () => {
      this.#isLost = true;
      this.#tellLoss();
    });
  }

  take(request: DeskRequest): void {
    if (request.type === "massCancel" || request.type === "orderStatus") this.#needsToken(request);
    else this.#takeOrder(request);
  }

  #takeOrder(request: OrderRequest): void {
    const sent = this.#inFlight >= IN_FLIGHT_MAX ? tooMany() : this.#put(request);
    if ("code" in sent) {
      this.#send(errorText({ request: request.request, ...sent }));
      return;
    }
    this.#inFlight++;
    sent
      .then(
        (answer) => this.#answer(request, answer),
        (error: unknown) => this.#send(errorText({ request: request.request, ...problemOf(error) })),
      )
      .finally(() => {
        this.#inFlight--;
        this.#tellLoss();
      });
  }

  close(): void {
    void this.logout();
  }

  beat(request: number | undefined): void {
    this.#send(heartbeatText(request, undefined));
  }

  answered(): Promise<void> {
    return this.logout();
  }

  async logout(): Promise<void> {
    this.#isClosed = true;
    await this.#link.close().catch(() => {});
  }

  #put(request: OrderRequest): Promise<OrderAnswer> | Problem {
    const { id } = request;
    const symbol = this.#symbols.find(request.symbol);
    if (symbol === undefined) return unknownSymbol("symbol", request.symbol);
    if (request.type === "cancel") return this.#link.cancel({ id, symbol });
    const { quantity } = request;
    if (request.type === "submit" && request.price === undefined)
      return this.#link.submit({ id, symbol, side: request.side, type: "market", quantity });
    const instrument = this.#symbols.instruments[symbol];
    const price = parsePrice(request.price ?? "", instrument.priceDecimals);
    if (price === undefined) return noPrice(request.price, instrument);
    if (request.type === "modify") return this.#link.modify({ id, symbol, price, quantity });
    const { side, timeInForce } = request;
    return this.#link.submit({ id, symbol, side, price, quantity, timeInForce });
  }

  #answer({ request, id }: OrderRequest, answer: OrderAnswer): void {
    if (!answer.accepted) return this.#send(rejectText(request, id, answer.code));
    this.sequence = Math.max(this.sequence, answer.sequence);
    this.#send(ackText(request, id, answer.sequence));
  }

  #tellLoss(): void {
    if (this.#isLost && !this.#isClosed && this.#inFlight === 0) this.#output.lost(undefined);
  }

  #needsToken({ request, type }: DeskRequest): void {
    const problem =
      this.#noOrders === undefined
        ? { code: ErrorCode.TokenNeeded, text: `${type} needs a token in hello` }
        : { code: ErrorCode.Replica, text: this.#noOrders };
    this.#send(errorText({ request, ...problem }));
  }

  #send(text: string): void {
    this.#output.send(text);
  }
}

export function unknownSymbol(where: string, name: string): Problem {
  return { code: ErrorCode.UnknownSymbol, text: `${where}: there is no instrument ${shownJson(name)}` };
}

export function noPrice(price: string | undefined, { name, priceDecimals }: Instrument): Problem {
  const rule = `a decimal number with at most ${counted(priceDecimals, "digit")} after the point`;
  return {
    code: ErrorCode.BadMessage,
    text: `price: ${shownJson(price)} is no price of ${name}: ${rule}, within 2^53-1 steps of the last`,
  };
}

export function tooMany(): Problem {
  const text = `${IN_FLIGHT_MAX} orders wait for their answers: this one was not sent`;
  return { code: ErrorCode.TooManyInFlight, text };
}

/** What became of an order that the client library has no answer to. */
function problemOf(error: unknown): Problem {
  const { code, message } = error as SeriatimError;
  if (code === "OUTCOME_UNKNOWN") return { code: ErrorCode.OutcomeUnknown, text: message };
  if (code === "WINDOW_FULL") return tooMany();
  if (code === ErrorCode.Replica) return { code, text: message };
  return { code: ErrorCode.Unavailable, text: `nothing was sent: ${message}` };
}
