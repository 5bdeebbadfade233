// The memory of the report streams against the obvious: an array per account, and a list of chunks by age.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { type ReportStream, ReportStreams } from "../../src/engine/report-streams.ts";
import { ReportWord } from "../../src/protocol/index.ts";

const LIMITS = { accountsMax: 4, accountReportsMax: 256, reportsMax: 512 };

/** Appends a report whose order id is `id`. */
function append(streams: ReportStreams, stream: ReportStream, id: number): void {
  const number = streams.claim(stream);
  stream.words(number)[stream.at(number) + ReportWord.orderIdLow] = id;
}

/** The ids of what is kept. */
function kept(stream: ReportStream): number[] {
  const ids: number[] = [];
  for (let number = stream.first; number < stream.next; number++)
    ids.push(stream.words(number)[stream.at(number) + ReportWord.orderIdLow]);
  return ids;
}

function opened(streams: ReportStreams, account: number): ReportStream {
  const stream = streams.open(account);
  if (stream === undefined) throw new Error(`no room for account ${account}`);
  return stream;
}

test("an account has a stream from when it is opened on, once, and there are only so many", () => {
  const streams = new ReportStreams(LIMITS);
  expect([streams.isUsed, streams.count, streams.of(7)]).toEqual([false, 0, undefined]);
  const stream = opened(streams, 7);
  expect([stream.account, stream.first, stream.next]).toEqual([7, 1, 1]);
  expect(streams.open(7)).toBe(stream);
  for (const account of [0, 0xffffffff, 8]) opened(streams, account);
  expect([streams.open(9), streams.of(9), streams.count]).toEqual([undefined, undefined, 4]);
  expect([7, 0, 0xffffffff, 8].map((account) => streams.of(account)?.account)).toEqual([7, 0, 0xffffffff, 8]);
});

test("as many accounts as there may be are all found again", () => {
  const streams = new ReportStreams();
  for (let i = 0; i < 8192; i++) opened(streams, (i * 0x10001) >>> 0);
  expect(streams.open(5)).toBeUndefined();
  for (let i = 0; i < 8192; i++) expect(streams.of((i * 0x10001) >>> 0)?.account).toBe((i * 0x10001) >>> 0);
  expect(streams.of(5)).toBeUndefined();
});

test("the first chunk that is too many takes the place of the account's oldest", () => {
  const streams = new ReportStreams(LIMITS);
  const stream = opened(streams, 1);
  for (let id = 1; id <= 256; id++) append(streams, stream, id);
  expect([stream.first, stream.next]).toEqual([1, 257]);
  append(streams, stream, 257);
  expect([stream.first, stream.next]).toEqual([65, 258]);
  expect(kept(stream)).toEqual(Array.from({ length: 193 }, (_, i) => i + 65));
});

test("a report that is not kept can't be read", () => {
  const streams = new ReportStreams(LIMITS);
  const stream = opened(streams, 1);
  append(streams, stream, 1);
  expect(() => stream.at(2)).toThrow("kept");
  expect(() => stream.words(0)).toThrow("kept");
});

test("of all accounts the oldest chunk goes, an open one too; its account goes on in the middle of one", () => {
  const streams = new ReportStreams({ ...LIMITS, accountReportsMax: 512 });
  const [quiet, busy] = [opened(streams, 1), opened(streams, 2)];
  for (let id = 1; id <= 3; id++) append(streams, quiet, id);
  for (let id = 1; id <= 7 * 64 + 1; id++) append(streams, busy, id);
  expect([quiet.first, quiet.next, quiet.chunkCount]).toEqual([4, 4, 0]);
  expect(kept(busy).length).toBe(7 * 64 + 1);
  append(streams, quiet, 4);
  expect([quiet.first, kept(quiet)]).toEqual([4, [4]]);
  expect(busy.first).toBe(65);
  for (let id = 5; id <= 66; id++) append(streams, quiet, id);
  expect(kept(quiet)).toEqual(Array.from({ length: 63 }, (_, i) => i + 4));
});

interface Model {
  readonly reports: Map<number, number[]>;
  /** Of chunks, oldest first: whose, and the number of the first report. */
  chunks: { account: number; from: number }[];
  readonly first: Map<number, number>;
}

function appendToModel(model: Model, account: number, id: number): void {
  const reports = model.reports.get(account) ?? [];
  const number = reports.length + 1;
  const own = model.chunks.filter((chunk) => chunk.account === account);
  if (own.length === 0 || number % 64 === 1) {
    const tooMany = own.length === LIMITS.accountReportsMax / 64 ? own[0] : undefined;
    const dropped = tooMany ?? (model.chunks.length === LIMITS.reportsMax / 64 ? model.chunks[0] : undefined);
    if (dropped !== undefined) {
      model.chunks = model.chunks.filter((chunk) => chunk !== dropped);
      const end = Math.ceil(dropped.from / 64) * 64 + 1;
      const next = (dropped.account === account ? reports : (model.reports.get(dropped.account) ?? []))
        .length;
      model.first.set(dropped.account, Math.min(end, next + 1));
    }
    model.chunks.push({ account, from: number });
  }
  reports.push(id);
  model.reports.set(account, reports);
}

test.each([1, 2, 3, 4, 5, 6])(
  "random appends keep what the obvious keeps, in the order of age, seed %i",
  (seed) => {
    const random = new Prng(seed);
    const streams = new ReportStreams(LIMITS);
    const model: Model = { reports: new Map(), chunks: [], first: new Map() };
    let id = 0;
    for (let turn = 0; turn < 200; turn++) {
      const account = random.between(0, 3);
      const stream = opened(streams, account);
      const count = random.chance(0.5) ? random.between(1, 5) : random.between(1, 150);
      for (let i = 0; i < count; i++) {
        append(streams, stream, ++id);
        appendToModel(model, account, id);
      }
      for (const [owner, reports] of model.reports) {
        const first = model.first.get(owner) ?? 1;
        const found = opened(streams, owner);
        expect([found.first, found.next]).toEqual([first, reports.length + 1]);
        expect(kept(found)).toEqual(reports.slice(first - 1));
      }
    }
    const expected = model.chunks.flatMap(({ account, from }) =>
      (model.reports.get(account) ?? []).slice(from - 1, Math.ceil(from / 64) * 64),
    );
    const visited: number[] = [];
    streams.forEachReport((words, at) => visited.push(words[at + ReportWord.orderIdLow]));
    expect(visited).toEqual(expected);
  },
);
