// What a subscriber asks of a channel's service, and how it is answered: the messages of a stream that are no packets. Cold:
// plain objects. Their first four bytes are those of a packet (length, version, and what it is: from 128 on a request).

import { fromLanes, getU64, layout, SAFE_MAX, setU64 } from "../../base/index.ts";
import { MARKET_DATA_VERSION } from "./layout.ts";

export const MdRequestType = {
  Subscribe: 128,
  Retransmit: 129,
  Snapshot: 130,
  /** Of either side: it is alive. */
  Heartbeat: 131,
  Accepted: 192,
  Refused: 193,
} as const;
export type MdRequestType = (typeof MdRequestType)[keyof typeof MdRequestType];

export const MdRefusal = {
  Malformed: 1,
  UnknownChannel: 2,
  /** One that does not exist. */
  Symbols: 3,
  /** What was asked for is not kept any more. */
  NotKept: 4,
  /** It has not happened yet. */
  Beyond: 5,
  TooManyRequests: 6,
  /** The epoch that was named is over. */
  EpochOver: 7,
  ShuttingDown: 8,
} as const;
export type MdRefusal = (typeof MdRefusal)[keyof typeof MdRefusal];

/** Symbols that one Subscribe names at most. */
export const MD_SUBSCRIBE_SYMBOLS_MAX = 2_048;
/** Messages that one Retransmit asks for at most. */
export const MD_RETRANSMIT_MESSAGES_MAX = 10_000;
/** The symbol of a Snapshot request that asks for all. */
export const EVERY_SYMBOL = 0xffffffff;

/** Bit of Subscribe's flags: while this subscriber is slow, it takes the newest state instead of every message. */
const CONFLATE = 1;

/** The first bytes of every request and reply. */
const RequestHead = layout(8, (at) => ({
  length: at.u16(),
  version: at.u8(),
  type: at.u8(),
  /** Subscribe, Retransmit, Snapshot: a ChannelKind. Replies: the type of the request. */
  first: at.u8(),
  /** Subscribe: flags. Replies: the channel of the request. */
  second: at.u8(),
  /** Subscribe: symbols. Refused: the reason. */
  third: at.u16(),
}));

const SubscribeBody = layout(16, (at) => ({ epoch: at.u64(), from: at.u64() }));
const RetransmitBody = layout(24, (at) => ({
  epoch: at.u64(),
  first: at.u64(),
  count: at.u32(),
  unused: at.u32(),
}));
const SnapshotRequestBody = layout(8, (at) => ({ symbol: at.u32(), unused: at.u32() }));
const AcceptedBody = layout(16, (at) => ({ epoch: at.u64(), next: at.u64() }));

const HEAD = RequestHead.bytes;

/** The longest request: a Subscribe that names as many symbols as it may. */
export const MD_REQUEST_BYTES_MAX = HEAD + SubscribeBody.bytes + 4 * MD_SUBSCRIBE_SYMBOLS_MAX;

export interface SubscribeRequest {
  readonly type: typeof MdRequestType.Subscribe;
  readonly channel: number;
  readonly conflate: boolean;
  /** Of the history that `from` is a sequence of; any when `from` is 0. */
  readonly epoch: number;
  /** 0: a snapshot, then what follows. n: what follows from n on where it is kept, else as 0. */
  readonly from: number;
  /** None: all. */
  readonly symbols: readonly number[];
}

export interface RetransmitRequest {
  readonly type: typeof MdRequestType.Retransmit;
  readonly channel: number;
  readonly epoch: number;
  readonly first: number;
  /** 1 to MD_RETRANSMIT_MESSAGES_MAX. */
  readonly count: number;
}

export interface SnapshotRequest {
  readonly type: typeof MdRequestType.Snapshot;
  readonly channel: number;
  /** Or EVERY_SYMBOL. */
  readonly symbol: number;
}

export interface MdHeartbeat {
  readonly type: typeof MdRequestType.Heartbeat;
}

export interface MdAccepted {
  readonly type: typeof MdRequestType.Accepted;
  /** The type of what was asked. */
  readonly request: number;
  readonly channel: number;
  readonly epoch: number;
  /** The channel's next sequence. */
  readonly next: number;
}

export interface MdRefused {
  readonly type: typeof MdRequestType.Refused;
  readonly request: number;
  readonly channel: number;
  readonly reason: MdRefusal;
}

export type MdRequest = SubscribeRequest | RetransmitRequest | SnapshotRequest | MdHeartbeat;
export type MdReply = MdAccepted | MdRefused | MdHeartbeat;

/** Whether the byte behind length and version says that a request or a reply follows, and no packet. */
export function isMdRequest(typeOrChannel: number): boolean {
  return typeOrChannel >= MdRequestType.Subscribe;
}

/** The bytes of a request or a reply. Allocates. */
export function encodeMdRequest(request: MdRequest | MdReply): Uint8Array {
  const bytes = new Uint8Array(bytesOf(request));
  const view = new DataView(bytes.buffer);
  view.setUint16(RequestHead.length, bytes.length, true);
  bytes[RequestHead.version] = MARKET_DATA_VERSION;
  bytes[RequestHead.type] = request.type;
  switch (request.type) {
    case MdRequestType.Subscribe:
      putSubscribe(view, request);
      break;
    case MdRequestType.Retransmit:
      bytes[RequestHead.first] = request.channel;
      setU64(view, HEAD + RetransmitBody.epoch, request.epoch);
      setU64(view, HEAD + RetransmitBody.first, request.first);
      view.setUint32(HEAD + RetransmitBody.count, request.count, true);
      break;
    case MdRequestType.Snapshot:
      bytes[RequestHead.first] = request.channel;
      view.setUint32(HEAD + SnapshotRequestBody.symbol, request.symbol, true);
      break;
    case MdRequestType.Accepted:
      bytes[RequestHead.first] = request.request;
      bytes[RequestHead.second] = request.channel;
      setU64(view, HEAD + AcceptedBody.epoch, request.epoch);
      setU64(view, HEAD + AcceptedBody.next, request.next);
      break;
    case MdRequestType.Refused:
      bytes[RequestHead.first] = request.request;
      bytes[RequestHead.second] = request.channel;
      view.setUint16(RequestHead.third, request.reason, true);
      break;
  }
  return bytes;
}

function bytesOf(request: MdRequest | MdReply): number {
  switch (request.type) {
    case MdRequestType.Subscribe:
      return HEAD + SubscribeBody.bytes + 8 * Math.ceil(request.symbols.length / 2);
    case MdRequestType.Retransmit:
      return HEAD + RetransmitBody.bytes;
    case MdRequestType.Snapshot:
      return HEAD + SnapshotRequestBody.bytes;
    case MdRequestType.Accepted:
      return HEAD + AcceptedBody.bytes;
    default:
      return HEAD;
  }
}

function putSubscribe(view: DataView, { channel, conflate, epoch, from, symbols }: SubscribeRequest): void {
  view.setUint8(RequestHead.first, channel);
  view.setUint8(RequestHead.second, conflate ? CONFLATE : 0);
  view.setUint16(RequestHead.third, symbols.length, true);
  setU64(view, HEAD + SubscribeBody.epoch, epoch);
  setU64(view, HEAD + SubscribeBody.from, from);
  const at = HEAD + SubscribeBody.bytes;
  for (let i = 0; i < symbols.length; i++) view.setUint32(at + 4 * i, symbols[i], true);
}

/**
 * The request in `bytes[from, to)`, which is as long as its head says; undefined when it is malformed: an unknown version or type, a
 * length that is not its type's, a flag or number out of range. Whether channel, symbols and sequences exist is not judged.
 */
export function decodeMdRequest(bytes: Uint8Array, from: number, to: number): MdRequest | undefined {
  const view = viewOf(bytes, from, to);
  if (view === undefined) return undefined;
  const channel = view.getUint8(RequestHead.first);
  switch (view.getUint8(RequestHead.type)) {
    case MdRequestType.Subscribe:
      return decodeSubscribe(view, channel);
    case MdRequestType.Retransmit:
      return decodeRetransmit(view, channel);
    case MdRequestType.Snapshot: {
      if (view.byteLength !== HEAD + SnapshotRequestBody.bytes) return undefined;
      const symbol = view.getUint32(HEAD + SnapshotRequestBody.symbol, true);
      return { type: MdRequestType.Snapshot, channel, symbol };
    }
    case MdRequestType.Heartbeat:
      return view.byteLength === HEAD ? { type: MdRequestType.Heartbeat } : undefined;
    default:
      return undefined;
  }
}

/** As decodeMdRequest, for what the service answers. */
export function decodeMdReply(bytes: Uint8Array, from: number, to: number): MdReply | undefined {
  const view = viewOf(bytes, from, to);
  if (view === undefined) return undefined;
  const request = view.getUint8(RequestHead.first);
  const channel = view.getUint8(RequestHead.second);
  switch (view.getUint8(RequestHead.type)) {
    case MdRequestType.Accepted: {
      if (view.byteLength !== HEAD + AcceptedBody.bytes) return undefined;
      const epoch = getU64(view, HEAD + AcceptedBody.epoch);
      return {
        type: MdRequestType.Accepted,
        request,
        channel,
        epoch,
        next: getU64(view, HEAD + AcceptedBody.next),
      };
    }
    case MdRequestType.Refused: {
      const reason = view.getUint16(RequestHead.third, true) as MdRefusal;
      return view.byteLength === HEAD ? { type: MdRequestType.Refused, request, channel, reason } : undefined;
    }
    case MdRequestType.Heartbeat:
      return view.byteLength === HEAD ? { type: MdRequestType.Heartbeat } : undefined;
    default:
      return undefined;
  }
}

function viewOf(bytes: Uint8Array, from: number, to: number): DataView | undefined {
  if (to - from < HEAD || bytes[from + RequestHead.version] !== MARKET_DATA_VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from);
  return view.getUint16(RequestHead.length, true) === to - from ? view : undefined;
}

function decodeSubscribe(view: DataView, channel: number): SubscribeRequest | undefined {
  const flags = view.getUint8(RequestHead.second);
  const count = view.getUint16(RequestHead.third, true);
  const at = HEAD + SubscribeBody.bytes;
  if (
    flags > CONFLATE ||
    count > MD_SUBSCRIBE_SYMBOLS_MAX ||
    view.byteLength !== at + 8 * Math.ceil(count / 2)
  )
    return undefined;
  const symbols = Array.from({ length: count }, (_, i) => view.getUint32(at + 4 * i, true));
  const epoch = countAt(view, HEAD + SubscribeBody.epoch);
  const from = countAt(view, HEAD + SubscribeBody.from);
  return { type: MdRequestType.Subscribe, channel, conflate: flags === CONFLATE, epoch, from, symbols };
}

function decodeRetransmit(view: DataView, channel: number): RetransmitRequest | undefined {
  if (view.byteLength !== HEAD + RetransmitBody.bytes) return undefined;
  const epoch = countAt(view, HEAD + RetransmitBody.epoch);
  const first = countAt(view, HEAD + RetransmitBody.first);
  const count = view.getUint32(HEAD + RetransmitBody.count, true);
  if (first === 0 || count === 0 || count > MD_RETRANSMIT_MESSAGES_MAX) return undefined;
  return { type: MdRequestType.Retransmit, channel, epoch, first, count };
}

/** A u64 that counts: what is beyond the safe integers reads as the largest of those. */
function countAt(view: DataView, at: number): number {
  return Math.min(fromLanes(view.getUint32(at, true), view.getUint32(at + 4, true)), SAFE_MAX);
}
