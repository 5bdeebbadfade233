// A record of the topics `exchange.*` as one line of JSON, for people and scripts: prices in ticks, quantities in lots, instruments by number,
// because a record alone does not say more (drop-copy.md). Cold path.

import type { Checksums } from "../../base/index.ts";
import { cancelCauseName, reportCommandName, reportEventName } from "../json/report-messages.ts";
import { ChannelKind, MarketDataReader, PacketProblem, packetProblem } from "../market-data/index.ts";
import { reasonName } from "../reasons.ts";
import { REPORT_BYTES, ReportFlag, readReport } from "../reports/index.ts";
import { type DropCopyPlace, readDropCopyGap, readDropCopyKey } from "./codec.ts";
import { DropCopyFlag, DropCopyGap, DropCopyKind } from "./layout.ts";
import { marketDataFields } from "./message-fields.ts";

/** By the ChannelKind. */
const CHANNELS = new Map(
  Object.entries(ChannelKind).map(([name, kind]) => [kind as number, name.toLowerCase()]),
);

/** The line, without its end; undefined for what is no record of these topics. */
export function dropCopyText(key: Uint8Array, value: Uint8Array, checksums: Checksums): string | undefined {
  const place = readDropCopyKey(key);
  if (place === undefined) return undefined;
  const fields = fieldsOf(place, value, checksums);
  return fields && JSON.stringify({ position: place.position, ...fields });
}

function fieldsOf(
  { kind, flags }: DropCopyPlace,
  value: Uint8Array,
  checksums: Checksums,
): object | undefined {
  switch (kind) {
    case DropCopyKind.Report:
      return value.length === REPORT_BYTES ? reportFields(value) : undefined;
    case DropCopyKind.Packet:
      return packetFields(value, checksums, (flags & DropCopyFlag.Picture) !== 0);
    case DropCopyKind.Gap:
      return value.length === DropCopyGap.bytes ? { missing: readDropCopyGap(value) } : undefined;
  }
}

function reportFields(value: Uint8Array): object {
  // Words need alignment, which a value in a stream of bytes has not; a Buffer's slice would be no copy.
  const report = readReport(new Int32Array(new Uint8Array(value).buffer), 0);
  const { kind, reason, flags, account, symbol, price, lastPrice, lastQuantity, leaves } = report;
  const event = reportEventName(kind) ?? kind;
  const isTraded = event === "traded";
  return {
    ...{ time: report.timestamp_us, account, event, command: reportCommandName(report.command) },
    ...{ symbol, id: String(report.orderId), side: report.side === 0 ? "buy" : "sell", price },
    ...(isTraded && { lastPrice, liquidity: (flags & ReportFlag.Maker) === 0 ? "taker" : "maker" }),
    ...{ lastQuantity, leaves, cumulative: Number(report.cumulative) },
    ...(event === "cancelled" && { cause: cancelCauseName(reason) }),
    ...(event === "rejected" && { reason: reasonName(reason) }),
    ...((flags & ReportFlag.Repeated) !== 0 && { repeated: true }),
    ...((flags & ReportFlag.Last) !== 0 && { last: true }),
  };
}

function packetFields(value: Uint8Array, checksums: Checksums, isPicture: boolean): object | undefined {
  if (packetProblem(value, 0, value.length, checksums) !== PacketProblem.None) return undefined;
  const reader = new MarketDataReader();
  reader.bind(value, 0, value.length);
  const messages: object[] = [];
  while (reader.next()) messages.push(marketDataFields(reader));
  const { channel, epoch, first } = reader;
  const picture = isPicture && { picture: true };
  return { ...picture, channel: CHANNELS.get(channel), epoch, first, messages };
}
