// A channel's history: packets are found by sequence for as long as they are kept, and what is kept is the newest that fits.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { Channel } from "../../../src/feed/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  ChannelKind,
  MdType,
  PacketProblem,
  packetCount,
  packetFirst,
  packetProblem,
  putBookClear,
  putOrderDelete,
} from "../../../src/protocol/index.ts";
import { HandClock } from "./support.ts";

const checksums = new NativeChecksums();

function channelOf(historyBytes: number): Channel {
  const channel = new Channel(ChannelKind.Orders, historyBytes, new HandClock(), checksums);
  channel.restart(1);
  return channel;
}

/** Writes and seals one packet of `messages` messages. */
function write(channel: Channel, messages: number, isShort = false): void {
  for (let i = 0; i < messages; i++)
    if (isShort) putBookClear(channel.writer, 0, channel.claim(MdType.BookClear, 0));
    else putOrderDelete(channel.writer, 0, channel.claim(MdType.OrderDelete, 0), i);
  channel.seal();
}

/** The packets from `sequence` on, as [first, count]. */
function kept(channel: Channel, sequence: number): number[][] {
  const found: number[][] = [];
  for (const cursor = channel.seek(sequence); cursor.next(); ) {
    const { bytes, from, to } = cursor;
    if (packetProblem(bytes, from, to, checksums) !== PacketProblem.None) expect.fail(`no packet at ${from}`);
    found.push([packetFirst(bytes, from), packetCount(bytes, from)]);
  }
  return found;
}

test.each([2_800, 2_801, 4_096, 10_000])(
  "in %i bytes any sequence that is kept is found, and all behind it",
  (bytes) => {
    const seed = 7;
    const random = new Prng(seed);
    const channel = channelOf(bytes);
    const written: number[][] = [];
    for (let i = 0; i < 200; i++) {
      const messages = random.between(1, 40);
      written.push([channel.next, messages]);
      write(channel, messages, random.chance(0.5));
      const { first, next } = channel;
      const newest = written.slice(written.findIndex(([at]) => at === first));
      expect(newest[0][0], `seed ${seed}, packet ${i}`).toBe(first);
      for (const sequence of [first, random.between(first, next - 1), next - 1, next]) {
        const from = newest.findIndex(([at, count]) => sequence < at + count);
        expect(kept(channel, sequence)).toEqual(from === -1 ? [] : newest.slice(from));
      }
    }
  },
);

test("the shortest packets fill a history to its last entry", () => {
  const channel = channelOf(4_096);
  for (let i = 0; i < 200; i++) {
    write(channel, 1, true);
    expect(channel.next - channel.first).toBe(Math.min(i + 1, 64));
    expect(kept(channel, channel.first)).toHaveLength(Math.min(i + 1, 64));
  }
});

test("a history that begins anew keeps nothing, and has the bytes of the packets that follow", () => {
  const channel = channelOf(4_096);
  for (let i = 0; i < 30; i++) write(channel, 5);
  putBookClear(channel.writer, 0, channel.claim(MdType.BookClear, 0));
  channel.restart(2);
  expect([channel.epoch, channel.first, channel.next, channel.symbolNext(0)]).toEqual([2, 1, 1, 1]);
  expect(channel.packets).toBe(31);
  write(channel, 3);
  expect(kept(channel, 2)).toEqual([[1, 3]]);
});
