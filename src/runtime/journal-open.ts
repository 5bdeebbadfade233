// Opening a node's journal, and saying what was found: one piece for both places it may run in.

import type { Storage } from "../base/index.ts";
import {
  type DurabilityMode,
  type JournalWriter,
  openJournal,
  type RecordVisitor,
} from "../journal/index.ts";
import { NativeChecksums, NodeStorage } from "../platform/index.ts";
import { readTimestamp } from "../protocol/index.ts";
import { LiveFrames } from "../replication/index.ts";
import { describeScan, FIRST_EPOCH, type LogPoint } from "../segment/index.ts";
import type { Recovered } from "./journal-stage.ts";
import { importRules } from "./record-rules.ts";

export interface NodeJournalOptions {
  readonly directory: string;
  /** URL of the module that exports `rules`, the RecordRules of its application (record-rules.ts). */
  readonly rules: string;
  readonly mode: DurabilityMode;
  readonly segmentBytes: number;
  /** The records of the first frame, for a log that has not begun. */
  readonly genesis: Int32Array<ArrayBuffer> | undefined;
  /** Where a snapshot was taken: only what follows is handed on. */
  readonly from?: LogPoint | undefined;
  /** The real disk when left out. Another one can't be taken to a thread: for the journal on the caller's only. */
  readonly storage?: Storage;
  /** Where frames go as soon as they are written, on their way to replicas (createLiveFrames). */
  readonly live?: SharedArrayBuffer | undefined;
}

export interface OpenedNodeJournal {
  readonly journal: JournalWriter;
  readonly recovered: Recovered;
}

/** Opens it and hands every record behind `from` to `visit`; throws what openJournal throws. */
export async function openNodeJournal(
  options: NodeJournalOptions,
  visit: RecordVisitor,
): Promise<OpenedNodeJournal> {
  const rules = await importRules(options.rules);
  const { directory, mode, segmentBytes, genesis, from, storage = new NodeStorage() } = options;
  const { journal, scan, created } = openJournal(
    {
      storage,
      checksums: new NativeChecksums(),
      directory,
      rules,
      mode,
      segmentBytes,
      ...(genesis === undefined ? {} : { genesis }),
      isShared: options.live !== undefined,
      ...(from === undefined ? {} : { from }),
    },
    visit,
  );
  const { mayLack } = journal;
  // A log that never had a tenure, and nobody else's now: there is nobody to ask.
  if (options.live === undefined && journal.epoch === FIRST_EPOCH) journal.lacksNothing();
  if (options.live !== undefined) {
    journal.tap(new LiveFrames(options.live, journal.position, journal.epoch));
  }
  const recovered = {
    position: journal.position,
    epoch: journal.epoch,
    timestamp_us: created && genesis !== undefined ? readTimestamp(genesis, 0) : scan.timestamp_us,
    created,
    wasTorn: scan.verdict === "torn",
    cut_bytes: scan.verdict === "torn" ? scan.damagedBytes : 0,
    mayLack,
    finding: describeScan(scan),
  };
  return { journal, recovered };
}
