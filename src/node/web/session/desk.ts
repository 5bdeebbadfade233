// Where a session's requests go: to order entry, over a connection that has logged on (trading-desk.ts) or one that has
// said Hello (order-desk.ts). How it comes to its desk.

import type { SeriatimError } from "../../../base/index.ts";
import type {
  MassCancelRequest,
  OpenOrdersRequest,
  OrderRequest,
  OrderStatusRequest,
  SessionWelcome,
} from "../../../protocol/index.ts";
import type { TokenSession } from "./admission.ts";
import { OrderDesk } from "./order-desk.ts";
import { TradingDesk } from "./trading-desk.ts";
import type { WebExchange } from "./web-exchange.ts";

export type DeskRequest = OrderRequest | MassCancelRequest | OrderStatusRequest;

/** Its session, as a desk sees it. */
export interface DeskOutput {
  /** False: the peer is slow. */
  readonly send: (text: string) => boolean;
  /** The connection was lost, for this reason when it is known: of logout(), that it was not done. Not called after close(). */
  readonly lost: (why: SeriatimError | undefined) => void;
}

export interface Desk {
  /** What a welcome says of a session with a token; undefined: this one has no reports. */
  readonly session: SessionWelcome | undefined;
  /** The highest event sequence that an answer has told, or the one the connection began with. */
  readonly sequence: number;
  /** The client has been welcomed: it is told what comes from now on. */
  begin(): void;
  /** Sends a request, or answers why it was not sent. */
  take(request: DeskRequest): void;
  /** Answers `openOrders`; without it lists come from the web's copy of the exchange. */
  list?(request: OpenOrdersRequest): void;
  /** Answers a client that says that it lives. */
  beat(request: number | undefined): void;
  /** Something came from the client. */
  heard?(): void;
  /** The peer has taken what waited for it. */
  resume?(): void;
  /** Resolves when everything sent is answered, or never when the connection is lost first. No request may follow. */
  answered(): Promise<void>;
  /** Resolves when everything sent is answered and its session has ended in order, or when the connection was lost instead. */
  logout(): Promise<void>;
  /** The client is gone: nobody waits for answers. What was sent is still executed, a logout too. */
  close(): void;
}

/** Rejects with SeriatimError when there is no order entry for the account now. */
export async function connectDesk(
  exchange: WebExchange,
  account: number,
  session: TokenSession | undefined,
  output: DeskOutput,
): Promise<Desk> {
  const { symbols, noOrders } = exchange;
  if (session === undefined || noOrders !== undefined)
    return new OrderDesk(await exchange.connectOrders(account), symbols, output, noOrders);
  const desk = new TradingDesk(session, symbols, output, exchange.clock);
  desk.attach(await exchange.connectTrading(account, session, desk));
  return desk;
}
