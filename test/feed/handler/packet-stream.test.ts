// Packets and replies out of a stream of bytes: the same ones whatever the splits, and all that are whole whatever lies between them.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { PacketStream } from "../../../src/feed/index.ts";
import { encodeMdRequest, MdRequestType, packetFirst } from "../../../src/protocol/index.ts";
import { checksums, level, packet } from "./packets.ts";

const reply = encodeMdRequest({ type: MdRequestType.Accepted, request: 128, channel: 2, epoch: 1, next: 9 });
const packets = [packet(1, [level(1, 1)]), packet(2, []), packet(2, [level(1, 2), level(2, 1)])];

/** What looks like a header makes the search wait for as much as it says: a packet's worth of bytes ends that. */
const TAIL = new Uint8Array(1_400);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

class Sink {
  readonly heard: string[] = [];
  packet(bytes: Uint8Array, from: number, to: number): void {
    this.heard.push(`${packetFirst(bytes, from)}/${to - from}`);
  }
  reply(_: Uint8Array, from: number, to: number): void {
    this.heard.push(`reply/${to - from}`);
  }
}

/** What comes of `bytes` in pieces whose lengths `nextLength` says. */
function heardOf(bytes: Uint8Array, nextLength: () => number): { heard: string[]; stream: PacketStream } {
  const sink = new Sink();
  const stream = new PacketStream(checksums, sink);
  for (let at = 0; at < bytes.length; ) {
    const to = Math.min(bytes.length, at + nextLength());
    stream.push(bytes, at, to);
    at = to;
  }
  return { heard: sink.heard, stream };
}

const WHOLE = ["1/88", "reply/24", "2/40", "2/136"];

test.each([1, 2, 3, 7, 40, 41, 1_000])("pieces of %i bytes give what one piece gives", (length) => {
  const { heard, stream } = heardOf(joined(packets[0], reply, packets[1], packets[2]), () => length);
  expect(heard).toEqual(WHOLE);
  expect(stream).toMatchObject({ skippedBytes: 0, losses: 0 });
});

test("after bytes that are no packet the next whole one is found, and replies count again from there on", () => {
  const garbage = Uint8Array.from({ length: 500 }, (_, i) => (i * 7) & 255);
  const bytes = joined(packets[0], garbage, reply, packets[1], reply, packets[2].subarray(0, 90), packets[2]);
  const { heard, stream } = heardOf(bytes, () => 33);
  expect(heard).toEqual(["1/88", "2/40", "reply/24", "2/136"]);
  expect(stream).toMatchObject({ skippedBytes: 500 + 24 + 90, losses: 2 });
});

test("a packet with a flipped bit is passed over, and nothing behind it", () => {
  for (let at = 0; at < packets[0].length; at++) {
    const flipped = packets[0].slice();
    flipped[at] ^= 1;
    const { heard } = heardOf(joined(packets[1], flipped, packets[2], packets[1], TAIL), () => 1_000);

    expect(heard, `bit of byte ${at}`).toEqual(["2/40", "2/136", "2/40"]);
  }
});

test("random damage between packets loses no packet that is whole", () => {
  const random = new Prng(20_260_601);
  for (let run = 0; run < 200; run++) {
    const parts: Uint8Array[] = [];
    const expected: string[] = [];
    for (let i = 0; i < 30; i++) {
      const whole = random.pick(packets);
      // Zeros hold no version; the beginning of a packet has one, and a length.
      const kind = random.between(0, 9);
      if (kind < 2) parts.push(new Uint8Array(random.between(1, 200)));
      if (kind > 7) parts.push(whole.subarray(0, random.between(1, whole.length - 1)));
      parts.push(whole);
      expected.push(`${packetFirst(whole, 0)}/${whole.length}`);
    }
    parts.push(TAIL);
    const { heard } = heardOf(joined(...parts), () => random.between(1, 300));
    expect(heard, `run ${run}`).toEqual(expected);
  }
});

test("a stream that begins anew forgets what was begun", () => {
  const sink = new Sink();
  const stream = new PacketStream(checksums, sink);
  stream.push(packets[2], 0, 50);
  stream.reset();
  stream.push(packets[0]);
  expect(sink.heard).toEqual(["1/88"]);
  expect(stream.skippedBytes).toBe(0);
});
