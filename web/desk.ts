// What the page knows and does: one connection to the exchange, the instrument that is looked at, the order in the form,
// and what there is to tell. Components look at it and redraw by its topics; prices are painted by frame.

import { counted, type SeriatimError } from "../src/base/index.ts";
import {
  ExchangeSocket,
  type Market,
  type OwnOrder,
  type OwnOrders,
  type QueueLevel,
  type RequestAnswer,
} from "../src/client/socket/index.ts";
import { formatPrice, type ReportMessage } from "../src/protocol/index.ts";
import { FillWords, type OrderSaid, type Said } from "./fill-words.ts";
import { Frames } from "./frames.ts";
import { InDoubt } from "./in-doubt.ts";
import { inTurns } from "./in-turns.ts";
import type { Meant } from "./ladder-rows.ts";
import { Notices } from "./notices.ts";
import { canonicalPrice, draftProblems, type OrderDraft } from "./order-draft.ts";
import { newOrderId } from "./order-id.ts";
import { Parts } from "./parts.ts";
import { recall, recallInTab, remember, rememberInTab } from "./remembered.ts";
import { TapeHistory } from "./tape-history.ts";
import { Topic } from "./topic.ts";

/** Instruments whose best prices the page shows all the time; with more there is a list to choose from. */
export const WATCHED_MAX = 12;
/** Of the instrument that is looked at; the overview has the last one of its rows too (shown-markets.ts). */
const CHANNELS = ["depth", "trades", "candles", "instruments"] as const;
/** Accounts offered again in the account chooser. */
const ACCOUNTS_MAX = 6;
/** How often tables of orders and fills may redraw: faster can't be read. */
const TABLES_MS = 200;
/** Whoever hears nothing for so long asks himself whether it was sent, and sends it again. */
const UNANSWERED_MS = 500;

const EMPTY_DRAFT: OrderDraft = {
  side: "buy",
  orderType: "limit",
  timeInForce: "gtc",
  price: "",
  quantity: "1",
};

type Outcome = "accepted" | "refused" | "unknown";

export class Desk {
  readonly frames = new Frames();
  readonly connection = new Topic();
  readonly status = new Topic();
  readonly tape = new TapeHistory();
  readonly selection = new Topic();
  readonly draftTopic = new Topic();
  /** Orders and fills; at most five times a second. */
  readonly tables = new Topic();
  readonly queueTopic = new Topic();
  readonly parts = new Parts();
  readonly notices = new Notices();
  /** Counts what came from the exchange, for the status bar. */
  updates = 0;
  socket: ExchangeSocket;
  /** Why the exchange doesn't let the account in that was chosen; the market goes on without one. */
  refusal: string | undefined;
  symbol = recall("symbol") ?? "";
  draft = EMPTY_DRAFT;
  /** The price of the ladder whose queue is shown. */
  queueLevel: QueueLevel | undefined;
  /** Of the row that was clicked on, where rows have several prices each. */
  queueRow: string | undefined;
  readonly #url: string;
  readonly #fillWords = new FillWords();
  readonly #inDoubt = new InDoubt();
  /** What the tables show: whose orders, as of which version. */
  #shownOrders: OwnOrders | undefined;
  #shownVersion = -1;
  #isCancelling = false;
  /** Of fills, the latest line of each order; said when the tables show them. Fewer than there are fills, by `FillWords`. */
  readonly #unsaid = new Map<string, Said>();
  /** What the draft's price is of, as it was listed then. */
  #draftMarket: Market | undefined;

  constructor(url: string) {
    this.#url = url;
    this.socket = this.#open(recall("account"), recallInTab("token"));
    setInterval(() => this.#showTables(), TABLES_MS);
  }

  /** The instrument that is looked at; undefined until the exchange has said what it lists. */
  get market(): Market | undefined {
    return this.socket.markets.get(this.symbol);
  }

  get instruments(): readonly string[] {
    return [...this.socket.markets.keys()];
  }

  /** The accounts used here before, latest first. */
  get knownAccounts(): readonly string[] {
    return recall("accounts")?.split("\n") ?? [];
  }

  /** The token that this tab has, as it was typed. */
  get token(): string | undefined {
    return recallInTab("token");
  }

  /** Connects as another account; with neither it nor a token there is only the market to look at. */
  chooseAccount(account: string | undefined, token?: string): void {
    remember("account", account);
    rememberInTab("token", token);
    this.refusal = undefined;
    this.socket.close();
    this.socket = this.#open(account, token);
    this.socket.watchQueue(this.queueLevel);
    this.connection.changed();
    this.tables.changed();
  }

  select(symbol: string): void {
    const before = this.symbol;
    if (symbol === before || !this.socket.markets.has(symbol)) return;
    this.socket.unsubscribe(CHANNELS, [before]);
    this.symbol = symbol;
    remember("symbol", symbol);
    this.showQueue(undefined);
    this.#subscribe();
    this.#clearForeignPrice();
    this.selection.changed();
    this.frames.ask();
  }

  setDraft(changes: Partial<OrderDraft>): void {
    this.draft = { ...this.draft, ...changes };
    this.draftTopic.changed();
  }

  /** A price of the ladder into the form. */
  takePrice(ticks: number, side: "buy" | "sell" | undefined): void {
    const { market } = this;
    if (market === undefined) return;
    const price = formatPrice(ticks, market.decimals);
    this.setDraft({ orderType: "limit", price, ...(side === undefined ? {} : { side }) });
  }

  /** Shows the queue at a price in ticks of the instrument that is looked at; undefined: none. */
  showQueue(level: (Omit<Meant, "row"> & Partial<Pick<Meant, "row">>) | undefined): void {
    const { market, symbol } = this;
    if (level === undefined && this.queueLevel === undefined) return;
    this.queueLevel =
      level === undefined || market === undefined
        ? undefined
        : { symbol, side: level.side, price: formatPrice(level.price, market.decimals) };
    const row = level?.row;
    this.queueRow = row === undefined || market === undefined ? undefined : formatPrice(row, market.decimals);
    this.socket.watchQueue(this.queueLevel);
    this.queueTopic.changed();
    this.frames.ask();
  }

  /** Sends the form's order unless something is wrong with it. */
  async submit(): Promise<void> {
    const { market, draft, symbol, socket } = this;
    if (market === undefined || socket.account === undefined) return;
    const problems = draftProblems(draft, market.decimals, market.limits);
    if (problems.price !== undefined || problems.quantity !== undefined) return;
    const { side, orderType, timeInForce } = draft;
    const price = canonicalPrice(draft.price, market.decimals);
    const limit = orderType === "limit" ? { price, timeInForce } : {};
    const quantity = Number(draft.quantity);
    const what = `${side === "buy" ? "Buy" : "Sell"} ${quantity} ${symbol} ${orderType === "market" ? "at market" : `at ${price}`}`;
    const id = newOrderId();
    this.#inDoubt.sent({ account: socket.account.number, symbol, id, what });
    const asked = socket.submit({ symbol, id, side, orderType, quantity, ...limit });
    this.#inDoubt.answered(id, (await this.#tell(what, asked)) !== "unknown");
  }

  async cancel({ symbol, id }: OwnOrder): Promise<void> {
    await this.#tell(`Cancel of ${symbol} order`, this.socket.cancel(symbol, id));
  }

  async modify({ symbol, id }: OwnOrder, price: string, quantity: number): Promise<boolean> {
    const what = `Change to ${quantity} ${symbol} at ${price}`;
    return (await this.#tell(what, this.socket.modify(symbol, id, price, quantity))) === "accepted";
  }

  /** Cancels what rests of the instrument that is looked at; asked again meanwhile it just goes on. */
  async cancelAll(): Promise<void> {
    const { symbol, socket } = this;
    if (this.#isCancelling) return;
    if (socket.connection.state !== "open")
      return this.notices.say("bad", "Not connected: no cancel was sent");
    if (socket.hasReports) return this.#massCancel(symbol);
    const { isCurrent } = socket.orders;
    const ids = [...socket.orders.open()].filter((order) => order.symbol === symbol).map(({ id }) => id);
    if (ids.length === 0)
      return socket.account === undefined || isCurrent
        ? this.notices.say("plain", `No orders of yours rest in ${symbol}`)
        : this.notices.say("bad", "The list of your orders has not come yet: no cancel was sent");
    this.#isCancelling = true;
    const about = this.notices.subject();
    const asked = inTurns(ids, (id) => socket.cancel(symbol, id));
    const done = await this.#answered(`Cancel of all in ${symbol}`, about, asked);
    this.#isCancelling = false;
    const { isTruncated } = socket.orders;
    if (isTruncated) socket.listOrders();
    const kind = done === ids.length && isCurrent && !isTruncated ? "good" : "bad";
    const early = isCurrent ? "" : "; the list of your orders had not come yet";
    const more = isTruncated ? "; there are more orders than could be listed" : "";
    const lost = socket.connection.state === "open" ? "" : "; then the connection was lost";
    this.notices.say(
      kind,
      `${done} of ${ids.length} orders in ${symbol} cancelled${early}${more}${lost}`,
      about,
    );
  }

  /** Cancels what rests anywhere; where it is possible, with a token. */
  cancelEverything(): Promise<void> {
    return this.#massCancel(undefined);
  }

  async #massCancel(symbol: string | undefined): Promise<void> {
    if (this.#isCancelling) return;
    this.#isCancelling = true;
    const where = symbol === undefined ? "" : ` in ${symbol}`;
    const what = `Mass cancel${where}`;
    const about = this.notices.subject();
    try {
      const asked = this.socket.massCancel(symbol === undefined ? {} : { symbol });
      const answer = await this.#answered(what, about, asked);
      if (!answer.accepted) this.notices.say("bad", `${what}: rejected, ${answer.text}`, about);
      else if (answer.cancelled === 0) this.notices.say("plain", `No orders of yours rest${where}`, about);
      else this.notices.say("good", `${counted(answer.cancelled, "order")}${where} cancelled`, about);
    } catch (error) {
      this.notices.say("bad", `${what}: ${(error as SeriatimError).message}`, about);
    } finally {
      this.#isCancelling = false;
    }
  }

  #open(account: string | undefined, token: string | undefined): ExchangeSocket {
    return new ExchangeSocket({
      url: this.#url,
      account,
      token,
      listener: {
        changed: () => {
          this.updates++;
          this.frames.ask();
        },
        connection: ({ state, reason }) => {
          if (state === "open") this.#opened();
          if (state === "refused" && (account ?? token) !== undefined) {
            this.refusal = reason;
            this.socket = this.#open(undefined, undefined);
            this.socket.watchQueue(this.queueLevel);
          }
          this.connection.changed();
          this.frames.ask();
        },
        status: () => this.status.changed(),
        tape: (tape) => this.tape.add(tape),
        order: (order) => this.#tellOrder(order.event, order),
        fill: (fill) => this.#sayFills(this.#fillWords.add(fill)),
        report: (report) => this.#tellReport(report),
        error: (error) => this.notices.say("bad", error.message),
      },
    });
  }

  #opened(): void {
    const { socket, instruments } = this;
    if (!socket.markets.has(this.symbol)) this.symbol = instruments[0] ?? "";
    this.#clearForeignPrice();
    if (socket.account !== undefined) this.#rememberAccount(socket.account.name);
    if (instruments.length <= WATCHED_MAX) socket.subscribe(["quotes"], instruments);
    this.tape.begin(socket);
    this.#subscribe();
    this.selection.changed();
  }

  #subscribe(): void {
    this.socket.subscribe(CHANNELS, [this.symbol]);
  }

  /** A price stays as long as the instrument it was meant for is the same, also over a reconnect and for another account. */
  #clearForeignPrice(): void {
    const { market } = this;
    const before = this.#draftMarket;
    this.#draftMarket = market;
    if (before === undefined || market?.isListedAs(before)) return;
    this.setDraft({ price: "" });
  }

  #rememberAccount(name: string): void {
    const others = this.knownAccounts.filter((known) => known !== name && known !== "");
    remember("accounts", [name, ...others].slice(0, ACCOUNTS_MAX).join("\n"));
  }

  #showTables(): void {
    const { orders, account } = this.socket;
    for (const { isBad, text, about } of this.#unsaid.values())
      this.notices.say(isBad ? "bad" : "good", text, about);
    this.#unsaid.clear();
    const outcome = this.#inDoubt.decide(account?.number, orders);
    if (outcome !== undefined) this.notices.say("unknown", outcome);
    if (orders === this.#shownOrders && orders.version === this.#shownVersion) return;
    this.#shownOrders = orders;
    this.#shownVersion = orders.version;
    this.tables.changed();
  }

  #tellReport({ event, symbol = "", id = "", side = "buy", time, ...trade }: ReportMessage): void {
    const { lastPrice = "", lastQuantity = 0, leaves: open = 0 } = trade;
    const order = { symbol, id, side, open, time };
    if (event !== "traded") return this.#tellOrder(event, order);
    this.#sayFills(this.#fillWords.add({ ...order, price: lastPrice, quantity: lastQuantity }));
  }

  #tellOrder(event: ReportMessage["event"], order: OrderSaid): void {
    if (event === "accepted") this.#fillWords.accepted(order);
    else if (event === "expired") this.#sayFills(this.#fillWords.expired(order));
  }

  #sayFills(line: Said | undefined): void {
    if (line !== undefined) this.#unsaid.set(line.about, line);
  }

  /** Says what became of a request. */
  async #tell(what: string, asked: Promise<RequestAnswer>): Promise<Outcome> {
    const about = this.notices.subject();
    try {
      const answer = await this.#answered(what, about, asked);
      if (answer.accepted) this.notices.say("plain", `${what}: accepted`, about);
      else this.notices.say("bad", `${what}: rejected, ${answer.text}`, about);
      return answer.accepted ? "accepted" : "refused";
    } catch (error) {
      const { code, message } = error as SeriatimError;
      this.notices.say("bad", `${what}: ${message}`, about);
      return code === "OUTCOME_UNKNOWN" ? "unknown" : "refused";
    }
  }

  /** While the answer is long in coming that is said; its outcome, about the same, takes the place of it. */
  #answered<Answer>(what: string, about: string, asked: Promise<Answer>): Promise<Answer> {
    const sayWaiting = () => this.notices.say("unknown", `${what}: no answer yet`, about);
    const unanswered = setTimeout(sayWaiting, UNANSWERED_MS);
    return asked.finally(() => clearTimeout(unanswered));
  }
}
