// Lines on their way from an input to a topic: read no faster than they are published, and when the reading ends, however it does,
// everything read is flushed and waited for.

import { counted, SeriatimError } from "../../base/index.ts";
import type { TapePublisher } from "../../tape-runtime/index.ts";
import type { LineInput } from "./line-input.ts";
import { LineSplitter } from "./line-splitter.ts";
import { Progress } from "./progress.ts";

export class LineCopy {
  readonly #publisher: TapePublisher;
  readonly #input: LineInput;
  readonly #splitter: LineSplitter;
  readonly #progress: Progress | undefined;
  /** The piece that is waited for. A new promise for each: one that waits as long as the copy runs would keep all that was raced against it. */
  #waiting = Promise.withResolvers<Uint8Array | undefined>();
  #isStopped = false;
  #failure: SeriatimError | undefined;
  #bytes = 0;
  #isCutShort = false;

  constructor(publisher: TapePublisher, input: LineInput, lineBytes_max: number) {
    this.#publisher = publisher;
    this.#input = input;
    this.#splitter = new LineSplitter(lineBytes_max);
    this.#progress = input.bytes === undefined ? undefined : new Progress(input.bytes);
  }

  /** No more is read; of a file what is left is missing then. */
  stop(): void {
    this.#isCutShort = this.#input.bytes !== undefined;
    this.#isStopped = true;
    this.#waiting.resolve(undefined);
  }

  /** What is published by now. */
  get done(): string {
    const { records, batches } = this.#publisher.figures;
    return `${counted(records, "record")} in ${counted(batches, "batch").replace(/chs$/, "ches")}`;
  }

  /** How much of the input is published, and how much of it was read for that. */
  get summary(): string {
    const { records } = this.#publisher.figures;
    const read = this.#splitter.lines;
    const verb = records === 1 ? "is" : "are";
    if (records === read) return `${this.done} ${verb} published`;
    return `${counted(records, "line")} ${verb} published, the input was read up to line ${read}`;
  }

  /**
   * Resolves when the input has ended, or was stopped, and everything read is acknowledged. Throws what went wrong: with a line that is
   * too long, an input that can't be read on, or a file that was not read to its end, when everything before is acknowledged.
   */
  async run(): Promise<void> {
    void this.#publisher.closed.then((failure) => this.#fail(failure));
    const unread = await this.#read().then(
      () => undefined,
      (error: unknown) => error,
    );
    this.#progress?.end();
    await this.#publisher.close();
    if (unread !== undefined) throw unread;
    if (this.#isCutShort)
      throw new SeriatimError("INTERRUPTED", `the file was not read to its end: ${this.summary}`);
  }

  async #read(): Promise<void> {
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) {
      for (const line of this.#splitter.push(piece))
        if (!this.#publisher.append(line)) await this.#wait(line);
      this.#bytes += piece.length;
      this.#progress?.show(this.#bytes);
    }
    const last = this.#splitter.end();
    if (last !== undefined && !this.#publisher.append(last)) await this.#wait(last);
  }

  /** What the input has next; undefined: it has ended, or no more is to be read. Throws when the publisher has ended. */
  #next(): Promise<Uint8Array | undefined> {
    this.#waiting = Promise.withResolvers();
    const { resolve, reject, promise } = this.#waiting;
    if (this.#failure !== undefined) reject(this.#failure);
    else if (this.#isStopped) resolve(undefined);
    else this.#input.next().then(resolve, reject);
    return promise;
  }

  /** The publisher has ended: an input that never says anything must not hide that. */
  #fail(failure: SeriatimError | undefined): void {
    if (failure === undefined) return;
    this.#failure = failure;
    this.#waiting.reject(failure);
  }

  async #wait(line: Uint8Array): Promise<void> {
    do await this.#publisher.room();
    while (!this.#publisher.append(line));
  }
}
