// Who reads a session's reports with `for await`, and when the session has to read more slowly for them. Pure: the source is
// told to stop and to go on. A reader that stands still outlasts the connection it stopped: then no other one is begun before it has
// read on, or each would bring one more read's worth. It may be waiting for what lies behind the reports that it does not read, an
// answer; its session ends it then.
//
// Bounds: from READER_HIGH reports that wait for one reader on nothing more is read, until none has more than READER_LOW; what one
// read brings beside them fits into READER_MAX, and so does what a turn may read before anybody is told (held-events.ts).

import type { SeriatimError } from "../../base/index.ts";
import { EventQueue } from "../event-queue.ts";

const READER_HIGH = 1_024;
const READER_LOW = 256;
/** The runtime reads a socket 32 times in a turn at most, 64 KiB each: 2 MiB, some 17,000 reports. */
const READER_MAX = 32_768;

/** Where reports come from. */
export interface Source {
  pause(): void;
  resume(): void;
}

export class ReportReaders<T> {
  /** The source was told to stop. */
  isFull = false;
  /** Reports that readers have taken. */
  taken = 0;
  readonly #readers = new Set<EventQueue<T>>();
  #source: Source | undefined;

  /** Reports come from here from now on: begun while nobody is full. */
  from(source: Source): void {
    this.#source = source;
  }

  add(): EventQueue<T> {
    const onReturn = () => {
      this.#readers.delete(reader);
      this.#goOn();
    };
    const onTaken = () => {
      this.taken++;
      this.#goOn();
    };
    const reader = new EventQueue<T>(READER_MAX, onReturn, onTaken);
    this.#readers.add(reader);
    return reader;
  }

  push(report: T): void {
    for (const reader of this.#readers) {
      reader.push(report);
      if (reader.length < READER_HIGH || this.isFull) continue;
      this.isFull = true;
      this.#source?.pause();
    }
  }

  /** No more reports: readers get those that are left, then the end or the failure. */
  finish(failure: SeriatimError | undefined): void {
    for (const reader of [...this.#readers]) reader.finish(failure);
  }

  /** Ends those for which nothing more is read: they get what is there, then the failure. */
  endFull(failure: SeriatimError): void {
    for (const reader of [...this.#readers]) if (reader.length > READER_LOW) reader.finish(failure);
  }

  #goOn(): void {
    if (!this.isFull) return;
    for (const { length } of this.#readers) if (length > READER_LOW) return;
    this.isFull = false;
    this.#source?.resume();
  }
}
