// `seriatim feed inspect`: what a recording holds, since when and how much. It reads everything and checks it.

import { resolve } from "node:path";
import type { Command } from "commander";
import { counted, SeriatimError } from "../../base/index.ts";
import { inspectRecording, type RecordingReport, type TakeReport } from "../../feed/index.ts";
import { refuseForeign } from "../../feed-runtime/index.ts";
import { NativeChecksums, NodeStorage, refuseUnreadableDirectory } from "../../platform/index.ts";
import { stdout } from "../stdout.ts";

const EXAMPLES = `
Reads the whole recording and checks every frame, also while its recorder is at work. A recording without an orderly end (its recorder
was killed, or is at work) is good up to its last whole frame: exit status 0.

Examples:
  seriatim feed inspect monday
  seriatim feed inspect monday --json

Exit status: 0 whole up to its end, 1 damaged, with file, offset and position.`;

export function registerInspect(feed: Command): void {
  feed
    .command("inspect")
    .summary("say what a recording holds")
    .description("Says what a recording holds: take by take, since when, how much.")
    .argument("<dir>", "the recording's directory")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action((dir: string, { json }: { json?: boolean }) => {
      refuseUnreadableDirectory(dir);
      const storage = new NodeStorage();
      const directory = resolve(dir);
      refuseForeign(storage, directory);
      const report = inspectRecording({ storage, checksums: new NativeChecksums(), directory });
      stdout.writeLines(json === true ? [JSON.stringify(report, undefined, 2)] : described(report));
      if (report.verdict === "corrupt") throw new SeriatimError("LOG_CORRUPT", report.words);
    });
}

function described({ takes, segments, frames, verdict, words }: RecordingReport): string[] {
  const end = verdict === "torn" ? [`no orderly end: ${words}`] : [];
  return [`${counted(takes.length, "take")} in ${counted(segments, "segment")}, ${counted(frames, "frame")}`]
    .concat(takes.map(describedTake))
    .concat(end);
}

function describedTake({
  take,
  protocol,
  address,
  begun_us,
  last_us,
  bytes,
  chunks,
  end,
}: TakeReport): string {
  const since = new Date(begun_us / 1_000).toISOString();
  const seconds = ((last_us - begun_us) / 1_000_000).toFixed(3);
  const amount = `${counted(bytes, "byte")} in ${counted(chunks, "read")}`;
  return `take ${take}: ${protocol} from ${address}, ${since}, ${seconds} s, ${amount}, ${end ?? "cut, or under way"}`;
}
