// What is said once in a while: of each symbol whose book has changed its checksum, of each that has traded the day's statistics.
// Each is an event of its own, so it comes between two commands.

import type { Clock } from "../../base/index.ts";
import { ChannelKind, MdType, putBookChecksum, putStatistics } from "../../protocol/index.ts";
import type { DayBook } from "../day-book.ts";
import { BookSummer } from "./book-summer.ts";
import type { Channel } from "./channel.ts";
import type { ChannelSource } from "./channel-source.ts";
import { SymbolMarks } from "./symbol-marks.ts";

export class Summaries {
  /** Symbols whose books have changed since their checksum was said. */
  readonly changed = new SymbolMarks();
  /** Symbols that have traded since their statistics were said. */
  readonly traded = new SymbolMarks();
  readonly #channels: readonly Channel[];
  readonly #source: ChannelSource;
  readonly #days: DayBook;
  readonly #clock: Clock;
  readonly #interval_us: number;
  readonly #sums: BookSummer;
  /** By the monotonic clock. */
  #dueAt_us = 0;

  constructor(
    channels: readonly Channel[],
    source: ChannelSource,
    days: DayBook,
    clock: Clock,
    interval_us: number,
  ) {
    this.#channels = channels;
    this.#source = source;
    this.#days = days;
    this.#clock = clock;
    this.#interval_us = interval_us;
    this.#sums = new BookSummer(source);
  }

  clear(): void {
    this.changed.clear();
    this.traded.clear();
  }

  /** Another day has begun: the statistics of all symbols are due. */
  onDay(): void {
    this.#dueAt_us = 0;
    for (let symbol = 0; symbol < this.#source.instruments.length; symbol++) this.traded.mark(symbol);
  }

  /** Tells what is due, if anything is. */
  tellDue(): void {
    const now_us = this.#clock.monotonicMicros();
    if (now_us < this.#dueAt_us || this.changed.count + this.traded.count === 0) return;
    this.#dueAt_us = now_us + this.#interval_us;
    for (let i = 0; i < this.changed.count; i++) this.#tellChecksum(this.changed.symbols[i]);
    for (let i = 0; i < this.traded.count; i++) this.#tellStatistics(this.traded.symbols[i]);
    this.clear();
  }

  #tellChecksum(symbol: number): void {
    const sum = this.#sums.of(symbol);
    for (const channel of this.#channels) {
      if (channel.kind === ChannelKind.Top) continue;
      putBookChecksum(channel.writer, symbol, channel.claim(MdType.BookChecksum, symbol), sum);
      channel.endEvent();
    }
  }

  #tellStatistics(symbol: number): void {
    for (const channel of this.#channels) {
      putStatistics(channel.writer, symbol, channel.claim(MdType.Statistics, symbol), this.#days.of(symbol));
      channel.endEvent();
    }
  }
}
