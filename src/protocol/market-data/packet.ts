// A packet as a whole: its checksum, its judgement, and what its header says. Knows nothing of what messages mean.

import { type Checksums, crc32c, fromLanes, setU64 } from "../../base/index.ts";
import {
  CHANNEL_KIND_MAX,
  MARKET_DATA_VERSION,
  MdHeader,
  messageBytes,
  PACKET_BYTES_MAX,
  PacketLayout,
} from "./layout.ts";

const HEADER_BYTES = PacketLayout.bytes;
const CHECKSUM_AT = PacketLayout.checksum;

/** Why bytes are no packet. */
export const PacketProblem = {
  None: 0,
  /** Fewer bytes than a header, or than the header says. */
  Truncated: 1,
  /** Another version of this protocol. */
  Version: 2,
  /** A length that no packet has, or that is not the number of bytes there are. */
  Length: 3,
  Channel: 4,
  Checksum: 5,
  /** Its messages don't add up to its length and count, or one has not its type's length. */
  Messages: 6,
} as const;
export type PacketProblem = (typeof PacketProblem)[keyof typeof PacketProblem];

const PROBLEM_NAMES = Object.keys(PacketProblem);

/** The name of a problem, for messages. */
export function packetProblemName(problem: PacketProblem): string {
  return PROBLEM_NAMES[problem];
}

/**
 * What is wrong with `bytes[from, to)` as one packet, in the order of PacketProblem; None when it may be read. A type that
 * this version does not know is no problem: its length says where the next message begins.
 */
export function packetProblem(
  bytes: Uint8Array,
  from: number,
  to: number,
  checksums: Checksums,
): PacketProblem {
  if (to - from < HEADER_BYTES) return PacketProblem.Truncated;
  if (bytes[from + PacketLayout.version] !== MARKET_DATA_VERSION) return PacketProblem.Version;
  const length = u16(bytes, from);
  if (length < HEADER_BYTES || length > PACKET_BYTES_MAX || length % 8 !== 0) return PacketProblem.Length;
  if (length > to - from) return PacketProblem.Truncated;
  if (length !== to - from) return PacketProblem.Length;
  const channel = bytes[from + PacketLayout.channel];
  if (channel === 0 || channel > CHANNEL_KIND_MAX) return PacketProblem.Channel;
  const checksum = u16(bytes, from + CHECKSUM_AT) + u16(bytes, from + CHECKSUM_AT + 2) * 65_536;
  if (packetChecksum(bytes, from, to, checksums) !== checksum) return PacketProblem.Checksum;
  return messagesAddUp(bytes, from, to) ? PacketProblem.None : PacketProblem.Messages;
}

/** CRC32C of the packet `bytes[from, to)` without its checksum field. */
function packetChecksum(bytes: Uint8Array, from: number, to: number, checksums: Checksums): number {
  const header = crc32c(bytes, from, from + CHECKSUM_AT);
  return checksums.crc32c(bytes.subarray(from + HEADER_BYTES, to), header);
}

function messagesAddUp(bytes: Uint8Array, from: number, to: number): boolean {
  let left = u16(bytes, from + PacketLayout.count);
  let at = from + HEADER_BYTES;
  for (; at < to; left--) {
    if (to - at < MdHeader.bytes) return false;
    const length = u16(bytes, at + MdHeader.length);
    const expected = messageBytes(bytes[at + MdHeader.type]);
    if (length < MdHeader.bytes || length % 8 !== 0) return false;
    if (expected !== 0 && length !== expected) return false;
    at += length;
  }
  return at === to && left === 0;
}

/**
 * Adds `flags` to those of the packet `bytes[from, to)`, a copy of one that was sealed, and seals it again: how a packet of
 * the history becomes one that was asked for.
 */
export function flagPacket(
  bytes: Uint8Array,
  from: number,
  to: number,
  flags: number,
  checksums: Checksums,
): void {
  bytes[from + PacketLayout.flags] |= flags;
  resealPacket(bytes, from, to, checksums);
}

/** Writes the checksum of a packet whose header was changed (putPacketHeader). */
export function resealPacket(bytes: Uint8Array, from: number, to: number, checksums: Checksums): void {
  putChecksum(bytes, from, packetChecksum(bytes, from, to, checksums));
}

/** Writes a packet's checksum into its header. */
export function putChecksum(bytes: Uint8Array, from: number, checksum: number): void {
  const at = from + CHECKSUM_AT;
  bytes[at] = checksum;
  bytes[at + 1] = checksum >>> 8;
  bytes[at + 2] = checksum >>> 16;
  bytes[at + 3] = checksum >>> 24;
}

/** The length that the header at `from` of a packet or a request says; two bytes are enough to ask. */
export function announcedBytes(bytes: Uint8Array, from: number): number {
  return u16(bytes, from);
}

/** How many messages the packet at `from` has. */
export function packetCount(bytes: Uint8Array, from: number): number {
  return u16(bytes, from + PacketLayout.count);
}

/** The sequence of the first message of the packet at `from`; the next one's when it has none. */
export function packetFirst(bytes: Uint8Array, from: number): number {
  const at = from + PacketLayout.first;
  const low = u16(bytes, at) + u16(bytes, at + 2) * 65_536;
  return fromLanes(low, u16(bytes, at + 4) + u16(bytes, at + 6) * 65_536);
}

/** Everything of a packet's header but its length, count and checksum, which come when it is sealed. */
export function putPacketHeader(
  view: DataView,
  at: number,
  channel: number,
  flags: number,
  epoch: number,
  first: number,
  part: number,
): void {
  view.setUint8(at + PacketLayout.version, MARKET_DATA_VERSION);
  view.setUint8(at + PacketLayout.channel, channel);
  view.setUint8(at + PacketLayout.flags, flags);
  view.setUint8(at + PacketLayout.unused, 0);
  setU64(view, at + PacketLayout.epoch, epoch);
  setU64(view, at + PacketLayout.first, first);
  view.setUint32(at + PacketLayout.part, part, true);
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}
