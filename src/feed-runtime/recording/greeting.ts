// What has to be said to a feed before it sends everything.

import type { RecordedProtocolName } from "../../feed/index.ts";
import { ChannelKind, encodeMdRequest, MdRequestType } from "../../protocol/index.ts";

/** Of the exchange's own feed: all symbols of these channels, each channel from a snapshot on, every message. */
export function channelGreeting(channels: readonly ChannelKind[]): Uint8Array {
  const requests = channels.map((channel) => {
    const type = MdRequestType.Subscribe;
    return encodeMdRequest({ type, channel, conflate: false, epoch: 0, from: 0, symbols: [] });
  });
  return Uint8Array.from(requests.flatMap((request) => [...request]));
}

/** What makes a feed of this protocol send everything it has; of ticks/1 nothing, a new client is sent every symbol. */
export function greetingOf(protocol: RecordedProtocolName): Uint8Array {
  return protocol === "channel" ? channelGreeting(Object.values(ChannelKind)) : new Uint8Array();
}
