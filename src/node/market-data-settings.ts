// Settings of the binary market-data feeds, rows of the settings table. Nothing is published, and no order is kept twice, until a
// port or an address says that somebody may listen.

import { SeriatimError } from "../base/index.ts";
import type { MarketFeedOptions } from "../feed-runtime/index.ts";
import type { TlsIdentity } from "../platform/index.ts";
import { ChannelKind } from "../protocol/index.ts";
import { addressesOf } from "./cluster-settings.ts";
import { assertPortFree } from "./listening.ts";
import type { Configuration, Setting, SettingKind } from "./settings.ts";

export interface MarketDataSettings {
  /** -1: there is none. */
  readonly mdPort: number;
  /** HOST:PORT of line A, or of A and B; "": no datagrams. */
  readonly mdUdp: string;
  /** HOST:PORT; "": none. */
  readonly mdUdpV1: string;
  /** An IP address of this machine; "": the system chooses. */
  readonly mdInterface: string;
  /** Names of channels: see MARKET_DATA_CHANNELS. */
  readonly mdChannels: readonly string[];
  /** -1: there is none. */
  readonly feedPort: number;
  readonly feedHost: string;
}

const KINDS = { top: ChannelKind.Top, levels: ChannelKind.Levels, orders: ChannelKind.Orders } as const;
const MARKET_DATA_CHANNELS = Object.keys(KINDS);

/** A port that is not there unless it is asked for. */
function optionalPort(bare: number): SettingKind {
  return { type: "integer", min: -1, max: 65_535, bare };
}

function row<Name extends keyof MarketDataSettings>(
  name: Name,
  kind: SettingKind,
  value: MarketDataSettings[Name],
  help: string,
): Setting<Name> {
  return { name, kind, default: value, unit: "", help, genesis: false } as Setting<Name>;
}

export const MARKET_DATA_SETTINGS: readonly Setting[] = [
  row(
    "mdPort",
    optionalPort(9011),
    -1,
    "TCP port of binary market data: streams, retransmission and snapshots of every channel; 0 takes a free one, -1 = none. With " +
      "--tls-cert it speaks TLS.",
  ),
  row(
    "mdUdp",
    { type: "addresses" },
    "",
    "HOST:PORT, unicast or multicast, to which market data is sent as datagrams, or two with a comma: lines A and B of the same " +
      "content. Channel top goes to PORT, levels to PORT + 1, orders to PORT + 2, snapshots to PORT + 3. What is lost is asked for on " +
      "--md-port.",
  ),
  row(
    "mdUdpV1",
    { type: "addresses" },
    "",
    "HOST:PORT to which trades and best prices are sent in the two messages of version 1, one per datagram: for " +
      "receivers that know only these.",
  ),
  row(
    "mdInterface",
    { type: "address" },
    "",
    "This machine's address by which multicast leaves; the system chooses without it.",
  ),
  row(
    "mdChannels",
    { type: "names", of: MARKET_DATA_CHANNELS },
    MARKET_DATA_CHANNELS,
    "Channels that are published: top = best prices, levels = all price levels, orders = every order; trades are in each. One that is " +
      "left out costs nothing.",
  ),
  row(
    "feedPort",
    optionalPort(9876),
    -1,
    "TCP port of ticks/1, a simpler feed of trades and quotes for feed handlers that speak it; 0 takes a free one, -1 = none.",
  ),
  row(
    "feedHost",
    { type: "text" },
    "127.0.0.1",
    "Address to listen on for ticks/1, which knows no TLS and no logon: whoever reaches it reads the market.",
  ),
];

/** Throws CONFIGURATION_INVALID for settings that contradict one another. */
export function refuseHalfAFeed({ mdUdp, mdUdpV1, mdInterface, mdChannels }: MarketDataSettings): void {
  const lines = addressesOf("md-udp", mdUdp);
  if (lines.length > 2) throw invalid(`md-udp names ${lines.length} addresses: there are two lines, A and B`);
  // The last of a line's four ports.
  for (const { host, port } of lines) {
    if (port > 65_535 - 3)
      throw invalid(`md-udp: ${host}:${port} leaves no room for three more ports above it`);
  }
  if (addressesOf("md-udp-v1", mdUdpV1).length > 1) throw invalid("md-udp-v1 takes one address");
  if (mdUdpV1 !== "" && !mdChannels.includes("top"))
    throw invalid("md-udp-v1 is made of channel top, which md-channels leaves out");
  if (mdInterface !== "" && mdUdp === "" && mdUdpV1 === "")
    throw invalid("md-interface is given, but no md-udp: there are no datagrams");
}

/** What is served by these settings; undefined: nothing binary. */
export function marketFeedOptions(
  configuration: Configuration,
  tls: TlsIdentity | undefined,
): MarketFeedOptions | undefined {
  const { host, mdPort, mdUdp, mdUdpV1, mdInterface, mdChannels, feedPort, feedHost } = configuration;
  const isPublished = mdPort >= 0 || mdUdp !== "" || mdUdpV1 !== "";
  if (!isPublished && feedPort < 0) return undefined;
  return {
    channels: isPublished ? mdChannels.map((name) => KINDS[name as keyof typeof KINDS]) : [],
    tcp: mdPort < 0 ? undefined : { host, port: mdPort, tls },
    udp: addressesOf("md-udp", mdUdp),
    udpV1: addressesOf("md-udp-v1", mdUdpV1)[0],
    interface: mdInterface === "" ? undefined : mdInterface,
    ticks: feedPort < 0 ? undefined : { host: feedHost, port: feedPort },
  };
}

/** Asked before anything is written. Throws as listenOn. */
export async function assertFeedPortsFree({
  host,
  mdPort,
  feedHost,
  feedPort,
}: Configuration): Promise<void> {
  if (mdPort >= 0) await assertPortFree("md-port", host, mdPort);
  if (feedPort >= 0) await assertPortFree("feed-port", feedHost, feedPort);
}

/** Ports of feeds that are listened on, by setting. */
export function feedPortsOf({ mdPort, feedPort }: Configuration): [name: string, port: number][] {
  const ports: [string, number][] = [
    ["md-port", mdPort],
    ["feed-port", feedPort],
  ];
  return ports.filter(([, port]) => port >= 0);
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("CONFIGURATION_INVALID", message, { exitCode: 2 });
}
