// The order-entry connections of sessions with a token: they log on with the node's own key, for the account that the token
// was found good for. The gateway's limits are a trader's; what the token's key may not is decided before (admission.ts), and
// how much it may is kept here (limited-link.ts).

import { type Clock, crc32c, encodeUtf8, SeriatimError } from "../../base/index.ts";
import { connectSession, type SessionPipe } from "../../client/index.ts";
import { NODE_KEY_NAME } from "../../protocol/index.ts";
import type { TokenSession } from "./admission.ts";
import { KeySessions, limitedLink } from "./limited-link.ts";
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
  readonly clock: Clock;
}

export function tradingConnector(options: TradingConnectorOptions): ConnectTrading {
  const sessions = new KeySessions();
  return async (account, session, listener) => {
    const { name, limits } = session.grant;
    const identity = `${account} ${session.instance}`;
    if (!sessions.enter(name, identity, limits.connections ?? Number.POSITIVE_INFINITY))
      throw new SeriatimError("UNAVAILABLE", `the key of ${name} has as many sessions as it may`);
    try {
      const link = await connectLink(options, account, session, listener);
      link.closed.then(() => sessions.leave(name, identity));
      return limitedLink(link, listener, limits, options.clock);
    } catch (error) {
      sessions.leave(name, identity);
      throw error;
    }
  };
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
    ...{ host, port, account, listener, next, cancelOnDisconnect, readOnly, once, deadMan_ms },
    key: { name: NODE_KEY_NAME, private: nodeKey },
    instance: nodeInstance(grant.name, instance),
    // Who has a dead man is not ended before he is.
    heartbeat_ms: Math.max(HEARTBEAT_MS, deadMan_ms),
  });
  if (deadMan_ms > 0) return link;
  // A dead man waits for the browser; without one it is enough that this thread lives, and pings the browser.
  const beats = setInterval(() => link.heartbeat(), BEAT_MS);
  link.closed.then(() => clearInterval(beats));
  return link;
}

/**
 * All these sessions have the node's key, so the instance tells them apart: the same for one token's key and instance
 * over all its connections, another one for another key (but for one in 2^32).
 */
function nodeInstance(name: string, instance: number): number {
  return (crc32c(encodeUtf8(name)) ^ instance) >>> 0;
}
