// Settings of market data, rows of the settings table: whether a node shows the market at all, and its binary feeds. Of these nothing
// is published, and no order is kept twice, until a port or an address says that somebody may listen.

import { SeriatimError } from "../base/index.ts";
import type { MarketFeedOptions } from "../feed-runtime/index.ts";
import type { TlsIdentity } from "../platform/index.ts";
import { CHANNEL_KINDS, type ChannelName } from "../protocol/index.ts";
import { addressesOf } from "./cluster-settings.ts";
import { assertPortFree } from "./listening.ts";
import type { Configuration, Setting, SettingKind } from "./settings.ts";

export interface MarketDataSettings {
  /** off: no copy of the exchange is kept for page, WebSockets and feeds, and there are none. */
  readonly marketData: "on" | "off";
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

const MARKET_DATA_CHANNELS = Object.keys(CHANNEL_KINDS);
const FEED_HOST = "127.0.0.1";

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
    "marketData",
    { type: "choice", of: ["on", "off"] },
    "on",
    "Whether this node shows the market: the page, WebSockets (JSON order entry too) and the binary feeds. A " +
      "thread applies every command a second time for them. off = leave the processors to binary order entry " +
      "and to the tape (--tape-publish has a thread and an engine of its own); /healthz, /readyz and /metrics " +
      "are still served, and replicas may show the market.",
  ),
  row(
    "mdPort",
    optionalPort(9011),
    -1,
    "TCP port of binary market data: streams, retransmission and snapshots of every channel; 0 takes a free one, -1 = none. With " +
      "--tls-cert it speaks TLS.",
  ),
  row(
    "mdUdp",
    { type: "addresses", most: 2 },
    "",
    "HOST:PORT, unicast or multicast, to which market data is sent as datagrams, or two with a comma: lines A " +
      "and B with the same content. Channel top goes to PORT, levels to PORT + 1, orders to PORT + 2, snapshots " +
      "to PORT + 3. Receivers ask for what was lost on --md-port.",
  ),
  row(
    "mdUdpV1",
    { type: "addresses", most: 1 },
    "",
    "HOST:PORT to which trades and best prices are sent in the two messages of version 1, one per datagram: for " +
      "receivers that know only these.",
  ),
  row(
    "mdInterface",
    { type: "address" },
    "",
    "Address of this machine from which multicast is sent; without it the system chooses.",
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
    FEED_HOST,
    "Address to listen on for ticks/1, which has no TLS and no logon: whoever reaches it reads the market.",
  ),
];

/** A line's: top, levels, orders, snapshots. */
const LINE_PORTS = 4;

/** Throws CONFIGURATION_INVALID for settings that contradict one another, or that nothing would come of. */
export function refuseHalfAFeed(settings: MarketDataSettings): void {
  refuseHidden(settings);
  refuseOverlaps(settings);
  const { mdPort, mdUdp, mdUdpV1, mdInterface, mdChannels, feedPort, feedHost } = settings;
  if (mdUdpV1 !== "" && !mdChannels.includes("top"))
    throw invalid("md-udp-v1 is made of channel top, which md-channels leaves out");
  if (mdInterface !== "" && mdUdp === "" && mdUdpV1 === "")
    throw invalid("md-interface is given, but no md-udp: there are no datagrams");
  if (mdChannels.length < MARKET_DATA_CHANNELS.length && mdPort < 0 && mdUdp === "" && mdUdpV1 === "")
    throw invalid("md-channels is given, but no md-port or md-udp: nothing is published");
  if (feedHost !== FEED_HOST && feedPort < 0)
    throw invalid("feed-host is given, but no feed-port: ticks/1 is not served");
}

/** Feeds of a market that is not shown. */
function refuseHidden({ marketData, mdPort, mdUdp, mdUdpV1, feedPort }: MarketDataSettings): void {
  if (marketData === "on") return;
  const given = [
    mdPort >= 0 && "md-port",
    mdUdp !== "" && "md-udp",
    mdUdpV1 !== "" && "md-udp-v1",
    feedPort >= 0 && "feed-port",
  ];
  const feed = given.find((name) => name !== false);
  if (feed !== undefined) throw invalid(`${feed} is given, but market-data is off: nothing is published`);
}

/** Of datagrams: what would go to one port twice. */
function refuseOverlaps({ mdUdp, mdUdpV1 }: MarketDataSettings): void {
  const lines = addressesOf("md-udp", mdUdp);
  const [a, b] = lines;
  if (lines.length > 2) throw invalid(`md-udp names ${lines.length} addresses: there are two lines, A and B`);
  for (const { host, port } of lines) {
    if (port > 65_535 - (LINE_PORTS - 1))
      throw invalid(`md-udp: ${host}:${port} leaves no room for three more ports above it`);
  }
  if (b !== undefined && a.host === b.host && Math.abs(a.port - b.port) < LINE_PORTS)
    throw invalid(`md-udp: lines A and B of one host take four ports each, ${a.port} and ${b.port} overlap`);
  const [v1, ...more] = addressesOf("md-udp-v1", mdUdpV1);
  if (more.length > 0) throw invalid("md-udp-v1 takes one address");
  if (v1 === undefined) return;
  for (const { host, port } of lines) {
    if (host === v1.host && v1.port >= port && v1.port < port + LINE_PORTS)
      throw invalid(`md-udp-v1: ${host}:${v1.port} is one of the four ports of md-udp's ${host}:${port}`);
  }
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
    channels: isPublished ? mdChannels.map((name) => CHANNEL_KINDS[name as ChannelName]) : [],
    tcp: mdPort < 0 ? undefined : { setting: "md-port", host, port: mdPort, tls },
    udp: addressesOf("md-udp", mdUdp),
    udpV1: addressesOf("md-udp-v1", mdUdpV1)[0],
    interface: mdInterface === "" ? undefined : mdInterface,
    ticks: feedPort < 0 ? undefined : { setting: "feed-port", host: feedHost, port: feedPort },
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
