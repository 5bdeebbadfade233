// A session's requests on their way to the exchange over a connection that has logged on for it, and what comes back:
// every numbered report of the account, and an answer to each request. Bound: IN_FLIGHT_MAX requests without an answer.
//
// Which report answers a request: the first of its command that carries this session's number and the request's, and says
// what became of it. When the connection is lost nothing is said of what was in flight: who logs on again is told by the
// reports that follow.
//
// A slow peer's reports wait where they are made: the connection is not read until it has taken what it was sent.

import { type Clock, SeriatimError } from "../../../base/index.ts";
import type { SessionListEnd, SessionOrder, SessionRefusal } from "../../../client/index.ts";
import {
  ackText,
  errorText,
  formatPrice,
  heartbeatText,
  isAnswer,
  type MassCancelRequest,
  MessageType,
  type NumberedReport,
  type OpenOrderEntry,
  type OpenOrdersRequest,
  type OrderRequest,
  orderStatusText,
  ordersTexts,
  ReportKind,
  rejectText,
  reportText,
  type SessionWelcome,
  Side,
  sideName,
} from "../../../protocol/index.ts";
import type { TokenSession } from "./admission.ts";
import type { Desk, DeskOutput, DeskRequest } from "./desk.ts";
import { IN_FLIGHT_MAX, type Problem, tooMany, unknownSymbol } from "./order-desk.ts";
import type { SymbolNames } from "./symbol-names.ts";
import { commandOf, type InFlight, idText, noNumber, sendCommand } from "./trading-commands.ts";
import type { TradingLink, TradingListener } from "./trading-link.ts";

/** Order entry lets go of nobody who has read nothing for less: what is lost sooner is not the peer's doing. */
const UNREAD_LEAST_US = 2_000_000;

/** A question that has no answer yet. */
interface Question {
  readonly request: number | undefined;
  /** The list so far; undefined: it asks for one order. */
  readonly orders: OpenOrderEntry[] | undefined;
}

export class TradingDesk implements Desk, TradingListener {
  session: SessionWelcome | undefined;
  /** Lists are the gate's, as of a report: none is older than an answer. */
  readonly sequence = 0;
  readonly #logon: TokenSession;
  readonly #symbols: SymbolNames;
  readonly #output: DeskOutput;
  readonly #clock: Clock;
  /** Undefined when it is gone, or not to be used any more. */
  #link: TradingLink | undefined;
  /** It was told to log out: it answers what was asked, and its end is looked for by `logout`. */
  #isLeaving = false;
  /** What came before the client was welcomed: less than one read. */
  #early: NumberedReport[] | undefined = [];
  #inFlight: InFlight[] = [];
  /** By a number of ours: the gateway logs no question. */
  readonly #questions = new Map<number, Question>();
  #lastQuestion = 0;
  /** Told when nothing waits for an answer any more; who awaits it goes on behind the last answer, which is sent in the same turn. */
  #onAnswered: (() => void) | undefined;
  /** The number of the next report. */
  #next = 0;
  /** With a dead man: when something came from the client, and whether his link has not been told of it yet. */
  #heard_us: number;
  #isHeard = false;
  #flushIsDue = false;
  /** Since when the peer is slow; undefined: it is not. */
  #paused_us: number | undefined;

  constructor(logon: TokenSession, symbols: SymbolNames, output: DeskOutput, clock: Clock) {
    this.#logon = logon;
    this.#symbols = symbols;
    this.#output = output;
    this.#clock = clock;
    this.#heard_us = clock.monotonicMicros();
  }

  attach(link: TradingLink): void {
    const { session, first, next, hasGap } = link;
    this.#link = link;
    this.#next = first;
    this.session = { session, first, next, hasGap, readOnly: this.#logon.readOnly };
  }

  begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const report of early) this.onReport(report);
    this.#link?.closed.then((why) => this.#lost(why));
  }

  take(request: DeskRequest): void {
    this.#put(request);
  }

  list(request: OpenOrdersRequest): void {
    this.#put(request);
  }

  beat(request: number | undefined): void {
    this.#send(heartbeatText(request, this.#next));
  }

  /** Its dead man is told, once for all that comes in a turn: by a request that goes on, else by a heartbeat. */
  heard(): void {
    const link = this.#link;
    if (this.#logon.deadMan_ms === 0 || link === undefined) return;
    this.#heard_us = this.#clock.monotonicMicros();
    this.#isHeard = true;
    this.#flushSoon(link);
  }

  resume(): void {
    this.#paused_us = undefined;
    this.#link?.resume();
  }

  answered(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onAnswered = resolve;
    this.#tellAnswered();
    return promise;
  }

  async logout(): Promise<void> {
    this.#isLeaving = true;
    const link = this.#link;
    const why = await link?.logout();
    // A node that stops just then closes too, and cancels what is to be cancelled.
    if (link?.isLoggedOut === false) this.#tellLost(why);
    this.#link = undefined;
  }

  close(): void {
    const link = this.#link;
    this.#link = undefined;
    // A logout is not taken back: what is told on its way has no reader any more.
    if (this.#isLeaving) link?.resume();
    else link?.destroy();
  }

  // ---- what the exchange says (TradingListener)

  onReport(report: NumberedReport): void {
    if (this.#early !== undefined) return void this.#early.push(report);
    this.#next = report.number + 1;
    const { instruments } = this.#symbols;
    this.#send(reportText(report, instruments[report.symbol]));
    if (report.session === this.#link?.session && isAnswer(report)) this.#answer(report);
  }

  onRefused({ request, id, reason, type }: SessionRefusal): void {
    if (type === MessageType.OrderStatus || type === MessageType.OpenOrders) {
      this.#send(rejectText(this.#questionOf(request)?.request, undefined, reason));
      return;
    }
    const number = BigInt(request);
    const command = commandOf(type);
    const refused = this.#settle(
      (each) => each.command === command && each.number === number && each.id === id,
    );
    if (refused !== undefined) this.#send(rejectText(refused.request, idText(refused), reason));
  }

  onOpenOrder(order: SessionOrder): void {
    const orders = this.#questions.get(order.request)?.orders;
    const entry = order.rests ? this.#entry(order) : null;
    if (orders === undefined) {
      this.#send(orderStatusText(this.#questionOf(order.request)?.request, order.asOf, entry));
    } else if (entry !== null) orders.push(entry);
  }

  onOpenOrdersEnd({ request, truncated, asOf }: SessionListEnd): void {
    const question = this.#questionOf(request);
    const options = { request: question?.request, truncated };
    const texts = ordersTexts(question?.orders ?? [], { report: String(asOf) }, options);
    for (const text of texts) this.#send(text);
  }

  // ---- requests

  #put(request: DeskRequest | OpenOrdersRequest): void {
    const link = this.#link;
    // Lost: the session is about to end, and says so.
    if (link === undefined) return;
    const problem = this.#problemOf(request, link);
    if (problem === undefined) {
      this.#isHeard = false;
      this.#flushSoon(link);
    } else this.#send(errorText({ request: request.request, ...problem }));
  }

  /** Sends it; or what is wrong with it. */
  #problemOf(request: DeskRequest | OpenOrdersRequest, link: TradingLink): Problem | undefined {
    if (this.#inFlight.length + this.#questions.size >= IN_FLIGHT_MAX || !link.writable) return tooMany();
    const symbol = request.symbol === undefined ? undefined : this.#symbols.find(request.symbol);
    if (request.symbol !== undefined && symbol === undefined) return unknownSymbol("symbol", request.symbol);
    if (request.type === "openOrders") {
      link.openOrders(this.#ask(request.request, []), symbol === undefined ? {} : { symbol });
      return undefined;
    }
    // All others but a mass cancel name one.
    if (request.type === "orderStatus") {
      link.orderStatus(this.#ask(request.request, undefined), { id: request.id, symbol: symbol as number });
      return undefined;
    }
    if (this.#logon.once && request.request === undefined) return noNumber();
    return this.#command(request, symbol, link);
  }

  /** One write for all the requests of a turn. */
  #flushSoon(link: TradingLink): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    queueMicrotask(() => {
      this.#flushIsDue = false;
      link.flush();
      if (this.#isHeard) link.heartbeat();
      this.#isHeard = false;
    });
  }

  #ask(request: number | undefined, orders: OpenOrderEntry[] | undefined): number {
    this.#lastQuestion++;
    this.#questions.set(this.#lastQuestion, { request, orders });
    return this.#lastQuestion;
  }

  #command(
    request: OrderRequest | MassCancelRequest,
    symbol: number | undefined,
    link: TradingLink,
  ): Problem | undefined {
    const sent = sendCommand(link, request, symbol, this.#symbols);
    if ("code" in sent) return sent;
    this.#inFlight.push(sent);
    return undefined;
  }

  #answer(report: NumberedReport): void {
    const { command, request, id, sequence, number, kind, lastQuantity } = report;
    const answered = this.#settle(
      (each) => each.command === command && each.number === request && each.id === id,
    );
    if (answered === undefined) return;
    const name = idText(answered);
    if (kind === ReportKind.Rejected) {
      this.#send(rejectText(answered.request, name, report.reason, { report: number }));
    } else {
      const cancelled = kind === ReportKind.MassCancelled ? lastQuantity : undefined;
      this.#send(ackText(answered.request, name, sequence, { report: number, cancelled }));
    }
  }

  /** Takes the oldest command that `isIt` says out of those in flight. */
  #settle(isIt: (each: InFlight) => boolean): InFlight | undefined {
    const at = this.#inFlight.findIndex(isIt);
    if (at < 0) return undefined;
    const [settled] = this.#inFlight.splice(at, 1);
    this.#tellAnswered();
    return settled;
  }

  /** Takes a question out of those that have no answer yet. */
  #questionOf(number: number): Question | undefined {
    const question = this.#questions.get(number);
    this.#questions.delete(number);
    this.#tellAnswered();
    return question;
  }

  #tellAnswered(): void {
    if (this.#inFlight.length + this.#questions.size === 0) this.#onAnswered?.();
  }

  #entry({ symbol, id, side, price, leaves, cumulative }: SessionOrder): OpenOrderEntry {
    const { name, priceDecimals } = this.#symbols.instruments[symbol];
    return {
      symbol: name,
      id: String(id),
      side: sideName(side === Side.Buy ? Side.Buy : Side.Sell),
      price: formatPrice(price, priceDecimals),
      open: leaves,
      cumulative,
    };
  }

  #send(text: string): void {
    if (this.#output.send(text)) return;
    this.#paused_us ??= this.#clock.monotonicMicros();
    this.#link?.pause();
  }

  #lost(why: SeriatimError | undefined): void {
    if (this.#link !== undefined && !this.#isLeaving) this.#tellLost(why);
  }

  #tellLost(why: SeriatimError | undefined): void {
    if (this.#link === undefined) return;
    this.#link = undefined;
    this.#output.lost(why?.code === "SESSION_REPLACED" ? why : (this.#blame() ?? why));
  }

  /** Why order entry ended it, which it does without a word, if that lies with the client. */
  #blame(): SeriatimError | undefined {
    const now_us = this.#clock.monotonicMicros();
    // It lets go of who does not read, and that is this peer.
    if (this.#paused_us !== undefined && now_us - this.#paused_us >= UNREAD_LEAST_US)
      return new SeriatimError("TOO_SLOW", "its reports were not read");
    const { deadMan_ms } = this.#logon;
    const silence_us = now_us - this.#heard_us;
    if (deadMan_ms === 0 || silence_us < deadMan_ms * 1_000) return undefined;
    return new SeriatimError("DEAD_MAN", `nothing was heard of you for ${deadMan_ms} ms`);
  }
}
