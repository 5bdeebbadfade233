// The sockets that a node's feeds may have open at once.

import { SERVING_LIMITS } from "../feed/index.ts";
import { SUBSCRIBERS_SPARE, TICK_CLIENTS_MAX, TICK_CONNECTIONS_SPARE } from "../feed-runtime/index.ts";
import type { Configuration } from "./settings.ts";
import { FEED_SOCKETS_MAX } from "./web/web-limits.ts";

/** Binary feeds: subscribers by TCP and by WebSocket, and clients of ticks/1, with those that are refused; sockets of datagrams. */
const FEED_SOCKETS = SERVING_LIMITS.subscribersMax + SUBSCRIBERS_SPARE + FEED_SOCKETS_MAX;
const TICK_CLIENTS = TICK_CLIENTS_MAX + TICK_CONNECTIONS_SPARE;
const DATAGRAMS = 16;

export function feedDescriptors({ mdPort, feedPort, mdUdp, mdUdpV1 }: Configuration): number {
  const hasDatagrams = mdUdp !== "" || mdUdpV1 !== "";
  return (
    (mdPort >= 0 ? FEED_SOCKETS : hasDatagrams ? FEED_SOCKETS_MAX : 0) +
    (feedPort >= 0 ? TICK_CLIENTS : 0) +
    (hasDatagrams ? DATAGRAMS : 0)
  );
}
