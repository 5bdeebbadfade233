// Reads the sections of a snapshot that hold the streams of execution reports. Like the rest of it (snapshot-restore.ts), only
// what a writer makes is taken: chunks lie in the order of their age, and the reports of one follow each other.

import { REPORT_WORDS, ReportKind, ReportLayout } from "../protocol/index.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { ReportStream } from "./report-streams.ts";
import { SnapshotReport, SnapshotReportStream, SnapshotSection } from "./snapshot-layout.ts";
import type { SnapshotReader } from "./snapshot-reader.ts";

const KIND_MAX = Math.max(...Object.values(ReportKind));

export function restoreReports(state: ExchangeState, reader: SnapshotReader): void {
  const ends = restoreStreams(state, reader);
  restoreRecords(state, reader);
  for (const [stream, next] of ends) {
    const { account } = stream;
    if (stream.next !== next)
      reader.refuse(reader.at, `reports of account ${account} up to ${stream.next - 1}, not ${next - 1}`);
  }
}

/** The streams, empty, with the number that each shall have next. */
function restoreStreams(
  { genesis, reports }: ExchangeState,
  reader: SnapshotReader,
): [ReportStream, number][] {
  const count = reader.section(SnapshotSection.ReportStreams, SnapshotReportStream.bytes);
  const ends: [ReportStream, number][] = [];
  let before = -1;
  for (let i = 0; i < count; i++) {
    const at = reader.take(SnapshotReportStream.bytes, "report stream");
    const account = reader.u32(at + SnapshotReportStream.account);
    const first = reader.count(at + SnapshotReportStream.first, "report number");
    const next = reader.count(at + SnapshotReportStream.next, "report number");
    reader.refuseUnknown(at + SnapshotReportStream.reserved, at + SnapshotReportStream.first, "a stream");
    if (account <= before) reader.refuse(at, "a report stream behind that of a later account");
    if (account >= genesis.accountsMax)
      reader.refuse(at, `a report stream of account ${account}, of ${genesis.accountsMax} accounts`);
    if (first < 1 || first > next) reader.refuse(at, `a stream of reports ${first} to ${next - 1}`);
    const stream = reports.open(account) ?? reader.refuse(at, "more report streams than there may be");
    stream.first = first;
    stream.next = first;
    ends.push([stream, next]);
    before = account;
  }
  return ends;
}

function restoreRecords({ reports, position }: ExchangeState, reader: SnapshotReader): void {
  const count = reader.section(SnapshotSection.Reports, SnapshotReport.bytes);
  let before: ReportStream | undefined;
  /** Of the first report of the chunk before, and of the report before of the same stream. */
  let begun = 0;
  const reached = new Map<ReportStream, number>();
  for (let i = 0; i < count; i++) {
    const at = reader.take(SnapshotReport.bytes, "report");
    const account = reader.u32(at + ReportLayout.account);
    const stream =
      reports.of(account) ?? reader.refuse(at, `a report of account ${account}, without a stream`);
    const when = reader.count(at + ReportLayout.position, "position");
    const kind = reader.u8(at + ReportLayout.kind);
    if (kind < 1 || kind > KIND_MAX) reader.refuse(at, `a report of kind ${kind}`);
    if (when < (reached.get(stream) ?? 1) || when > position) reader.refuse(at, "a report out of its time");
    reader.refuseUnknown(at + ReportLayout.unused, at + ReportLayout.account, "a report");
    if (stream.needsChunk) {
      if (reports.mustDropFor(stream)) reader.refuse(at, "more reports than are kept");
      if (when < begun) reader.refuse(at, "a chunk of reports behind one that was begun later");
      begun = when;
    } else if (stream !== before) reader.refuse(at, "a report that does not follow its chunk's");
    restoreReport(stream, reports.claim(stream), reader, at);
    reached.set(stream, when);
    before = stream;
  }
}

function restoreReport(stream: ReportStream, number: number, reader: SnapshotReader, from: number): void {
  const words = stream.words(number);
  const at = stream.at(number);
  for (let i = 0; i < REPORT_WORDS; i++) words[at + i] = reader.u32(from + 4 * i);
}
