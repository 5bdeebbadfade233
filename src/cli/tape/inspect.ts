// `seriatim tape inspect`: what a tape's data directory, or one topic's, holds. It reads everything and checks it.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { counted, SeriatimError } from "../../base/index.ts";
import { NativeChecksums, NodeStorage, refuseUnreadableDirectory } from "../../platform/index.ts";
import {
  inspectTape,
  inspectTopic,
  type TapeReport,
  type TapeTopicReport,
  TOPICS_DIRECTORY,
  type TopicReport,
  type UnreadTopic,
} from "../../tape/index.ts";
import { stdout } from "../stdout.ts";

const EXAMPLES = `
DIR is a tape's data directory, or the directory of one topic in it (topics/00000012): of one topic segments and publishers are
listed too. Every frame of every segment is read and checked, also while a broker writes and retention removes files. A log without an
orderly end (its broker was killed, or is at work) is good up to its last whole frame: exit status 0.

Examples:
  seriatim tape inspect tape-data
  seriatim tape inspect tape-data/topics/00000003
  seriatim tape inspect tape-data --json | jq '.topics[].nextRecord'

Exit status: 0 whole up to its end, 1 damaged, with file, offset and position, or not to be read.`;

export function registerInspect(tape: Command): void {
  tape
    .command("inspect")
    .summary("say what a tape's files hold")
    .description(
      "Says what a tape's files hold: topic by topic, which records, how much, where they are damaged.",
    )
    .argument("<dir>", "a tape's data directory, or one topic's")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action((dir: string, { json }: { json?: boolean }) => {
      refuseUnreadableDirectory(dir);
      const place = { storage: new NodeStorage(), checksums: new NativeChecksums(), directory: resolve(dir) };
      const isWhole = existsSync(join(dir, TOPICS_DIRECTORY)) || existsSync(join(dir, "catalog"));
      const report = isWhole ? inspectTape(place) : inspectTopic(place);
      const lines = "topics" in report ? describedTape(report) : describedTopic(report);
      stdout.writeLines(json === true ? [JSON.stringify(report, undefined, 2)] : lines);
      refuseDamaged("topics" in report ? report.topics : [report]);
    });
}

function refuseDamaged(topics: readonly (TopicReport | UnreadTopic)[]): void {
  for (const topic of topics) {
    if ("unread" in topic) throw new SeriatimError(topic.code, topic.unread);
    if (topic.verdict === "corrupt") throw new SeriatimError("LOG_CORRUPT", topic.words);
  }
}

function describedTape({ directory, topics }: TapeReport): string[] {
  return [
    `tape ${directory}: ${counted(topics.length, "topic")} with a log`,
    ...topics.flatMap(describedOne),
  ];
}

function describedOne({ id, name, ...report }: TapeTopicReport | UnreadTopic): string[] {
  const whose = name === undefined ? "that the catalog does not have" : name;
  if ("unread" in report) return [`topic ${id} ${whose}: not read: ${report.unread}`];
  return [`topic ${id} ${whose}: ${amount(report)}`, ...end(report)];
}

function describedTopic(report: TopicReport): string[] {
  const segments = report.segments.map(({ file, firstRecord, batches, usedBytes }) => {
    return `${file}: from record ${firstRecord}, ${batchCount(batches)}, ${counted(usedBytes, "byte")}`;
  });
  const sessions = report.sessions.map(({ publisher, epoch, lastBatch, last_us }) => {
    return `publisher ${publisher}: epoch ${epoch}, last batch ${lastBatch}, ${isoTime(last_us)}`;
  });
  return [`topic ${report.directory}: ${amount(report)}`, ...segments, ...sessions, ...end(report)];
}

function amount({
  records,
  oldestRecord,
  nextRecord,
  batches,
  segments,
  bytes,
  sessions,
  last_us,
}: TopicReport): string {
  const which =
    records === 0 ? `no record, the next is ${nextRecord}` : `records ${oldestRecord} to ${nextRecord - 1}`;
  const parts = [
    which,
    `${batchCount(batches)} in ${counted(segments.length, "segment")}`,
    counted(bytes, "byte"),
    counted(sessions.length, "publisher"),
  ];
  return parts.concat(batches === 0 ? [] : [`last ${isoTime(last_us)}`]).join(", ");
}

function batchCount(batches: number): string {
  return batches === 1 ? "1 batch" : `${batches} batches`;
}

function isoTime(time_us: number): string {
  return new Date(time_us / 1_000).toISOString();
}

function end({ verdict, words }: TopicReport): string[] {
  if (verdict === "clean") return [];
  return [verdict === "torn" ? `  no orderly end: ${words}` : `  ${words}`];
}
