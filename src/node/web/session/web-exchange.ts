// What all WebSocket sessions of a node share: the exchange as they see it.

import type { Clock } from "../../../base/index.ts";
import type { MarketSource, Publisher } from "../../../feed/index.ts";
import { LogonAttempts } from "../../../gateway/index.ts";
import { packageVersion } from "../../../platform/index.ts";
import {
  DEPTH_LEVELS_MAX,
  formatPrice,
  type OrderLimits,
  type SessionWelcome,
  welcomeText,
} from "../../../protocol/index.ts";
import type { AccountNames } from "../../account-names.ts";
import { TextFrames } from "../sockets/text-frames.ts";
import { WriteTurns } from "../sockets/write-turns.ts";
import type { WebLimits } from "../web-limits.ts";
import type { Access, TokenSession } from "./admission.ts";
import { ListTurns } from "./list-turns.ts";
import type { NewLink } from "./order-desk.ts";
import { SymbolNames } from "./symbol-names.ts";
import type { TradingLink, TradingListener } from "./trading-link.ts";

/** An order-entry connection that has logged on to an account; rejects with SeriatimError. */
export type ConnectTrading = (
  account: number,
  session: TokenSession,
  listener: TradingListener,
) => Promise<TradingLink>;

/** The copy of the exchange; its log has fixed what it takes of an order. */
export type WebSource = MarketSource & { readonly genesis: OrderLimits };

export interface WebExchangeOptions {
  readonly publisher: Publisher;
  /** What the publisher tells of; read anew for each use. */
  readonly source: Pick<WebSource, "instruments" | "sequence" | "genesis">;
  readonly accounts: AccountNames;
  readonly access: Access;
  /** Why this node takes no orders, if it doesn't: then nobody logs on. */
  readonly noOrders?: string | undefined;
  /** An order-entry connection for an account, which has said Hello; rejects with SeriatimError. */
  readonly connectOrders: (account: number) => Promise<NewLink>;
  readonly connectTrading: ConnectTrading;
  readonly clock: Clock;
  readonly limits: WebLimits;
}

export class WebExchange {
  readonly publisher: Publisher;
  readonly symbols: SymbolNames;
  readonly accounts: AccountNames;
  readonly access: Access;
  readonly noOrders: string | undefined;
  readonly connectOrders: (account: number) => Promise<NewLink>;
  readonly connectTrading: ConnectTrading;
  readonly clock: Clock;
  readonly limits: WebLimits;
  readonly attempts: LogonAttempts;
  readonly lists: ListTurns;
  /** Sessions without a token; where accounts need one these have half of the connections, and tokens the rest. */
  readers = 0;
  readonly readersMax: number;
  readonly frames = new TextFrames();
  readonly writes = new WriteTurns();
  readonly #source: WebExchangeOptions["source"];
  readonly #version = packageVersion();

  constructor(options: WebExchangeOptions) {
    this.publisher = options.publisher;
    this.#source = options.source;
    this.symbols = new SymbolNames(options.source);
    this.accounts = options.accounts;
    this.access = options.access;
    this.noOrders = options.noOrders;
    this.connectOrders = options.connectOrders;
    this.connectTrading = options.connectTrading;
    this.clock = options.clock;
    this.limits = options.limits;
    const { connectionsMax } = this.limits;
    this.readersMax = this.access.isOpen ? connectionsMax : Math.max(1, Math.floor(connectionsMax / 2));
    this.attempts = new LogonAttempts(options.limits.attempts);
    this.lists = new ListTurns(options.clock);
  }

  /** Of the last event that the web's copy knows of; an answer to an order may be ahead of it. */
  get sequence(): number {
    return this.#source.sequence;
  }

  /** The welcome message for a connection, with its account's name and number if it has one. */
  welcome(
    request: number | undefined,
    account: string | undefined,
    accountNumber: number | undefined,
    session?: SessionWelcome,
  ): string {
    const { message_bytes: messageBytes, messagesPerSecond } = this.limits;
    const { maxQuantity, maxNotional } = this.#source.genesis;
    return welcomeText({
      request,
      version: this.#version,
      account,
      accountNumber,
      session,
      instruments: this.symbols.instruments.map(({ name, priceDecimals, tick, lot }) => ({
        symbol: name,
        decimals: priceDecimals,
        tick: formatPrice(tick, priceDecimals),
        lot,
      })),
      limits: { messageBytes, messagesPerSecond, depthLevels: DEPTH_LEVELS_MAX, maxQuantity, maxNotional },
    });
  }
}
