// Whether a topic's last record is of the log that is to be published: the command at its position must have the record's time. By positions
// alone a log that was begun anew, or was restored and went another way, would go on in the topics of the one before as soon as it is longer.

import { SeriatimError } from "../../base/index.ts";
import { checkFrame, type JournalPlace, journalPlace } from "../../journal/index.ts";
import { COMMAND_WORDS, readTimestamp } from "../../protocol/index.ts";
import { FrameFollower } from "../../segment/index.ts";
import { EXCHANGE_RECORDS } from "../exchange-records.ts";
import { dropCopyTopic, type LastRecord, type PublishedStream, RECORDS_GONE } from "./topic-source.ts";

/**
 * Throws DROP_COPY_AHEAD when the topic holds more than `released`, DROP_COPY_FOREIGN when what it holds is another log's. Of a position that
 * the journal has retired nothing is known here (`refuseOtherTime`).
 */
export function refuseOtherLog(
  { stream, last }: PublishedStream,
  journal: JournalPlace,
  released: number,
): void {
  if (last === undefined || last === RECORDS_GONE) return;
  if (last.position > released) throw ahead(stream, last, released);
  const follower = new FrameFollower(journalPlace(journal), last.position - 1);
  try {
    const frames = follower.read(
      released,
      (frame) => {
        checkFrame(frame, EXCHANGE_RECORDS);
        const { words, payloadAt, firstPosition } = frame;
        const at = payloadAt / 4 + (last.position - firstPosition) * COMMAND_WORDS;
        refuseOtherTime({ stream, last }, last.position, readTimestamp(words, at));
      },
      1,
    );
    if (frames === 0) throw ahead(stream, last, released);
  } catch (error) {
    if (!(error instanceof SeriatimError && error.code === "LOG_RETIRED")) throw error;
  } finally {
    follower.close();
  }
}

/** The log's command at `position` is of `time_us`: throws DROP_COPY_FOREIGN when the topic's last record is of that position and of another time. */
export function refuseOtherTime({ stream, last }: PublishedStream, position: number, time_us: number): void {
  if (last === undefined || last === RECORDS_GONE) return;
  if (last.position !== position || last.time_us === time_us) return;
  const what = `topic ${dropCopyTopic(stream)} holds another log up to position ${position}`;
  const why = `that command is of ${dateOf(last.time_us)} there and of ${dateOf(time_us)} here`;
  const help = "delete the topic while --tape-publish is not given, or give this exchange a tape of its own";
  throw new SeriatimError("DROP_COPY_FOREIGN", `${what} (${why}): ${help}`);
}

/** What was published was released: a log that ends before it is another one, or has lost its end. */
function ahead(stream: PublishedStream["stream"], { position }: LastRecord, released: number): SeriatimError {
  const what = `topic ${dropCopyTopic(stream)} holds position ${position}, and the log is safe up to ${released} alone`;
  const why = "it is another log's, or this one has lost its end, or its end is not safe again yet";
  return new SeriatimError("DROP_COPY_AHEAD", `${what}: ${why}`);
}

function dateOf(time_us: number): string {
  const date = new Date(Math.floor(time_us / 1_000));
  return Number.isNaN(date.getTime()) ? `${time_us} us` : date.toISOString();
}
