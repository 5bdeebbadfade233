// What accounts are told of their orders, as state: one stream of report records (protocol/reports) per account, numbered from 1,
// of which the newest are kept. Written by report-writer.ts, read by gateways and snapshots. An account has a stream from its first
// SessionOpen on; accounts without one cost a look at `isWritten`.
//
// A stream is a ring of chunks. Number n lies in chunk floor((n - 1) / CHUNK_REPORTS), so chunks of a stream follow each
// other without a gap, and the first that is kept may begin in the middle only when all before it had gone.

import { assert, powerOfTwoAtLeast } from "../base/index.ts";
import { REPORT_WORDS } from "../protocol/index.ts";
import { CHUNK_REPORTS, ReportChunks } from "./report-chunks.ts";

export interface ReportLimits {
  /** Accounts with a stream. */
  readonly accountsMax: number;
  /** Reports kept of an account; a multiple of CHUNK_REPORTS. */
  readonly accountReportsMax: number;
  /** Reports kept of all accounts; a multiple of CHUNK_REPORTS. */
  readonly reportsMax: number;
}

/** Of all logs, so that all nodes decide the same. 96 MiB of reports; of an account at most 12 MiB, what a busy one is told in minutes. */
export const REPORT_LIMITS: ReportLimits = {
  accountsMax: 8_192,
  accountReportsMax: 131_072,
  reportsMax: 1_048_576,
};

/** Sees every report of every account, also those that are no longer kept, or never are. */
export interface ReportListener {
  /**
   * `stream` is about to get another report. Whatever was claimed before, in any stream, is written by now and stays there until this returns.
   * Accounts without a stream share one that keeps nothing; each report names its account.
   */
  onReport(stream: ReportStream): void;
}

const NOTHING = new Int32Array(0);
/** Above the numbers of a stream without a chunk. A small integer: an infinite one would make its field a double. */
const NO_CHUNK = 2 ** 31 - 1;

/** The reports of one account: those from `first` to before `next` are kept. */
export class ReportStream {
  readonly account: number;
  /** How many there were before it: for what else is kept of the account. Not seen outside, another one after a restart. */
  readonly index: number;
  /** The oldest number that is kept; `next` when none is. */
  first = 1;
  /** The number that the next report gets. */
  next = 1;
  /** Chunks that are kept: a ring, whose capacity is a power of two. */
  chunkCount = 0;
  #ring = new Int32Array(2);
  #head = 0;
  readonly #chunks: ReportChunks<ReportStream>;
  // Its newest chunk, where nearly all is written and read: its first number, its memory, its place there.
  #newest = NO_CHUNK;
  #newestAt = 0;
  /** Reports that the newest chunk has room for. */
  room = 0;
  /** Where the report claimed last lies: the newest chunk's memory, and the word offset there. */
  lastWords: Int32Array = NOTHING;
  lastAt = 0;
  /** The command that the writer's last report here is of; 0 after a restart, which is between commands. */
  lastPosition = 0;

  constructor(account: number, index: number, chunks: ReportChunks<ReportStream>) {
    this.account = account;
    this.index = index;
    this.#chunks = chunks;
  }

  /** The memory that holds report `number`, which is kept. Valid until a command is applied. */
  words(number: number): Int32Array {
    if (number >= this.#newest && number < this.next) return this.lastWords;
    return this.#chunks.words(this.#chunkOf(number));
  }

  /** The word offset of report `number` in its memory. */
  at(number: number): number {
    if (number >= this.#newest && number < this.next)
      return this.#newestAt + (number - this.#newest) * REPORT_WORDS;
    return this.#chunks.at(this.#chunkOf(number)) + ((number - 1) % CHUNK_REPORTS) * REPORT_WORDS;
  }

  /** The number behind the last of those that lie behind `number`, which is kept, without a gap. */
  runEnd(number: number): number {
    return number >= this.#newest ? this.next : chunkEnd(number);
  }

  /** Whether the next report begins a chunk. */
  get needsChunk(): boolean {
    return this.room === 0;
  }

  addChunk(chunk: number): void {
    if (this.chunkCount === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.chunkCount) & (this.#ring.length - 1)] = chunk;
    this.chunkCount++;
    this.#newest = chunkEnd(this.next) - CHUNK_REPORTS;
    this.#newestAt = this.#chunks.at(chunk);
    this.room = chunkEnd(this.next) - this.next;
    this.lastWords = this.#chunks.words(chunk);
    this.lastAt = this.#newestAt + (this.next - 1 - this.#newest) * REPORT_WORDS;
  }

  /** Forgets its oldest chunk, which it returns. */
  dropOldest(): number {
    assert(this.chunkCount > 0, "a stream that gives a chunk has one");
    const chunk = this.#ring[this.#head];
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.chunkCount--;
    this.first = Math.min(this.next, chunkEnd(this.first));
    if (this.chunkCount === 0) {
      this.#newest = NO_CHUNK;
      this.room = 0;
    }
    return chunk;
  }

  #chunkOf(number: number): number {
    assert(number >= this.first && number < this.next, "the report is kept");
    const place = Math.floor((number - 1) / CHUNK_REPORTS) - Math.floor((this.first - 1) / CHUNK_REPORTS);
    return this.#ring[(this.#head + place) & (this.#ring.length - 1)];
  }

  #grow(): void {
    const larger = new Int32Array(powerOfTwoAtLeast(this.#ring.length * 2));
    for (let i = 0; i < this.chunkCount; i++)
      larger[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)];
    this.#ring = larger;
    this.#head = 0;
  }
}

/** The number behind the last of the chunk that `number` lies in. */
function chunkEnd(number: number): number {
  return (Math.floor((number - 1) / CHUNK_REPORTS) + 1) * CHUNK_REPORTS + 1;
}

/** The streams of all accounts that have one. */
export class ReportStreams {
  /** Whether any account has a stream, or somebody listens: false on the way of every order where that is not so. */
  isUsed = false;
  /** Whether reports are written: the same, but where nothing is kept. */
  isWritten = false;
  #keeps = true;
  /** Not part of the state, and nothing in it depends on whether there is one. */
  #listener: ReportListener | undefined;
  /** Where reports of accounts without a stream are written, with a listener: what is told of them is told to it alone. */
  unkept: ReportStream | undefined;
  readonly #limits: ReportLimits;
  readonly #streams: ReportStream[] = [];
  /** By hash of the account, open addressing: place in #streams + 1, 0 where there is none. Half of it is used at most. */
  #table = new Int32Array(0);
  #chunks: ReportChunks<ReportStream> | undefined;
  /** The last two asked for: a command asks for its account's more than once, a trade in turn for those of two. */
  #found: ReportStream | undefined;
  #foundBefore: ReportStream | undefined;

  constructor(limits: ReportLimits = REPORT_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Of an engine that is asked for no report: accounts have streams, since their orders are linked by them, and there is nothing in
   * them. What a snapshot has brought is forgotten.
   */
  keepNothing(): void {
    const accounts = this.#streams.map(({ account }) => account);
    this.#keeps = false;
    this.isWritten = false;
    this.#chunks = undefined;
    this.#found = undefined;
    this.#foundBefore = undefined;
    this.#streams.length = 0;
    this.#table.fill(0);
    // In the same order: orders are linked by the index of a stream.
    for (const account of accounts) this.open(account);
  }

  /** Tells `listener` of every report from now on, those of accounts without a stream too. */
  listen(listener: ReportListener): void {
    assert(this.#keeps, "who listens is told of what is kept, and of the rest");
    this.#listener = listener;
    this.#makeTable();
    const chunks = new ReportChunks<ReportStream>(1);
    this.unkept = new ReportStream(0, 0, chunks);
    this.unkept.addChunk(chunks.take(this.unkept));
    this.isUsed = true;
    this.isWritten = true;
  }

  /** Accounts with a stream. */
  get count(): number {
    return this.#streams.length;
  }

  /** The stream of an account; undefined when it has none. */
  of(account: number): ReportStream | undefined {
    if (!this.isUsed) return undefined;
    const found = this.#found;
    if (found !== undefined && found.account === account) return found;
    return this.#find(account);
  }

  #find(account: number): ReportStream | undefined {
    const before = this.#foundBefore;
    if (before !== undefined && before.account === account) {
      this.#foundBefore = this.#found;
      this.#found = before;
      return before;
    }
    const table = this.#table;
    for (let i = placeOf(account, table); table[i] !== 0; i = (i + 1) & (table.length - 1)) {
      const stream = this.#streams[table[i] - 1];
      if (stream.account === account) {
        this.#foundBefore = this.#found;
        this.#found = stream;
        return stream;
      }
    }
    return undefined;
  }

  /** The stream of an account, begun if there is none; undefined when there are as many as may be. */
  open(account: number): ReportStream | undefined {
    const known = this.of(account);
    if (known !== undefined) return known;
    const { accountsMax, reportsMax } = this.#limits;
    if (this.#streams.length === accountsMax) return undefined;
    this.#makeTable();
    this.#chunks ??= new ReportChunks(reportsMax / CHUNK_REPORTS);
    const stream = new ReportStream(account, this.#streams.length, this.#chunks);
    this.#streams.push(stream);
    let place = placeOf(account, this.#table);
    while (this.#table[place] !== 0) place = (place + 1) & (this.#table.length - 1);
    this.#table[place] = this.#streams.length;
    this.isUsed = true;
    this.isWritten = this.#keeps;
    return stream;
  }

  #makeTable(): void {
    if (this.#table.length === 0)
      this.#table = new Int32Array(2 * powerOfTwoAtLeast(this.#limits.accountsMax));
  }

  /** Gives `stream` its next number: the record's place is then words(number), at(number), and holds anything. */
  claim(stream: ReportStream): number {
    this.#listener?.onReport(stream);
    if (stream.room === 0) this.#addChunk(stream);
    stream.room--;
    stream.lastAt += REPORT_WORDS;
    return stream.next++;
  }

  /** By account, ascending. Cold path: allocates. */
  sorted(): ReportStream[] {
    return [...this.#streams].sort((a, b) => a.account - b.account);
  }

  /**
   * Visits every report that is kept: by chunk, the one begun first first, and in a chunk by number. Appended to empty
   * streams in this order they lie in the same chunks, of the same age.
   */
  forEachReport(visit: (words: Int32Array, at: number) => void): void {
    const nextOf = new Map<ReportStream, number>();
    this.#chunks?.forEachOwner((stream) => {
      const from = nextOf.get(stream) ?? stream.first;
      const to = Math.min(stream.next, chunkEnd(from));
      for (let number = from; number < to; number++) visit(stream.words(number), stream.at(number));
      nextOf.set(stream, to);
    });
  }

  /** Whether a chunk has to go before `stream` can have another one. */
  mustDropFor(stream: ReportStream): boolean {
    return this.#isFull(stream) || this.#chunks?.isFull === true;
  }

  #isFull(stream: ReportStream): boolean {
    return stream.chunkCount * CHUNK_REPORTS === this.#limits.accountReportsMax;
  }

  #addChunk(stream: ReportStream): void {
    // Its only one, again.
    if (stream === this.unkept) return stream.addChunk(stream.dropOldest());
    const chunks = this.#chunks;
    assert(chunks !== undefined, "there are chunks from the first stream on");
    if (this.#isFull(stream)) chunks.give(stream.dropOldest());
    else if (chunks.isFull) chunks.give(chunks.oldestOwner.dropOldest());
    stream.addChunk(chunks.take(stream));
  }
}

function placeOf(account: number, table: Int32Array): number {
  // Fibonacci hashing: accounts that follow each other lie apart.
  return (Math.imul(account, 0x9e3779b1) >>> 16) & (table.length - 1);
}
