// Reads the files of every topic while no broker runs, each with a judge that begins at the first record: what is on the disk has to
// be what subscribers were given.

import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { TapeType, tapeLengthAt, tapeMemoryOf, tapeTypeAt } from "../../src/protocol/index.ts";
import { type LogFrame, scanLog } from "../../src/segment/index.ts";
import { inspectTopic, readCatalog, type TopicReport, topicDirectory } from "../../src/tape/index.ts";
import { seenBatch } from "./marked-batch.ts";
import type { TopicJudge } from "./topic-judge.ts";

const storage = new NodeStorage();
const checksums = new NativeChecksums();

/** Judges each topic that there is; returns what inspecting said of them. `judgeOf` makes the judge of a topic. */
export function judgeFiles(directory: string, judgeOf: (topic: string) => TopicJudge): TopicReport[] {
  const { topics } = readCatalog({ storage, checksums, directory });
  return [...topics].map(({ id, name }) => {
    const place = { storage, checksums, directory: topicDirectory(directory, id) };
    const judge = judgeOf(name);
    scanLog({ ...place, log: "tape" }, (frame) => judgeFrame(judge, frame), { writesAhead: true });
    const report = inspectTopic(place);
    if (report.verdict === "corrupt") judge.take(report.words);
    if (report.nextRecord !== judge.nextRecord)
      judge.take(`inspecting says that record ${report.nextRecord} comes next, not ${judge.nextRecord}`);
    return report;
  });
}

function judgeFrame(judge: TopicJudge, { bytes, payloadAt, payloadBytes }: LogFrame): void {
  const memory = tapeMemoryOf(bytes);
  if (tapeTypeAt(memory.view, payloadAt) !== TapeType.Batch) return;
  for (let at = payloadAt; at < payloadAt + payloadBytes; at += tapeLengthAt(memory.view, at))
    judge.take(seenBatch(memory, at, tapeLengthAt(memory.view, at)));
}
