// What a start by force may have lost is known exactly: each kind of loss once, forgiven or not.

import { expect, test } from "vitest";
import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { encodeGenesisEntry } from "../../src/node/index.ts";
import {
  type AdminCommand,
  COMMAND_WORDS,
  CommandKind,
  CommandWord,
  EVENT_WORDS,
  encodeExecutionReport,
  type SessionCommand,
  writeAdminCommand,
  writeSessionCommand,
} from "../../src/protocol/index.ts";
import type { ArchivedFrame } from "../../src/simulation/archive.ts";
import { Forgiveness } from "../../src/simulation/forgiveness.ts";
import { Judge } from "../../src/simulation/judge.ts";
import { USUAL_LIMITS } from "../../src/simulation/limits.ts";
import type { SessionJudge } from "../../src/simulation/session-judge.ts";
import type { ClientRequest, SimulatedClient } from "../../src/simulation/simulated-client.ts";
import type {
  SessionRequest,
  SimulatedSession,
  ToldLogon,
  ToldReport,
} from "../../src/simulation/simulated-session.ts";

const ACCOUNT = 1;
const { genesis: genesisOf } = USUAL_LIMITS.genesis;
const TIME_US = 1_767_225_600_000_000;

/** Frames of all histories; each is called by the order in it, or by its epoch. */
class Histories {
  readonly #frames = new Map<string, ArchivedFrame>();

  add(name: string, behind: string, epoch: number, ...records: Int32Array[]): this {
    const before = this.#frames.get(behind);
    const words = new Int32Array(records.length * COMMAND_WORDS);
    for (const [i, record] of records.entries()) words.set(record, i * COMMAND_WORDS);
    this.#frames.set(name, {
      ...{ words, count: records.length, epoch, chain: chainOf(name), previous: chainOf(behind) },
      firstPosition: before === undefined ? 1 : before.firstPosition + before.count,
    });
    return this;
  }

  frames(): Iterable<ArchivedFrame> {
    return this.#frames.values();
  }

  before(chain: Uint8Array): ArchivedFrame[] {
    const found: ArchivedFrame[] = [];
    for (let at = chain; at.length > 0; ) {
      const frame = this.#frames.get(Buffer.from(at).toString());
      if (frame === undefined) break;
      found.unshift(frame);
      at = frame.previous;
    }
    return found;
  }

  /** What the log which ends with `end` has given up. */
  forgiveness(end: string): Forgiveness {
    return new Forgiveness(this.before(chainOf(end)), this, judgeOf);
  }

  /** The problems that the log which ends with `end` has with what a client was told, and how many answers were forgiven. */
  judged(end: string, ...requests: ClientRequest[]): [problems: string[], forgiven: number] {
    const log = this.before(chainOf(end));
    const judge = judgeOf(log);
    const client = { account: ACCOUNT, requests } as unknown as SimulatedClient;
    const forgiveness = new Forgiveness(log, this, judgeOf);
    judge.check(client, forgiveness);
    return [judge.problems, forgiveness.explained.size];
  }

  /** What is wrong with histories that the log which ends with `end` has given up: when nodes had those states, and with these limits. */
  problemsBeside(end: string, hashes: ReadonlyMap<number, string>, genesis = genesisOf): readonly string[] {
    const judge = (history: readonly ArchivedFrame[]) => judgeOf(history, hashes, genesis);
    return new Forgiveness(this.before(chainOf(end)), this, judge).problems;
  }
}

function judgeOf(
  history: readonly ArchivedFrame[],
  hashes: ReadonlyMap<number, string> = new Map(),
  genesis = genesisOf,
): Judge {
  const judge = new Judge(hashes, genesis);
  for (const { words, count, firstPosition } of history) judge.visit(words, 0, count, firstPosition);
  return judge;
}

const chainOf = (name: string) => new TextEncoder().encode(name);

function genesis(): Int32Array[] {
  const bytes = encodeGenesisEntry(USUAL_LIMITS.genesis, TIME_US);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return Array.from({ length: words.length / COMMAND_WORDS }, (_, i) =>
    words.slice(i * COMMAND_WORDS, (i + 1) * COMMAND_WORDS),
  );
}

function timed(words: Int32Array): Int32Array {
  words[CommandWord.timestampLow] = (TIME_US % 2 ** 32) | 0;
  words[CommandWord.timestampHigh] = Math.floor(TIME_US / 2 ** 32);
  return words;
}

function said(command: AdminCommand): Int32Array {
  const words = new Int32Array(COMMAND_WORDS);
  writeAdminCommand(words, 0, command);
  return timed(words);
}

const tenure = (epoch: number) => said({ kind: "tenure", epoch, who: "north", others: ["south"] });
const forced = () => said({ kind: "forced_start", who: "ann" });

function order(number: number): Int32Array {
  const words = new Int32Array(COMMAND_WORDS);
  words[0] = CommandKind.NewOrder;
  words[CommandWord.account] = ACCOUNT;
  words[CommandWord.orderIdLow] = number;
  words[CommandWord.requestLow] = number;
  words[CommandWord.quantity] = 1;
  words[CommandWord.priceLow] = 1_000;
  return timed(words);
}

/** The client was told that it was accepted with that sequence. */
function told(number: number, value: number): ClientRequest {
  const request = { kind: CommandKind.NewOrder, number, idLow: number, outcome: "accepted", value };
  return request as unknown as ClientRequest;
}

/** Order 1 is in every history, order 2 in the old tenure's alone, order 3 in the forced one's, order 4 behind that in a log that lost. */
function histories(): Histories {
  return new Histories()
    .add("begin", "", 1, ...genesis(), tenure(1), order(1))
    .add("old", "begin", 1, order(2))
    .add("forced", "begin", 5, tenure(5), forced(), order(3))
    .add("more", "forced", 5, order(4))
    .add("next", "forced", 6, tenure(6), order(5))
    .add("next by force", "forced", 8, tenure(8), forced(), order(6));
}

test("what an older tenure had, and the forced one had not, is forgiven, with the very answer that it gave", () => {
  expect(histories().judged("forced", told(1, 1), told(3, 2))).toEqual([[], 0]);
  expect(histories().judged("forced", told(2, 2))).toEqual([[], 1]);
  expect(histories().judged("next", told(2, 2))).toEqual([[], 1]);
  expect(histories().judged("forced", told(2, 3))).toEqual([
    ["client 1, order 2: accepted, and not in the log"],
    0,
  ]);
});

test("nothing is forgiven that a forced tenure has acknowledged itself, unless another was forced above it", () => {
  expect(histories().judged("next", told(4, 3))).toEqual([
    ["client 1, order 4: accepted, and not in the log"],
    0,
  ]);
  expect(histories().judged("next by force", told(4, 3))).toEqual([[], 1]);
});

test("nothing is forgiven in a log without a forced tenure, nor what nobody ever had", () => {
  expect(histories().judged("old", told(3, 2))[1]).toBe(0);
  expect(histories().judged("forced", told(7, 9))[0]).toHaveLength(1);
  const replaced = histories().add("replaced", "begin", 4, tenure(4), order(7));
  expect(replaced.judged("replaced", told(2, 2))[0]).toHaveLength(1);
});

// They were only computed: the states that nodes had there, and the limits of the log, were held against nothing.
test("a history that was given up is judged like the log: by the states that nodes had, and by its limits", () => {
  const [old] = histories().before(chainOf("old")).slice(-1);
  const hash = judgeOf(histories().before(chainOf("old"))).hash;
  expect(histories().problemsBeside("forced", new Map([[old.firstPosition, hash]]))).toEqual([]);
  const other = judgeOf(histories().before(chainOf("begin"))).hash;
  expect(histories().problemsBeside("forced", new Map([[old.firstPosition, other]]))).toEqual([
    `position ${old.firstPosition}: a node had another state than its log gives`,
  ]);
  const strict = { ...genesisOf, maxQuantity: 0 };
  expect(histories().problemsBeside("forced", new Map(), strict)).toContain(
    `position ${old.firstPosition}: an order of 1 was taken, at most 0`,
  );
});

test("an administrator's command that was given up stood where he was told, and behind where the histories part", () => {
  const halt = said({ kind: "halt", who: "bob" });
  const [old] = histories().before(chainOf("old")).slice(-1);
  const halted = histories().add("halted", "old", 1, halt);
  const at = old.firstPosition + 1;
  const byForce = halted.forgiveness("forced");
  expect(byForce.held("bob", at)).toBe(true);
  expect(byForce.held("bob", at + 1)).toBe(false);
  expect(byForce.held("eve", at)).toBe(false);
  expect(halted.forgiveness("halted").held("bob", at)).toBe(false);
});

test("a session's request was executed by a history that was given up, where it was so behind where that parts, and once", () => {
  const twice = histories().add("twice", "old", 1, order(8), order(8));
  const byForce = twice.forgiveness("forced");
  expect([1, 2, 3, 8].map((number) => byForce.executed(ACCOUNT, number))).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect(twice.forgiveness("twice").executed(ACCOUNT, 3)).toBe(false);
});

test("what a session was told is forgiven where such a history says it; what is executed twice, or was refused, is not", () => {
  const { sessions } = judgeOf(histories().add("twice", "forced", 5, order(3)).before(chainOf("twice")));
  const { sessions: once } = judgeOf(histories().before(chainOf("forced")));
  const problemsOf = (
    judge: SessionJudge,
    number: number,
    outcome: SessionRequest["outcome"],
    isSo: boolean,
  ) => {
    const elsewhere = { session: 9n, position: 999, first: 1, next: 1, wanted: 1, told: 0 };
    const requests = [{ number, outcome, provenBy: elsewhere }];
    const session = { terms: { account: ACCOUNT, who: "desk" }, told: [], logons: [], requests };
    const forgiven = { tells: () => isSo, loggedOn: () => isSo, executed: () => isSo, lacks: () => isSo };
    judge.problems.length = 0;
    judge.check(session as unknown as SimulatedSession, forgiven);
    return judge.problems.length;
  };
  expect(problemsOf(once, 2, "answered", false)).toBe(1);
  expect(problemsOf(once, 2, "answered", true)).toBe(0);
  expect(problemsOf(once, 3, "not executed", false)).toBe(1);
  expect(problemsOf(once, 3, "not executed", true)).toBe(0);
  expect(problemsOf(once, 3, "refused", true)).toBe(1);
  expect(problemsOf(sessions, 3, "answered", true)).toBe(1);
  expect(problemsOf(sessions, 3, "not executed", true)).toBe(1);
});

test("what is executed twice in one log nothing explains", () => {
  const twice = histories().add("twice", "forced", 5, order(2), order(2));
  expect(twice.judged("twice", told(2, 2))).toEqual([
    [expect.stringContaining("client 1, order 2: executed 2 times")],
    0,
  ]);
});

// ---- logons: by which history each was answered, and what follows for reports and requests

const SESSIONS = { common: 1n << 32n, old: 2n << 32n, forced: 3n << 32n };

function ofSession(command: SessionCommand): Int32Array {
  const words = new Int32Array(COMMAND_WORDS);
  writeSessionCommand(words, 0, command);
  return timed(words);
}

function logon(session: bigint): Int32Array {
  const terms = { who: "desk", instance: 0, flags: 0, deadMan_ms: 0 };
  return ofSession({ kind: "session_open", account: ACCOUNT, session, ...terms });
}

const lost = (session: bigint) =>
  ofSession({ kind: "session_end", account: ACCOUNT, session, cause: "node_lost" });

/** A session logs on; order 2 is reported in the old tenure alone, where it logs on again; it does so in the forced one, which takes order 3. */
function loggedOn(): Histories {
  const { common, old, forced: byForce } = SESSIONS;
  return new Histories()
    .add("begin", "", 1, ...genesis(), tenure(1), logon(common))
    .add("old", "begin", 1, order(2), logon(old))
    .add("forced", "begin", 5, tenure(5), forced(), lost(common), logon(byForce))
    .add("more", "forced", 5, order(3));
}

/** What the history that ends with `end` says of its last logon, asked for report `wanted` by who had been told so many. */
function answer(end: keyof typeof SESSIONS, next: number, wanted: number, told: number): ToldLogon {
  const frames = loggedOn().before(chainOf(end === "common" ? "begin" : end));
  const { firstPosition, count } = frames[frames.length - 1];
  const position = firstPosition + count - 1;
  return { session: SESSIONS[end], position, first: Math.min(wanted, next), next, wanted, told };
}

/** Report 1 of the history that ends with `end`, as it was told. */
function firstReport(end: string): ToldReport {
  const engine = new ExchangeEngine();
  const events = new RecordBuffer(EVENT_WORDS, 64, () => {});
  for (const { words, count } of loggedOn().before(chainOf(end)))
    for (let i = 0; i < count; i++) engine.apply(words, i * COMMAND_WORDS, events);
  const stream = engine.reports.of(ACCOUNT);
  if (stream === undefined || stream.next !== 2) throw new Error(`${end} has not one report`);
  const view = new DataView(new ArrayBuffer(256));
  const bytes = encodeExecutionReport(view, 0, 1, 0, stream.words(1), stream.at(1));
  return { number: 1, frame: new Uint8Array(view.buffer.slice(0, bytes)) };
}

/** What is wrong, by the log that ends with `end`, with what a session was told. */
function wrongWith(end: string, told: Partial<Pick<SimulatedSession, "logons" | "told" | "requests">>) {
  const all = loggedOn();
  const { sessions } = judgeOf(all.before(chainOf(end)));
  const session = {
    terms: { account: ACCOUNT, who: "desk" },
    ...{ logons: [], told: [], requests: [], ...told },
  };
  sessions.check(session as unknown as SimulatedSession, all.forgiveness(end));
  return sessions.problems.map((problem) => problem.replace(/^.*?: /, ""));
}

test("the answer to a logon is of the log, or of a history that was given up, with the numbers of reports that it has there", () => {
  const [common, old, byForce] = [
    answer("common", 1, 1, 0),
    answer("old", 2, 2, 1),
    answer("forced", 1, 1, 0),
  ];
  expect(wrongWith("old", { logons: [common, old], told: [firstReport("old")] })).toEqual([]);
  expect(wrongWith("more", { logons: [common, byForce] })).toEqual([]);
  expect(wrongWith("more", { logons: [common, old], told: [firstReport("old")] })).toEqual([]);
  expect(wrongWith("old", { logons: [byForce] })).toEqual([
    `a logon was answered, and is not in the log at ${byForce.position}`,
  ]);
  expect(wrongWith("more", { logons: [{ ...old, position: old.position - 1 }] })).toHaveLength(1);
  for (const wrong of [{ next: 3 }, { first: 1 }, { session: 7n }])
    expect(wrongWith("more", { logons: [{ ...old, ...wrong }] })).toHaveLength(1);
  expect(wrongWith("old", { logons: [old, common] })).toEqual([
    `the logon at ${common.position} was answered behind the one at ${old.position}`,
  ]);
});

test("a logon that lacks reports which were told before is one of a history beside theirs", () => {
  const behind = answer("forced", 1, 2, 1);
  expect(wrongWith("more", { logons: [behind], told: [firstReport("old")] })).toEqual([]);
  // As if the log had told a report before it made it.
  expect(wrongWith("more", { logons: [behind], told: [firstReport("more")] })).toEqual([
    `the logon at ${behind.position} has a gap, and report 1 is in the log`,
  ]);
  expect(wrongWith("more", { logons: [behind] })).toHaveLength(1);
});

test("what was not executed is so by the history that says it: one with the logon that proved it", () => {
  const requests = (provenBy: ToldLogon | undefined): SessionRequest[] => [
    { number: 3, outcome: "not executed", provenBy },
  ];
  expect(wrongWith("more", { requests: requests(answer("old", 2, 2, 0)) })).toEqual([]);
  // Any history that was given up was good enough.
  const ofNone = { ...answer("old", 2, 2, 0), session: 7n };
  for (const other of [answer("forced", 1, 1, 0), answer("common", 1, 1, 0), ofNone, undefined])
    expect(wrongWith("more", { requests: requests(other) })).toHaveLength(1);
});
