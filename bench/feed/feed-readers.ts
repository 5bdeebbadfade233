// Subscribers of the exchange's own feed, a process of its own: most read every packet at once and note how late it is, and, if asked
// for, one takes nothing and one little at a time. These two ask for history again, so that they have more to take than the
// system's buffers hold.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { LatencyTracker } from "../../src/feed/index.ts";
import {
  announcedBytes,
  ChannelKind,
  encodeMdRequest,
  isMdRequest,
  MdRequestType,
  PacketFlag,
  PacketLayout,
  packetCount,
} from "../../src/protocol/index.ts";

export type FeedReadersOrder =
  | {
      readonly port: number;
      readonly readers: number;
      /** Beside them: two that take nothing or little, or so many that read and are not looked at. */
      readonly isDisturbed: boolean;
      readonly others: number;
    }
  | { readonly report: true };

export interface FeedReadersResult {
  readonly packets: number;
  readonly p99_us: number;
}

/** Of the longest packet: what may be kept of one that is not whole. */
const KEPT_BYTES = 2_048;
const SLOW_PAUSE_MS = 50;
const HISTORY_ASKS = 16;
const ASKED_MESSAGES = 10_000;

let latency = new LatencyTracker();
let packets = 0;
let sockets: Socket[] = [];

function subscription(conflate: boolean): Uint8Array {
  const request = { type: MdRequestType.Subscribe, channel: ChannelKind.Levels, epoch: 0, from: 0 } as const;
  return encodeMdRequest({ ...request, conflate, symbols: [] });
}

async function join(port: number, conflate = false): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  socket.write(subscription(conflate));
  socket.on("error", () => {});
  sockets.push(socket);
  return socket;
}

/** Cuts what comes into packets and notes of each live one how late it is. */
async function read(port: number): Promise<void> {
  const socket = await join(port);
  let kept = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    const [seconds, nanos] = process.hrtime();
    const all = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
    let at = 0;
    while (all.length - at >= 2 && announcedBytes(all, at) <= all.length - at) {
      note(all, at, seconds * 1e9 + nanos);
      at += announcedBytes(all, at);
    }
    if (all.length - at > KEPT_BYTES) throw new Error("what came is no packet");
    kept = Buffer.from(all.subarray(at));
  });
}

function note(bytes: Buffer, at: number, now_ns: number): void {
  const isLive = !isMdRequest(bytes[at + 3]) && (bytes[at + PacketLayout.flags] & PacketFlag.Snapshot) === 0;
  if (!isLive || packetCount(bytes, at) === 0) return;
  packets++;
  const sent_us = Number(bytes.readBigUInt64LE(at + PacketLayout.sentAt));
  latency.record(now_ns - sent_us * 1e3);
}

/** Asks for as much again as may wait, of the epoch that the first packet says. */
async function askAgain(socket: Socket): Promise<void> {
  const [first] = (await once(socket, "data")) as [Buffer];
  const epoch = Number(first.readBigUInt64LE(8));
  for (let i = 0; i < HISTORY_ASKS; i++)
    socket.write(
      encodeMdRequest({
        ...{ type: MdRequestType.Retransmit, channel: ChannelKind.Levels, epoch },
        ...{ first: 1 + i * 1_000, count: ASKED_MESSAGES },
      }),
    );
}

async function disturb(port: number): Promise<void> {
  const [stalled, slow] = [await join(port), await join(port, true)];
  for (const socket of [stalled, slow]) await askAgain(socket);
  stalled.pause();
  slow.on("data", () => {
    slow.pause();
    setTimeout(() => slow.resume(), SLOW_PAUSE_MS);
  });
}

async function obey(order: FeedReadersOrder): Promise<FeedReadersResult | object> {
  if ("report" in order) {
    for (const socket of sockets) socket.destroy();
    return { packets, p99_us: latency.summary().p99_ns / 1e3 } satisfies FeedReadersResult;
  }
  const { port, readers, isDisturbed, others } = order;
  [latency, packets, sockets] = [new LatencyTracker(), 0, []];
  for (let i = 0; i < readers; i++) await read(port);
  if (isDisturbed) await disturb(port);
  else for (let i = 0; i < others; i++) (await join(port)).resume();
  return {};
}

process.on("message", (order: FeedReadersOrder) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
