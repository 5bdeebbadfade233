// What a log says of new orders when it is computed again: how often each was executed, and as which event.

import { join } from "node:path";
import { fromLanes, RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, EventKind, EventWord } from "../../src/protocol/index.ts";
import { scanLog } from "../../src/segment/index.ts";

export interface Recount {
  /** By `account:id` the sequences of the order's Accepts. */
  readonly accepts: ReadonlyMap<string, readonly number[]>;
  /** Requests that were answered again, and not executed. */
  readonly repeats: number;
}

/** Reads the log in the data directory `directory`, which no node need run on. */
export function recount(directory: string): Recount {
  const accepts = new Map<string, number[]>();
  let repeats = 0;
  const events = new RecordBuffer(EVENT_WORDS, 64, ({ words, used_words }) => {
    for (let at = 0; at < used_words; at += EVENT_WORDS) {
      const kind = words[at] & 0xff;
      if (kind === EventKind.Repeat) repeats++;
      if (kind !== EventKind.Accept) continue;
      const order = `${words[at + EventWord.account]}:${words[at + EventWord.orderIdLow]}`;
      const sequence = fromLanes(words[at + EventWord.sequenceLow], words[at + EventWord.sequenceHigh]);
      accepts.set(order, [...(accepts.get(order) ?? []), sequence]);
    }
  });
  const engine = new ExchangeEngine();
  const place = { storage: new NodeStorage(), checksums: new NativeChecksums() };
  scanLog({ ...place, directory: join(directory, "journal"), log: "journal" }, (frame) => {
    for (let i = 0; i < frame.count; i++) {
      engine.apply(frame.words, frame.payloadAt / 4 + i * COMMAND_WORDS, events);
      events.drain();
    }
  });
  return { accepts, repeats };
}
