// The reports' topic behind a gap: a source that is told of one begins with whole commands.

import { expect, test } from "vitest";
import type { ReportStream } from "../../../src/engine/index.ts";
import { BATCH_LIMITS, Batcher, type CopyBatch } from "../../../src/node/drop-copy/batcher.ts";
import { ReportSource } from "../../../src/node/drop-copy/report-source.ts";
import type { LastRecord } from "../../../src/node/drop-copy/topic-source.ts";
import { DropCopyKind, REPORT_WORDS, readDropCopyKey } from "../../../src/protocol/index.ts";

const MOMENT = { position: 0, timestamp_us: 1 };

/** Of the command at 5 the topic has its first three reports. */
const LAST: LastRecord = {
  ...{ position: 5, index: 2, kind: DropCopyKind.Report, flags: 0 },
  ...{ time_us: 1, value: new Uint8Array(96) },
};

/** A source that goes on behind LAST, and the records it makes, as position.index. */
function source() {
  const batches: CopyBatch[] = [];
  const moment = { ...MOMENT };
  const reports = new ReportSource(LAST, new Batcher("t", moment, BATCH_LIMITS, (b) => batches.push(b)));
  const stream = { lastWords: new Int32Array(REPORT_WORDS), lastAt: 0 } as unknown as ReportStream;
  const command = (position: number, count: number): void => {
    moment.position = position;
    for (let i = 0; i < count; i++) reports.onReport(stream);
    reports.endCommand();
  };
  const made = (): string[] => {
    reports.cut();
    return batches.flatMap(({ records }) =>
      records.map(({ key }) => {
        const place = readDropCopyKey(key);
        return place?.kind === DropCopyKind.Gap
          ? `gap to ${place.position}`
          : `${place?.position}.${place?.index}`;
      }),
    );
  };
  return { reports, moment, command, made };
}

test("what a topic has of a command is passed over by count, and no other command's reports", () => {
  const { reports, command, made } = source();
  reports.begin();
  command(5, 4);
  command(6, 2);
  expect(made()).toEqual(["5.3", "6.0", "6.1"]);
});

test("behind a gap every report of the next command is told: what the topic had of the first one that is missing is all there is", () => {
  const { reports, moment, command, made } = source();
  moment.position = 9;
  reports.tellGap(5, 9);
  reports.begin();
  command(10, 4);
  expect(made()).toEqual(["gap to 9", "10.0", "10.1", "10.2", "10.3"]);
});
