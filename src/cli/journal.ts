// `seriatim journal inspect|verify`: looks at a journal's files and changes nothing, also while a node writes them.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { counted } from "../base/index.ts";
import {
  type FrameReport,
  inspectJournal,
  JOURNAL_LOG,
  type JournalPlace,
  type JournalReport,
  refuseDamaged,
  verifyJournal,
} from "../journal/index.ts";
import { NativeChecksums, NodeStorage } from "../platform/index.ts";
import { describeScan, type SegmentSummary } from "../segment/index.ts";
import { stdout } from "./stdout.ts";

const INSPECT_EXAMPLES = `
DIR is a node's data directory or the journal directory in it. Works while the node runs.

Examples:
  seriatim journal inspect ./seriatim-data
  seriatim journal inspect ./seriatim-data --frames
  seriatim journal inspect ./seriatim-data --json | jq .lastPosition

Exit status: 0 whole, 1 damaged or torn, with file, offset and position.`;

const VERIFY_EXAMPLES = `
Checks the CRC32C, chain value, position and epoch of every frame. Exit status 0: all hold; 1: damaged or torn, with
file, offset and position. DIR is as for inspect. Works while the node runs.

Examples:
  seriatim journal verify ./seriatim-data`;

export function registerJournal(program: Command): void {
  const journal = program
    .command("journal")
    .summary("look at a journal")
    .description("Looks at a journal's files.");
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
    .description("Checks every frame of a journal.")
    .argument("<dir>", "data directory or journal directory")
    .addHelpText("after", VERIFY_EXAMPLES)
    .action((dir: string) => {
      const report = verifyJournal(placeOf(dir));
      const last = report.segments[report.segments.length - 1];
      const end = `the last ends in ${last.file} at offset ${last.endOffset}, position ${report.lastPosition}`;
      const found = `${counted(report.segments.length, "segment")}, ${counted(report.frames, "frame")}`;
      // Only an orderly end names its own last position as durable.
      const closed = report.durablePosition === report.lastPosition;
      const open = "; no closing mark: a node writes here, was killed, or what came behind is missing";
      stdout.write(`good: ${found}; ${end}${closed ? "" : open}\n`);
    });
}

function placeOf(dir: string): JournalPlace {
  const inside = join(dir, JOURNAL_LOG);
  const directory = existsSync(inside) ? inside : dir;
  return { storage: new NodeStorage(), checksums: new NativeChecksums(), directory };
}

function describeReport(report: JournalReport): string[] {
  const lines = describeWhole(report);
  for (const segment of report.segments) {
    lines.push(describeSegment(segment));
    for (const frame of report.frameList ?? [])
      if (frame.file === segment.file) lines.push(describeFrame(frame));
  }
  for (const name of report.temporaries) lines.push(`${name}: a segment in the making, holds nothing`);
  if (report.verdict === "clean") lines.push(describeScan(report));
  return lines;
}

function describeWhole(report: JournalReport): string[] {
  const { directory, firstPosition, lastPosition, epoch, durablePosition, chain } = report;
  if (report.frames === 0) return [`journal ${directory}: no position of it can be read`];
  return [
    `journal ${directory}: positions ${firstPosition} to ${lastPosition}, epoch ${epoch}`,
    `durable by its own words up to position ${durablePosition}`,
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
