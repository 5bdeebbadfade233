// From options to a connection that stands, and to a client that has said Hello on it.

import { checkOptions, type SeriatimError } from "../base/index.ts";
import { helloFailed } from "./errors.ts";
import { OrderEntryClient, type OrderEntryOptions } from "./open/order-entry-client.ts";
import { OrderPipe, type OrderPipeOptions } from "./open/order-pipe.ts";
import { ResumingOrderEntryClient } from "./open/resuming-client.ts";
import type { ResumingOrderEntryOptions } from "./open/resuming-options.ts";
import { checkU32 } from "./order-values.ts";
import { SessionPipe, type SessionPipeOptions } from "./session/session-pipe.ts";
import type { TradingOptions } from "./session/trading-options.ts";
import { TradingSession } from "./session/trading-session.ts";

const ORDER_ENTRY_OPTIONS: Record<keyof OrderEntryOptions, true> = {
  ...{ host: true, port: true, account: true, window: true, connectTimeout_ms: true, signal: true },
};

const ORDER_PIPE_OPTIONS: Record<keyof OrderPipeOptions, true> = {
  ...{
    host: true,
    port: true,
    window: true,
    connectTimeout_ms: true,
    tls: true,
    signal: true,
    listener: true,
  },
};

const SESSION_PIPE_OPTIONS: Record<keyof SessionPipeOptions, true> = {
  ...{
    host: true,
    port: true,
    key: true,
    account: true,
    instance: true,
    next: true,
    once: true,
    readOnly: true,
  },
  ...{ cancelOnDisconnect: true, deadMan_ms: true, heartbeat_ms: true, connectTimeout_ms: true, tls: true },
  ...{ signal: true, listener: true, onLogon: true, onTurn: true },
};

/**
 * Connects and says Hello. Throws SeriatimError when an argument can't be (`INVALID_ARGUMENT`, before connecting), nobody
 * is there or answers in time, or the exchange lacks the account; then nothing stays open.
 */
export async function connectOrderEntry(options: OrderEntryOptions): Promise<OrderEntryClient> {
  checkOptions("connectOrderEntry", options, ORDER_ENTRY_OPTIONS);
  const { account = 0 } = options;
  checkU32("account", account);
  const client = new OrderEntryClient(options);
  try {
    await client.connected();
    await client.hello(account);
    return client;
  } catch (error) {
    client.destroy();
    const { code, cause } = error as SeriatimError;
    throw code === "OUTCOME_UNKNOWN" ? helloFailed(account, cause as SeriatimError) : error;
  }
}

/**
 * Connects to the first address that answers, for a client that goes on over lost connections. Throws SeriatimError when an
 * argument can't be (`INVALID_ARGUMENT`) or nobody answers within its patience (`PATIENCE_OVER`).
 */
export async function connectResumingOrderEntry(
  options: ResumingOrderEntryOptions,
): Promise<ResumingOrderEntryClient> {
  const client = new ResumingOrderEntryClient(options);
  await client.connected();
  return client;
}

/**
 * Connects and logs on, one connection long. Throws SeriatimError: `LOGON_REFUSED` (a LogonRefusedError), `INVALID_ARGUMENT`, or why
 * no connection came about; then nothing stays open.
 */
export async function connectSession(options: SessionPipeOptions): Promise<SessionPipe> {
  checkOptions("connectSession", options, SESSION_PIPE_OPTIONS);
  const pipe = new SessionPipe(options);
  await pipe.loggedOn();
  return pipe;
}

/**
 * Logs on at the first address that lets it, for a session that goes on over lost connections. Throws SeriatimError when an argument
 * can't be (`INVALID_ARGUMENT`), or when no address did: what the last one said (`LOGON_REFUSED`, `ECONNREFUSED`, ...).
 */
export async function connectTrading(options: TradingOptions): Promise<TradingSession> {
  const session = new TradingSession(options);
  await session.connected();
  return session;
}

/** Connects; throws SeriatimError (`INVALID_ARGUMENT`, `ECONNREFUSED`, `ETIMEDOUT`, ...) when nobody is there. */
export async function connectOrderPipe(options: OrderPipeOptions): Promise<OrderPipe> {
  checkOptions("connectOrderPipe", options, ORDER_PIPE_OPTIONS);
  const pipe = new OrderPipe(options);
  await pipe.connected();
  return pipe;
}
