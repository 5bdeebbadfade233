// `seriatim journal inspect|verify|export`: looks at a journal's files and changes nothing, also while a node writes them.
// `journal repair` is in journal-repair.ts.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { counted, SAFE_MAX, SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION } from "../engine/index.ts";
import {
  type FrameReport,
  inspectJournal,
  isOfHistory,
  JOURNAL_LOG,
  type JournalReport,
  type JournalSource,
  type PositionRange,
  refuseDamaged,
  SnapshotStore,
  surroundingsOf,
  verifyJournal,
  wholeSnapshots,
} from "../journal/index.ts";
import { EXCHANGE_RECORDS } from "../node/index.ts";
import { NativeChecksums, NodeStorage, refuseUnreadableDirectory } from "../platform/index.ts";
import { describeScan, type SegmentSummary } from "../segment/index.ts";
import { usageError, wholeNumber } from "./arguments.ts";
import { EXPORT_FORMATS, type ExportFormatName } from "./export/format.ts";
import { registerRepair } from "./journal-repair.ts";
import { stdout } from "./stdout.ts";

const INSPECT_EXAMPLES = `
DIR is a node's data directory, or a journal directory in it (also one that a replica has set aside). The node may be running.

Examples:
  seriatim journal inspect ./seriatim-data
  seriatim journal inspect ./seriatim-data --frames
  seriatim journal inspect ./seriatim-data --json | jq .lastPosition

What lies behind damage is not read: its files are listed. Exit status: 0 whole, 1 damaged or torn, with file, offset and position.`;

const VERIFY_EXAMPLES = `
Checks the CRC32C, chain value, position and epoch of every frame. Exit status 0: all hold; 1: damaged or torn, with
file, offset and position, or without its beginning where no snapshot has it. DIR is as for inspect. The node may be running.

Examples:
  seriatim journal verify ./seriatim-data`;

const EXPORT_EXAMPLES = `
Formats: jsonl (one JSON object per record), parquet (the same columns, typed; docs/journal-export.md lists them), flow (the
commands of traders and administrators as a flow file, which 'seriatim replay' computes again from empty books).
FILE is made when it is complete, and never replaced; one that is killed, also by Ctrl-C, leaves FILE.PID.part. DIR is as for inspect; a node may
go on writing it. Every frame from the segment on that --from lies in is checked. Of a damaged or short journal all that is whole is
exported, and the exit status is 1.

Examples:
  seriatim journal export ./seriatim-data --from 1000 --to 1999
  seriatim journal export ./seriatim-data --format parquet -o orders.parquet
  seriatim journal export ./seriatim-data --format flow | head -1000`;

const JOURNAL_EXAMPLES = `
Examples:
  seriatim journal inspect ./seriatim-data
  seriatim journal verify ./seriatim-data`;

export function registerJournal(program: Command): void {
  const journal = program
    .command("journal")
    .description("Inspects, verifies, exports and repairs a journal: the log on disk.")
    .addHelpText("after", JOURNAL_EXAMPLES);
  journal
    .command("inspect")
    .summary("say what a journal holds")
    .description("Says what a journal holds, segment by segment, and where it is damaged.")
    .argument("<dir>", "data directory or journal directory")
    .option("--frames", "list every frame")
    .option("--json", "print one JSON object")
    .addHelpText("after", INSPECT_EXAMPLES)
    .action((dir: string, options: { frames?: boolean; json?: boolean }) => {
      const report = inspectJournal(placeOf(dir), { frames: options.frames === true });
      const lines = options.json ? [JSON.stringify(report, undefined, 2)] : describeReport(report);
      stdout.writeLines(lines);
      refuseDamaged(report);
    });
  journal
    .command("verify")
    .summary("check every frame of a journal")
    .description("Checks every frame of a journal, and that none is missing.")
    .argument("<dir>", "data directory or journal directory")
    .addHelpText("after", VERIFY_EXAMPLES)
    .action((dir: string) => {
      const place = placeOf(dir);
      const report = verifyJournal(place);
      const last = report.segments[report.segments.length - 1];
      const end = `the last ends in ${last.file} at offset ${last.endOffset}, position ${report.lastPosition}`;
      const found = `${counted(report.segments.length, "segment")}, ${counted(report.frames, "frame")}${beginning(place, report)}`;
      // Only an orderly end names its own last position as durable.
      const closed = report.durablePosition === report.lastPosition;
      const open = "; no closing mark: a node writes here, was killed, or what came behind is missing";
      stdout.write(`good: ${found}; ${end}${closed ? "" : open}\n`);
    });
  registerExport(journal);
  registerRepair(journal, placeOf, snapshotsOf);
}

/** In words, of one that begins late; throws LOG_INCOMPLETE when nothing has what came before. */
function beginning(place: JournalSource, { directory, firstPosition }: JournalReport): string {
  if (firstPosition === 1) return "";
  // Only what was durable is read again: a node may be writing behind it.
  const behind = wholeSnapshots(snapshotsOf(place)).find((snapshot) => isOfHistory(place, snapshot));
  if (behind !== undefined)
    return ` from position ${firstPosition} on, and the snapshot at position ${behind.position}`;
  const what = `${directory} begins with position ${firstPosition}, and no snapshot that holds has what came before`;
  throw new SeriatimError(
    "LOG_INCOMPLETE",
    `incomplete: ${what}: every frame holds, but no node starts with it`,
  );
}

interface ExportOptions extends PositionRange {
  readonly format: ExportFormatName;
  readonly output?: string;
}

function registerExport(journal: Command): void {
  journal
    .command("export")
    .summary("write a journal's records as JSON lines, Parquet or a flow")
    .description("Writes a journal's records as JSON lines, Parquet or a flow file.")
    .argument("<dir>", "data directory or journal directory")
    .addOption(new Option("--format <name>", "what to write").choices(EXPORT_FORMATS).default("jsonl"))
    .option("--from <position>", "the first position", wholeNumber("--from", 1, SAFE_MAX))
    .option("--to <position>", "the last position", wholeNumber("--to", 1, SAFE_MAX))
    .option("-o, --output <file>", "a new file to write to (default: standard output)")
    .addHelpText("after", EXPORT_EXAMPLES)
    .action(async (dir: string, { format, output, ...range }: ExportOptions) => {
      const place = placeOf(dir);
      checkExport(place, range, output);
      // Its formats are libraries that no other command needs.
      const { exportJournal } = await import("./export/export.ts");
      const { firstPosition, lastPosition, lacks } = exportJournal(place, range, format, output);
      const records = counted(lastPosition === 0 ? 0 : lastPosition - firstPosition + 1, "record");
      const which = lastPosition === 0 ? "" : `, positions ${firstPosition} to ${lastPosition}`;
      if (output !== undefined) stdout.write(`${output}: ${records}${which}\n`);
      if (lacks !== undefined) throw lacks;
    });
}

function checkExport({ directory }: JournalSource, { from, to }: PositionRange, output?: string): void {
  if (from !== undefined && to !== undefined && from > to)
    throw usageError(`--from ${from} is behind --to ${to}`);
  if (output === undefined) return;
  // No node opens a data directory with a foreign file in it.
  const journal = resolve(directory);
  const own = surroundingsOf(journal).dataDirectory ?? journal;
  if (`${resolve(output)}/`.startsWith(`${own}/`))
    throw usageError(`--output: ${output} would lie in the node's own directory ${own}`);
}

function placeOf(dir: string): JournalSource {
  refuseUnreadableDirectory(dir);
  const inside = join(dir, JOURNAL_LOG);
  const directory = existsSync(inside) ? inside : dir;
  return { storage: new NodeStorage(), checksums: new NativeChecksums(), directory, rules: EXCHANGE_RECORDS };
}

function snapshotsOf({ storage, checksums, directory }: JournalSource): SnapshotStore {
  const { snapshots } = surroundingsOf(resolve(directory));
  return new SnapshotStore({ storage, checksums, directory: snapshots }, EXCHANGE_APPLICATION);
}

function describeReport(report: JournalReport): string[] {
  const lines = describeWhole(report);
  for (const segment of report.segments) {
    lines.push(describeSegment(segment));
    for (const frame of report.frameList ?? [])
      if (frame.file === segment.file) lines.push(describeFrame(frame));
  }
  for (const file of report.unread) lines.push(`${file}: behind the damage, not read`);
  for (const name of report.temporaries)
    lines.push(`${join(report.directory, name)}: a segment in the making, holds nothing`);
  if (report.verdict === "clean") lines.push(describeScan(report));
  return lines;
}

function describeWhole(report: JournalReport): string[] {
  const { directory, firstPosition, lastPosition, epoch, durablePosition, chain } = report;
  const lack =
    "it may lack what was once safe in it: in a cluster it leads when all other nodes were heard, or by force";
  const mayLack = report.mayLack ? [lack] : [];
  if (report.frames === 0) return [`journal ${directory}: no position of it can be read`, ...mayLack];
  const before = `what came before position ${firstPosition} is in no segment: a snapshot has to hold it`;
  return [
    `journal ${directory}: positions ${firstPosition} to ${lastPosition}, epoch ${epoch}`,
    ...(firstPosition === 1 ? [] : [before]),
    `durable by its own words up to position ${durablePosition}${report.unread.length > 0 ? ", as far as it was read" : ""}`,
    ...mayLack,
    `chain ${chain}`,
  ];
}

function describeSegment(segment: SegmentSummary): string {
  const { file, frames, firstPosition, lastPosition, epoch, endOffset, segmentBytes } = segment;
  const positions = frames === 0 ? `none yet, from ${firstPosition}` : `${firstPosition} to ${lastPosition}`;
  return `${file}: positions ${positions}, ${counted(frames, "frame")}, epoch ${epoch}, used ${endOffset} of ${segmentBytes} bytes`;
}

function describeFrame(frame: FrameReport): string {
  const last = frame.position + frame.count - 1;
  const time = new Date(frame.timestamp_us / 1000).toISOString();
  const known = `epoch ${frame.epoch}, ${time}, durable ${frame.durablePosition}`;
  return `  offset ${frame.offset}: positions ${frame.position} to ${last}, ${frame.bytes} bytes, ${known}, crc and chain hold`;
}
