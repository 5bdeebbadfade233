// What all WebSocket sessions of a node share: the exchange as they see it.

import type { Clock } from "../../base/index.ts";
import type { MarketSource, Publisher } from "../../feed/index.ts";
import { DEPTH_LEVELS_MAX, formatPrice, welcomeText } from "../../protocol/index.ts";
import type { AccountNames } from "../account-names.ts";
import { packageVersion } from "../version.ts";
import { ListTurns } from "./list-turns.ts";
import type { NewLink } from "./order-desk.ts";
import { SymbolNames } from "./symbol-names.ts";
import { TextFrames } from "./text-frames.ts";
import type { WebLimits } from "./web-limits.ts";
import { WriteTurns } from "./write-turns.ts";

export interface WebExchangeOptions {
  readonly publisher: Publisher;
  /** What the publisher tells of; read anew for each use. */
  readonly source: Pick<MarketSource, "instruments" | "sequence">;
  readonly accounts: AccountNames;
  /** An order-entry connection for an account, which has said Hello; rejects with SeriatimError. */
  readonly connectOrders: (account: number) => Promise<NewLink>;
  readonly clock: Clock;
  readonly limits: WebLimits;
}

export class WebExchange {
  readonly publisher: Publisher;
  readonly symbols: SymbolNames;
  readonly accounts: AccountNames;
  readonly connectOrders: (account: number) => Promise<NewLink>;
  readonly clock: Clock;
  readonly limits: WebLimits;
  readonly lists: ListTurns;
  readonly frames = new TextFrames();
  readonly writes = new WriteTurns();
  readonly #source: WebExchangeOptions["source"];
  readonly #version = packageVersion();

  constructor(options: WebExchangeOptions) {
    this.publisher = options.publisher;
    this.#source = options.source;
    this.symbols = new SymbolNames(options.source);
    this.accounts = options.accounts;
    this.connectOrders = options.connectOrders;
    this.clock = options.clock;
    this.limits = options.limits;
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
  ): string {
    const { message_bytes: messageBytes, messagesPerSecond } = this.limits;
    return welcomeText({
      request,
      version: this.#version,
      account,
      accountNumber,
      instruments: this.symbols.instruments.map(({ name, priceDecimals, tick, lot }) => ({
        symbol: name,
        decimals: priceDecimals,
        tick: formatPrice(tick, priceDecimals),
        lot,
      })),
      limits: { messageBytes, messagesPerSecond, depthLevels: DEPTH_LEVELS_MAX },
    });
  }
}
