export * from "./book-checksum.ts";
export {
  CHANNEL_KIND_MAX,
  CHANNEL_KINDS,
  CHANNEL_NAMES,
  CHECKSUM_LEVELS,
  ChannelKind,
  type ChannelName,
  MARKET_DATA_VERSION,
  MD_TYPE_MAX,
  MdType,
  messageBytes,
  PACKET_BYTES_MAX,
  PacketFlag,
  PacketLayout,
} from "./layout.ts";
export * from "./messages.ts";
export * from "./packet.ts";
export * from "./packet-writer.ts";
export * from "./reader.ts";
export * from "./requests.ts";
