// What a log says, applied: all that a runtime begins with, from the first record that no snapshot covers to the last, and what a
// replica is sent.

import {
  type Application,
  assertPosition,
  type Position,
  RecordBuffer,
  SeriatimError,
} from "../base/index.ts";
import type { RecordVisitor } from "../journal/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../protocol/index.ts";
import type { JournalStage, Recovered } from "./journal-stage.ts";

/** Events nobody waits for, thrown away by the thousand. */
const discarded = new RecordBuffer(EVENT_WORDS, 1_024, () => {});

/**
 * Applies what the journal hands out and hands what was applied to `applied`, a piece at a time; throws what opening it throws, or
 * LOG_UNKNOWN naming the position that can't be applied.
 */
export function recoverApplication(
  journal: JournalStage,
  application: Application,
  applied: RecordVisitor,
): Promise<Recovered> {
  return journal.recover((words, at, count, firstPosition) => {
    applyRecords(application, words, at, count, firstPosition);
    applied(words, at, count, firstPosition);
  });
}

/** Applies `count` records from word offset `at` on; throws LOG_UNKNOWN naming the position of the first that can't be. */
export function applyRecords(
  application: Application,
  words: Int32Array,
  at: number,
  count: number,
  firstPosition: Position,
): void {
  let position = firstPosition;
  try {
    for (let record = at; position < firstPosition + count; position++, record += COMMAND_WORDS)
      application.apply(words, record, discarded);
  } catch (error) {
    throw unknownCommand(position, error);
  }
  assertPosition(application, position - 1);
}

/** An application never throws for what a client can send: so the log holds what another version wrote. */
function unknownCommand(position: number, cause: unknown): SeriatimError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `the log can't be applied by this version from position ${position} on: ${why}`;
  return new SeriatimError("LOG_UNKNOWN", message, { cause });
}
