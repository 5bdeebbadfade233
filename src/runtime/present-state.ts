// The state of a running application, from memory: for when its log can't be read, so that no shadow can follow it there.
//
//   the next segment begins   what a reader of the log needs to find the state's place lies behind whatever is damaged
//   the path pauses           what it was given is written: the state is that of the end of a frame
//   the journal is synced     a snapshot is of durable state only
//   the state is copied       at once, so that what comes next may change it; then the path goes on

import { type Application, assert, SeriatimError } from "../base/index.ts";
import type { StateInMemory } from "../journal/index.ts";
import type { CommandPath } from "./command-path.ts";
import { copySnapshot } from "./copy-snapshot.ts";
import type { JournalStage } from "./journal-stage.ts";

export interface PresentOf {
  readonly path: CommandPath;
  readonly journal: Pick<JournalStage, "ask">;
  readonly application: Application;
  /** Whether it takes commands, and has said what comes first in its tenure: that finds no slot while the path pauses. */
  isServing(): boolean;
  /** Of the last command of its log. */
  time_us(): number;
  /** No command of its log names a higher one. */
  session(): number;
}

/** Orders wait for one group commit and the copy. Rejects with what the journal says; the path goes on then too. */
export async function presentState(of: PresentOf): Promise<StateInMemory> {
  const { path, journal, application } = of;
  // Who is about to lead claims what begins his tenure without being asked to wait.
  if (!of.isServing())
    throw new SeriatimError("NOT_AVAILABLE", "no snapshot of what is in memory: no commands are taken");
  await journal.ask({ kind: "rotate" });
  try {
    if (!(await path.pause())) {
      throw new SeriatimError("JOURNAL_NOT_RUNNING", "nothing more becomes safe: the journal has failed");
    }
    const position = await journal.ask({ kind: "sync" });
    assert(position === path.position, "a log that pauses ends where its application is");
    return {
      position,
      timestamp_us: of.time_us(),
      session: of.session(),
      state: copySnapshot(application),
    };
  } finally {
    path.resume();
  }
}
