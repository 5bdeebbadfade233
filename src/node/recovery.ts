// What a node begins with: its log, applied from the first record to the last.

import { RecordBuffer, SeriatimError } from "../base/index.ts";
import { ExchangeEngine } from "../engine/index.ts";
import { COMMAND_WORDS, CommandWord, EVENT_WORDS } from "../protocol/index.ts";
import type { JournalStage, Recovered } from "./journal-stage.ts";
import type { Log } from "./log.ts";

/** Events nobody waits for, thrown away by the thousand. */
const DISCARDED_EVENTS = 1_024;

/** The effect of all that a log holds. */
export interface History {
  readonly engine: ExchangeEngine;
  readonly recovered: Recovered;
  /** The highest high lane (u32) of the sessions in the log. */
  readonly lastSession: number;
}

/** Applies the whole log; throws what opening it throws, or LOG_UNKNOWN naming the position that can't be applied. */
export async function recoverEngine(journal: JournalStage, log: Log): Promise<History> {
  const engine = new ExchangeEngine();
  const discarded = new RecordBuffer(EVENT_WORDS, DISCARDED_EVENTS, () => {});
  const started = performance.now();
  const { sessionHigh } = CommandWord;
  let lastSession = 0;
  let position = 0;
  const recovered = await journal.recover((words, at, count, firstPosition) => {
    position = firstPosition;
    try {
      for (let record = at; position < firstPosition + count; position++, record += COMMAND_WORDS) {
        engine.apply(words, record, discarded);
        const session = words[record + sessionHigh] >>> 0;
        if (session > lastSession) lastSession = session;
      }
    } catch (error) {
      throw unknownCommand(position, error);
    }
  });
  report(recovered, Math.round(performance.now() - started), engine.restingOrders, log);
  return { engine, recovered, lastSession };
}

function report(recovered: Recovered, took_ms: number, orders: number, log: Log): void {
  const { cut_bytes, finding, position } = recovered;
  if (cut_bytes > 0) {
    const what =
      "the journal's end was torn and has been cut; alone, a node can't tell it from one that was acknowledged";
    log.warn({ cut_bytes, finding }, what);
  }
  log.info({ position, took_ms, orders }, recovered.created ? "began a new log" : "replayed the log");
}

/** The engine never throws for what a client can send: so the log holds what another version wrote. */
function unknownCommand(position: number, cause: unknown): SeriatimError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `the log can't be replayed by this version from position ${position} on: ${why}`;
  return new SeriatimError("LOG_UNKNOWN", message, { cause });
}
