// Channels of the exchange's own feed, as they are named on the command line.

import { ChannelKind } from "../../protocol/index.ts";

export const CHANNELS = {
  top: ChannelKind.Top,
  levels: ChannelKind.Levels,
  orders: ChannelKind.Orders,
} as const satisfies Record<string, ChannelKind>;

export type ChannelName = keyof typeof CHANNELS;
