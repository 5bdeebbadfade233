// The sections of a snapshot that hold the streams of execution reports: what no writer makes is refused.

import { expect, test } from "vitest";
import { ExchangeEngine } from "../../src/engine/index.ts";
import {
  SnapshotReport,
  SnapshotReportStream,
  SnapshotSectionHeader,
} from "../../src/engine/snapshot-layout.ts";
import { ReportLayout } from "../../src/protocol/index.ts";
import { buy, logOn } from "./orders.ts";
import { Desk, hexOf, snapshotOf } from "./support.ts";

/** Accounts 1 and 3 have streams: of 65 reports, begun first, and of one. */
function desk(): Desk {
  const made = new Desk();
  for (const account of [3, 1]) made.do(logOn(account));
  for (let id = 1; id <= 64; id++) made.do(buy(id, 100, 1, { account: 1 }));
  made.do(buy(1, 100, 1, { account: 3 }));
  made.do(buy(65, 100, 1, { account: 1 }));
  return made;
}
const REPORTS = 66;
/** Where records begin, counted from the end: streams, then reports in chunks of 64, one and one. */
const report = (place: number): number => (place - REPORTS) * SnapshotReport.bytes;
const stream = (place: number): number =>
  report(0) - SnapshotSectionHeader.bytes + (place - 2) * SnapshotReportStream.bytes;
const RECORDS = SnapshotSectionHeader.records - SnapshotSectionHeader.bytes;
const { account, position, kind, unused } = ReportLayout;

test.each<[string, at: number, bytes: readonly number[], says: string]>([
  ["a stream of an account that is not", stream(1), [4], "a report stream of account 4, of 4 accounts"],
  ["streams out of order", stream(1), [0], "a report stream behind that of a later account"],
  ["two streams of one account", stream(1), [1], "a report stream behind that of a later account"],
  ["a stream and more", stream(0) + SnapshotReportStream.reserved, [1], "that this version does not know"],
  ["a stream from number 0", stream(0) + SnapshotReportStream.first, [0], "a stream of reports 0 to 65"],
  ["a stream that ends first", stream(1) + SnapshotReportStream.first, [3], "a stream of reports 3 to 1"],
  ["a stream of more than it has", stream(1) + SnapshotReportStream.next, [3], "of account 3 up to 1, not 2"],
  ["a number of 2^53", stream(1) + SnapshotReportStream.next + 6, [0x20], "a report number above 2^53-1"],
  ["more reports than there are", report(0) + RECORDS, [67], "ends inside section 10 of 67 records"],
  ["a report of nobody's", report(0) + account, [2], "a report of account 2, without a stream"],
  ["a report of no kind", report(9) + kind, [0], "a report of kind 0"],
  ["a report of the future's kind", report(9) + kind, [8], "a report of kind 8"],
  ["a report and more", report(9) + unused, [1], "that this version does not know"],
  ["a report before the first command", report(0) + position, [0], "a report out of its time"],
  ["a report before the one before it", report(9) + position, [9], "a report out of its time"],
  ["a report of later than the state", report(65) + position, [250], "a report out of its time"],
  [
    "a chunk before an older one",
    report(65) + position,
    [68],
    "a chunk of reports behind one that was begun",
  ],
  ["a chunk in pieces", report(63) + account, [3], "a report that does not follow its chunk's"],
])("%s is refused", (_name, fromEnd, damage, says) => {
  const bytes = desk().snapshot();
  bytes.set(damage, bytes.length + fromEnd);
  expect(() => new ExchangeEngine().restore(bytes, desk().engine.position)).toThrow(says);
});

test("a stream of which nothing is kept goes on with its number", () => {
  const bytes = desk().snapshot();
  const cut = bytes.slice(0, bytes.length + report(0));
  for (const [place, next] of [
    [0, 66],
    [1, 2],
  ]) {
    cut[cut.length + stream(place) - report(0) + SnapshotReportStream.first] = next;
  }
  cut[cut.length + RECORDS] = 0;
  const restored = new Desk();
  restored.engine.restore(cut, desk().engine.position);
  expect(hexOf(snapshotOf(restored.engine))).toBe(hexOf(cut));
  restored.do(buy(66, 100, 1, { account: 1 }));
  const found = restored.engine.reports.of(1);
  expect([found?.first, found?.next]).toEqual([66, 67]);
});
