// The two rings between the loop that serves subscribers and the storage thread: what is to be read, and what came of it. Records
// of 40 bytes, little-endian. A full ring of requests is the asker's to bear; results find room, for a request keeps its slot
// until its result is written, and both rings are of one size.
//
//   request: kind, buffer or connection, topic, -, record or time, and the topic's end (position, record)
//   result:  kind, buffer or connection, reason, bytes, first record (or what was located, or a reason's detail), next record

import { assert, getU64, LayoutBuilder, setU64 } from "../../base/index.ts";
import { TapeReason } from "../../protocol/index.ts";
import { type Ring, RingConsumer, RingProducer } from "../../ring/index.ts";
import type { TopicProgress } from "./progress.ts";
import type { ReadBatches, ReadFailure, ReadsListener, StorageReads } from "./storage-reads.ts";

export const READ_RECORD_BYTES = 40;

const READ = 1;
const LOCATE = 2;

const RequestLayout = requestLayout();
const ResultLayout = resultLayout();

function requestLayout() {
  const at = new LayoutBuilder();
  const layout = {
    kind: at.u32(),
    target: at.u32(),
    topic: at.u32(),
    unused: at.u32(),
    value: at.u64(),
    nextPosition: at.u64(),
    nextRecord: at.u64(),
  };
  at.size(READ_RECORD_BYTES);
  return layout;
}

function resultLayout() {
  const at = new LayoutBuilder();
  const layout = {
    kind: at.u32(),
    target: at.u32(),
    reason: at.u32(),
    bytes: at.u32(),
    value: at.u64(),
    nextRecord: at.u64(),
    unused: at.bytes(8),
  };
  at.size(READ_RECORD_BYTES);
  return layout;
}

/** The loop's side. */
export class ReadRequests implements StorageReads {
  readonly #requests: RingProducer;
  readonly #requestView: DataView;
  readonly #results: RingConsumer;
  readonly #resultView: DataView;

  constructor(requests: Ring, results: Ring) {
    this.#requests = new RingProducer(requests);
    this.#requestView = viewOf(requests);
    this.#results = new RingConsumer(results);
    this.#resultView = viewOf(results);
  }

  read(buffer: number, topic: number, record: number, end: TopicProgress): boolean {
    return this.#ask(READ, buffer, topic, record, end);
  }

  locate(connection: number, topic: number, time_us: number, end: TopicProgress): boolean {
    return this.#ask(LOCATE, connection, topic, time_us, end);
  }

  #ask(kind: number, target: number, topic: number, value: number, end: TopicProgress): boolean {
    const slot = this.#requests.claim();
    if (slot < 0) return false;
    const at = slot * Int32Array.BYTES_PER_ELEMENT;
    const view = this.#requestView;
    view.setUint32(at + RequestLayout.kind, kind, true);
    view.setUint32(at + RequestLayout.target, target, true);
    view.setUint32(at + RequestLayout.topic, topic, true);
    setU64(view, at + RequestLayout.value, value);
    setU64(view, at + RequestLayout.nextPosition, end.nextPosition);
    setU64(view, at + RequestLayout.nextRecord, end.nextRecord);
    this.#requests.commit();
    this.#requests.publish();
    return true;
  }

  /** Resolves when there are results; undefined when there are some already. */
  whenResults(): Promise<void> | undefined {
    return this.#results.whenRecords();
  }

  /** Nobody answers any more: ends a whenResults(). */
  end(): void {
    this.#results.fail();
  }

  /** Hands every result to whoever asked. */
  takeResults(listener: ReadsListener): void {
    for (let count = this.#results.available(); count > 0; count = this.#results.available()) {
      this.#takeOne(listener, this.#results.offset() * Int32Array.BYTES_PER_ELEMENT);
      this.#results.release(1);
    }
  }

  #takeOne(listener: ReadsListener, at: number): void {
    const view = this.#resultView;
    const target = view.getUint32(at + ResultLayout.target, true);
    const reason = view.getUint32(at + ResultLayout.reason, true) as TapeReason;
    const value = getU64(view, at + ResultLayout.value);
    const failure = reason === TapeReason.None ? undefined : { reason, detail: value };
    if (view.getUint32(at + ResultLayout.kind, true) === LOCATE) {
      listener.located(target, failure ?? value);
      return;
    }
    const bytes = view.getUint32(at + ResultLayout.bytes, true);
    const nextRecord = getU64(view, at + ResultLayout.nextRecord);
    listener.read(target, failure ?? { bytes, firstRecord: value, nextRecord });
  }
}

/** What carries requests out. */
export interface ReadWork {
  read(buffer: number, topic: number, record: number, end: ReadEnd): ReadBatches | ReadFailure;
  locate(topic: number, time_us: number, end: ReadEnd): number | ReadFailure;
}

/** The end of a topic's log that a read keeps to. */
export type ReadEnd = Pick<TopicProgress, "nextPosition" | "nextRecord">;

/** The storage thread's side. */
export class ReadAnswers {
  readonly #requests: RingConsumer;
  readonly #requestView: DataView;
  readonly #results: RingProducer;
  readonly #resultView: DataView;
  readonly #work: ReadWork;

  constructor(requests: Ring, results: Ring, work: ReadWork) {
    assert(results.capacity >= requests.capacity, "results find room");
    this.#requests = new RingConsumer(requests);
    this.#requestView = viewOf(requests);
    this.#results = new RingProducer(results);
    this.#resultView = viewOf(results);
    this.#work = work;
  }

  /** Resolves when there are requests; undefined when there are some already. */
  whenRequests(): Promise<void> | undefined {
    return this.#requests.whenRecords();
  }

  /** Carries one request out, when there is one and room for its result; true if so. */
  doWork(): boolean {
    if (this.#requests.available(1) === 0) return false;
    const slot = this.#results.claim();
    if (slot < 0) return false;
    const requestAt = this.#requests.offset() * Int32Array.BYTES_PER_ELEMENT;
    this.#answer(requestAt, slot * Int32Array.BYTES_PER_ELEMENT);
    this.#results.commit();
    this.#results.publish();
    this.#requests.release(1);
    return true;
  }

  #answer(from: number, at: number): void {
    const request = this.#requestView;
    const kind = request.getUint32(from + RequestLayout.kind, true);
    const target = request.getUint32(from + RequestLayout.target, true);
    const topic = request.getUint32(from + RequestLayout.topic, true);
    const value = getU64(request, from + RequestLayout.value);
    const nextPosition = getU64(request, from + RequestLayout.nextPosition);
    const end = { nextPosition, nextRecord: getU64(request, from + RequestLayout.nextRecord) };
    const view = this.#resultView;
    view.setUint32(at + ResultLayout.kind, kind, true);
    view.setUint32(at + ResultLayout.target, target, true);
    if (kind === LOCATE) this.#putLocated(at, this.#work.locate(topic, value, end));
    else this.#putRead(at, this.#work.read(target, topic, value, end));
  }

  #putLocated(at: number, outcome: number | ReadFailure): void {
    const isFound = typeof outcome === "number";
    this.#resultView.setUint32(at + ResultLayout.reason, isFound ? TapeReason.None : outcome.reason, true);
    setU64(this.#resultView, at + ResultLayout.value, isFound ? outcome : outcome.detail);
  }

  #putRead(at: number, outcome: ReadBatches | ReadFailure): void {
    const view = this.#resultView;
    if ("reason" in outcome) {
      view.setUint32(at + ResultLayout.reason, outcome.reason, true);
      setU64(view, at + ResultLayout.value, outcome.detail);
      return;
    }
    view.setUint32(at + ResultLayout.reason, TapeReason.None, true);
    view.setUint32(at + ResultLayout.bytes, outcome.bytes, true);
    setU64(view, at + ResultLayout.value, outcome.firstRecord);
    setU64(view, at + ResultLayout.nextRecord, outcome.nextRecord);
  }
}

function viewOf({ bytes }: Ring): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
