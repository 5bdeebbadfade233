// The tape's figures of the last seconds: what it says is counted since its start, and what is shown is how fast it goes now.

import type { ExchangeSocket } from "../src/client/socket/index.ts";
import type { TapeReport, TapeTopicReport } from "../src/protocol/index.ts";
import { Topic } from "./topic.ts";

/** Rates are those of so many messages, a second each: one alone would jump with every batch. */
const REPORTS_KEPT = 5;

/** Per second. */
export interface TapeRates {
  readonly batches: number;
  readonly ingested_bytes: number;
  readonly delivered_bytes: number;
}

/** Per second. */
export interface TopicRates {
  readonly records: number;
  /** Of the log; none while retention takes more than comes. */
  readonly bytes: number;
}

export class TapeHistory {
  readonly changed = new Topic();
  readonly #reports: TapeReport[] = [];

  add(report: TapeReport): void {
    const last = this.#reports.at(-1);
    // Another tape, or one that began anew, counts from 0.
    if (last !== undefined && report.connections.opened < last.connections.opened) this.#reports.length = 0;
    this.#reports.push(report);
    if (this.#reports.length > REPORTS_KEPT) this.#reports.shift();
    this.changed.changed();
  }

  /** A connection stands: what was heard before may be of another node. */
  begin(socket: Pick<ExchangeSocket, "watchTape">): void {
    this.#reports.length = 0;
    this.changed.changed();
    socket.watchTape();
  }

  get latest(): TapeReport | undefined {
    return this.#reports.at(-1);
  }

  get rates(): TapeRates {
    return {
      batches: this.#rate(({ batches }) => batches.committed),
      ingested_bytes: this.#rate(({ bytes }) => bytes.drained),
      delivered_bytes: this.#rate(({ bytes }) => bytes.delivered),
    };
  }

  ratesOf(name: string): TopicRates {
    const of = (read: (topic: TapeTopicReport) => number) =>
      this.#rate((report) => {
        const topic = report.topics.find((one) => one.name === name);
        return topic && read(topic);
      });
    return { records: of(({ nextRecord }) => nextRecord), bytes: of(({ bytes }) => bytes) };
  }

  /** How much a count has grown per second; from the first message that has it. */
  #rate(read: (report: TapeReport) => number | undefined): number {
    const last = this.latest;
    const first = this.#reports.find((report) => read(report) !== undefined);
    if (first === undefined || last === undefined || last.time_us <= first.time_us) return 0;
    const grown = (read(last) ?? 0) - (read(first) ?? 0);
    return Math.max(0, (1e6 * grown) / (last.time_us - first.time_us));
  }
}
