// The pinned key, and what each kind of record says as text.

import { expect, test } from "vitest";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  ChannelKind,
  DropCopyFlag,
  DropCopyKey,
  DropCopyKind,
  type DropCopyPlace,
  dropCopyGap,
  dropCopyText,
  PacketWriter,
  putLevel,
  putTrade,
  REPORT_BYTES,
  ReportFlag,
  ReportKind,
  ReportLayout,
  readDropCopyGap,
  readDropCopyKey,
  Side,
  writeDropCopyKey,
} from "../../src/protocol/index.ts";

const checksums = new NativeChecksums();

function keyOf(place: Partial<DropCopyPlace>): Uint8Array {
  const key = new Uint8Array(DropCopyKey.bytes);
  writeDropCopyKey(new DataView(key.buffer), 0, {
    ...{ position: 7, index: 0, kind: DropCopyKind.Report, flags: 0 },
    ...place,
  });
  return key;
}

function textOf(place: Partial<DropCopyPlace>, value: Uint8Array): unknown {
  const text = dropCopyText(keyOf(place), value, checksums);
  return text === undefined ? undefined : JSON.parse(text);
}

test("the bytes of a key are pinned", () => {
  const place = {
    position: 2 ** 40 + 3,
    index: 513,
    kind: DropCopyKind.Packet,
    flags: DropCopyFlag.Last | DropCopyFlag.Picture,
  };
  const key = keyOf(place);
  expect(Buffer.from(key).toString("hex")).toBe("03000000000100000102000002030000");
  expect(readDropCopyKey(key)).toEqual(place);
});

test.each([
  ["of another length", new Uint8Array(15)],
  ["of a kind that there is not", keyOf({ kind: 9 as DropCopyKind })],
])("a key %s is none", (_, key) => {
  expect(readDropCopyKey(key)).toBeUndefined();
  expect(dropCopyText(key, new Uint8Array(REPORT_BYTES), checksums)).toBeUndefined();
});

test("a gap says which positions are missing", () => {
  const gap = dropCopyGap(3, 2 ** 33);
  expect(readDropCopyGap(gap)).toEqual({ first: 3, last: 2 ** 33 });
  expect(textOf({ kind: DropCopyKind.Gap }, gap)).toEqual({
    position: 7,
    missing: { first: 3, last: 2 ** 33 },
  });
});

test("a report as text says whose it is, what happened and how much is left", () => {
  // As it comes out of a socket.
  const value = Buffer.alloc(REPORT_BYTES + 1).subarray(1);
  const view = new DataView(value.buffer, value.byteOffset);
  view.setUint8(ReportLayout.kind, ReportKind.Traded);
  view.setUint8(ReportLayout.command, 128);
  view.setUint8(ReportLayout.flags, ReportFlag.Maker | ReportFlag.Last);
  view.setUint32(ReportLayout.symbol, 2, true);
  view.setBigUint64(ReportLayout.orderId, 2n ** 63n, true);
  view.setUint32(ReportLayout.price, 100, true);
  view.setUint32(ReportLayout.lastPrice, 99, true);
  view.setUint32(ReportLayout.lastQuantity, 5, true);
  view.setUint32(ReportLayout.leaves, 6, true);
  view.setUint32(ReportLayout.cumulative, 11, true);
  view.setUint8(ReportLayout.side, 1);
  view.setUint32(ReportLayout.account, 12, true);
  expect(textOf({ position: 40 }, value)).toMatchObject({
    ...{ position: 40, account: 12, event: "traded", symbol: 2, id: "9223372036854775808", side: "sell" },
    ...{ price: 100, lastPrice: 99, liquidity: "maker", lastQuantity: 5, leaves: 6, cumulative: 11 },
    last: true,
  });
});

test("a packet as text lists its messages", () => {
  const writer = new PacketWriter(checksums);
  writer.begin(ChannelKind.Levels, 0, 5, 1);
  putLevel(writer, 3, 1, Side.Sell, new Float64Array([101, 40, 2]));
  putTrade(writer, 3, 2, 9, 0, 101, 0, 4, Side.Buy);
  const value = writer.packetOf(writer.seal(0)).slice();
  expect(textOf({ kind: DropCopyKind.Packet, flags: DropCopyFlag.Picture }, value)).toEqual({
    ...{ position: 7, picture: true, channel: "levels", epoch: 5, first: 1 },
    messages: [
      { type: "level", symbol: 3, side: "sell", price: 101, total: 40, orders: 2 },
      { type: "trade", symbol: 3, event: 9, side: "buy", price: 101, quantity: 4 },
    ],
  });
  value[60] ^= 1;
  expect(textOf({ kind: DropCopyKind.Packet }, value)).toBeUndefined();
});
