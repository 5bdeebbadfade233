// The order-entry connections of sessions with a token: they log on as the token's key, for the account that the token was
// found good for, by a proof of the node's own key (order-access.ts). So the gateway knows whose sessions they are, and keeps
// what that key may; what it may not is said before, in the client's words (admission.ts).

import { SeriatimError } from "../../../base/index.ts";
import { connectSession, type SessionPipe } from "../../../client/index.ts";
import type { TokenSession } from "./admission.ts";
import type { TradingListener } from "./trading-link.ts";
import type { ConnectTrading } from "./web-exchange.ts";

/** Order entry ends a connection that said nothing for twice its heartbeat. */
const HEARTBEAT_MS = 10_000;
const BEAT_MS = 5_000;

export interface TradingConnectorOptions {
  readonly host: string;
  readonly port: number;
  /** The private part of the node's own key. */
  readonly nodeKey: string | undefined;
}

export function tradingConnector(options: TradingConnectorOptions): ConnectTrading {
  return (account, session, listener) => connectLink(options, account, session, listener);
}

async function connectLink(
  { host, port, nodeKey }: TradingConnectorOptions,
  account: number,
  { grant, instance, deadMan_ms, ...logon }: TokenSession,
  listener: TradingListener,
): Promise<SessionPipe> {
  if (nodeKey === undefined) throw new SeriatimError("UNAVAILABLE", "nobody logs on to this node");
  const { next, cancelOnDisconnect, readOnly, once } = logon;
  const link = await connectSession({
    ...{ host, port, account, instance, listener, next, cancelOnDisconnect, readOnly, once, deadMan_ms },
    key: { name: grant.name, private: nodeKey },
    // Who has a dead man is not ended before he is.
    heartbeat_ms: Math.max(HEARTBEAT_MS, deadMan_ms),
  });
  if (deadMan_ms > 0) return link;
  // A dead man waits for the browser; without one it is enough that this thread lives, and pings the browser.
  const beats = setInterval(() => link.heartbeat(), BEAT_MS);
  link.closed.then(() => clearInterval(beats));
  return link;
}
