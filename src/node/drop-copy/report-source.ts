// Topic `exchange.reports`: every execution report of every account, in the order in which the engine wrote them. Records of one log
// are the same whenever they are made, so what a topic has of a command that it has in part is passed over by count.
//
// Reports of a command are held until it is over: only then is it known which is an account's last. A command has as many as
// it touches orders, 96 bytes each: of a kill switch over a million orders 96 MB for as long as it takes.

import type { ReportListener, ReportStream } from "../../engine/index.ts";
import {
  DropCopyFlag,
  DropCopyKind,
  REPORT_BYTES,
  REPORT_WORDS,
  ReportFlag,
  ReportWord,
} from "../../protocol/index.ts";
import type { Batcher } from "./batcher.ts";
import { type LastRecord, type TopicSource, wholeUpTo } from "./topic-source.ts";

const HEAD = ReportWord.kindReasonCommandFlags;
const ACCOUNT = ReportWord.account;
const LAST = ReportFlag.Last << 24;
/** Reports that there is room for between commands. */
const REPORTS_KEPT = 1_024;

export class ReportSource implements TopicSource, ReportListener {
  readonly topic: string;
  readonly after: number;
  readonly #batcher: Batcher;
  /** Reports of the command behind `after` that the topic has. */
  #known: number;
  #isBegun = false;
  #words = new Int32Array(REPORTS_KEPT * REPORT_WORDS);
  #count = 0;
  /** Whose last report is not yet copied. */
  #stream: ReportStream | undefined;

  constructor(last: LastRecord | undefined, batcher: Batcher) {
    this.topic = batcher.topic;
    this.#batcher = batcher;
    this.after = wholeUpTo(last);
    this.#known = last !== undefined && this.after < last.position ? last.index + 1 : 0;
  }

  begin(): void {
    this.#isBegun = true;
  }

  onEvents(): void {}

  onReport(stream: ReportStream): void {
    if (!this.#isBegun) return;
    this.#take();
    this.#stream = stream;
  }

  endCommand(): void {
    this.#take();
    if (this.#count > 0) this.#tell();
  }

  tellGap(first: number, last: number): void {
    // Whatever it has of the first of them is all there is.
    this.#known = 0;
    this.#batcher.addGap(first, last);
  }

  cut(): void {
    this.#batcher.end(true);
  }

  /** Copies the report that was claimed last, which is written by now. */
  #take(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#stream = undefined;
    const to = this.#count * REPORT_WORDS;
    if (to === this.#words.length) this.#grow();
    this.#words.set(stream.lastWords.subarray(stream.lastAt, stream.lastAt + REPORT_WORDS), to);
    this.#count++;
  }

  #tell(): void {
    const words = this.#words;
    const count = this.#count;
    if (count > 1) markLast(words, count);
    const bytes = new Uint8Array(words.buffer);
    for (let i = 0; i < count; i++) {
      if (i < this.#known) {
        this.#batcher.skip();
        continue;
      }
      const flags = i === count - 1 ? DropCopyFlag.Last : 0;
      this.#batcher.add(DropCopyKind.Report, flags, bytes, i * REPORT_BYTES, (i + 1) * REPORT_BYTES);
    }
    this.#known = 0;
    this.#count = 0;
    if (words.length > REPORTS_KEPT * REPORT_WORDS) this.#words = new Int32Array(REPORTS_KEPT * REPORT_WORDS);
    if (this.#batcher.isFull) this.#batcher.end(true);
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#words.length);
    grown.set(this.#words);
    this.#words = grown;
  }
}

/** As they stand in the accounts' streams when the command is over: of each account the last one is marked. */
function markLast(words: Int32Array, count: number): void {
  const seen = new Set<number>();
  for (let at = (count - 1) * REPORT_WORDS; at >= 0; at -= REPORT_WORDS) {
    const account = words[at + ACCOUNT];
    words[at + HEAD] = seen.has(account) ? words[at + HEAD] & ~LAST : words[at + HEAD] | LAST;
    seen.add(account);
  }
}
