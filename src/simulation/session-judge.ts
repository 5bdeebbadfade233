// Judges logged-on sessions by the log that is left, while it is computed again:
//
//   told           every report a client has, by its number, is byte for byte the one that the log gives
//   logged on      where it was told, with the numbers of reports that the log gives there; reports that it lacks then, which the
//                  client has, are none of this log's
//   answered       executed exactly once;   refused, not executed: never;   nothing is executed twice
//   disconnected   a session that cancels on disconnect leaves no order of its account resting
//   dead man       fires when its time is over: simulation.ts waits for it in the end. That it does not before is gateway tests'
//   a new tenure   sessions of the lost node end before anybody's next command
//
// What a start by force gave up is excused where such a history explains it (forgiveness.ts).

import type { ExchangeEngine } from "../engine/index.ts";
import {
  ALL_SYMBOLS,
  CommandKind,
  CommandWord,
  checkSessionCommand,
  encodeExecutionReport,
  readReport,
  SessionFlag,
} from "../protocol/index.ts";
import type { Forgiveness } from "./forgiveness.ts";
import type { SessionRequest, SimulatedSession, ToldLogon, ToldReport } from "./simulated-session.ts";

/** What a session's part of it is. */
type Forgiven = Pick<Forgiveness, "tells" | "loggedOn" | "executed" | "lacks">;

export class SessionJudge {
  readonly #engine: ExchangeEngine;
  /** Where each request of an account stands in the log; those of open connections have no part in it. */
  readonly #positions = new Map<string, number[]>();
  /** By their positions, and which report was to come next there. */
  readonly #logons = new Map<
    number,
    { readonly account: number; readonly session: bigint; readonly next: number }
  >();
  /** Session numbers that were connected when the last tenure began. */
  #lost = new Set<string>();
  /** Whose orders the command at work must take out. */
  #mustBeBare: number | undefined;
  readonly #view = new DataView(new ArrayBuffer(256));
  readonly problems: string[] = [];

  constructor(engine: ExchangeEngine) {
    this.#engine = engine;
  }

  /** The command at `words[at]` is about to be applied. */
  before(words: Int32Array, at: number, position: number): void {
    const kind = words[at] & 0xff;
    this.#mustBeBare = undefined;
    if (kind === CommandKind.SessionEnd) this.#mustBeBare = this.#cancelsOf(words, at);
    if (kind >= CommandKind.NewOrder || kind === CommandKind.SessionOpen) {
      const left = this.#connected().filter((session) => this.#lost.has(session));
      if (left.length > 0)
        this.problems.push(`position ${position}: a session of the last tenure was not ended before it`);
      this.#lost = new Set();
    }
    if (kind < CommandKind.NewOrder) return;
    const key = keyOf(words[at + CommandWord.account], words[at + CommandWord.requestLow]);
    this.#positions.set(key, [...(this.#positions.get(key) ?? []), position]);
  }

  /** It was applied. */
  after(words: Int32Array, at: number, position: number): void {
    const kind = words[at] & 0xff;
    if (kind === CommandKind.Tenure) this.#lost = new Set(this.#connected());
    if (kind === CommandKind.SessionOpen) this.#loggedOn(words, at, position);
    if (this.#mustBeBare === undefined || !this.hasOrders(this.#mustBeBare)) return;
    this.problems.push(`position ${position}: a cancel on disconnect left orders of ${this.#mustBeBare}`);
  }

  #loggedOn(words: Int32Array, at: number, position: number): void {
    const command = checkSessionCommand(words, at);
    const next = command && this.#engine.reports.of(command.account)?.next;
    if (command === undefined || next === undefined) return;
    this.#logons.set(position, { account: command.account, session: command.session, next });
  }

  hasOrders(account: number): boolean {
    let count = 0;
    this.#engine.forEachOwnOrder(account, ALL_SYMBOLS, 1, () => {
      count++;
    });
    return count > 0;
  }

  /** Everything that a client knows and the log contradicts. */
  check(session: SimulatedSession, forgiven: Forgiven): void {
    const { account, who } = session.terms;
    const problem = this.#checkTold(session, forgiven) ?? this.#checkLogons(session, forgiven);
    if (problem !== undefined) this.problems.push(`session of account ${account} (${who}): ${problem}`);
    for (const request of session.requests) {
      const positions = this.positionsOf(account, request.number);
      const contradiction = contradictionOf(request, positions);
      if (contradiction === undefined) continue;
      if (positions.length > 1 || !this.#isExplained(account, request, forgiven))
        this.problems.push(`account ${account}, request ${request.number}: ${contradiction}`);
    }
  }

  #checkTold({ told, terms }: SimulatedSession, forgiven: Pick<Forgiveness, "tells">): string | undefined {
    const { account } = terms;
    for (const report of told) {
      const problem = this.contradictionTo(account, report);
      if (problem !== undefined && !forgiven.tells(account, report)) return problem;
    }
    return undefined;
  }

  #checkLogons({ logons, told, terms }: SimulatedSession, forgiven: Forgiven): string | undefined {
    const { account } = terms;
    let last = 0;
    for (const logon of logons) {
      const problem = this.contradictionToLogon(account, logon);
      if (problem !== undefined && !forgiven.loggedOn(account, logon)) return problem;
      if (problem !== undefined) continue;
      const { position, wanted } = logon;
      if (position <= last) return `the logon at ${position} was answered behind the one at ${last}`;
      last = position;
      const before = told.slice(0, logon.told).findLast(({ number }) => number === wanted - 1);
      if (
        logon.first < wanted &&
        (before === undefined || this.contradictionTo(account, before) === undefined)
      )
        return `the logon at ${position} has a gap, and report ${wanted - 1} is in the log`;
    }
    return undefined;
  }

  /** What this log says against the answer to a logon; undefined: it is its own. */
  contradictionToLogon(account: number, logon: ToldLogon): string | undefined {
    const { session, position, first, next, wanted } = logon;
    const known = this.#logons.get(position);
    if (known?.account !== account || known.session !== session)
      return `a logon was answered, and is not in the log at ${position}`;
    if (next === known.next && first === Math.min(wanted, next)) return undefined;
    return `the logon at ${position} was told reports from ${first} of ${next} on, and wanted ${wanted} of ${known.next}`;
  }

  /** What was refused by a gateway, and is in the log, no history that was given up explains. */
  #isExplained(account: number, { number, outcome, provenBy }: SessionRequest, forgiven: Forgiven): boolean {
    if (outcome === "answered") return forgiven.executed(account, number);
    if (outcome !== "not executed" || provenBy === undefined) return false;
    const isOfLog = this.contradictionToLogon(account, provenBy) === undefined;
    return !isOfLog && forgiven.lacks(account, number, provenBy);
  }

  /** What this log says against a report; undefined: it is its own, byte for byte. */
  contradictionTo(account: number, { number, frame }: ToldReport): string | undefined {
    const stream = this.#engine.reports.of(account);
    if (stream === undefined || number >= stream.next) return `report ${number} is not in the log`;
    const words = stream.words(number);
    const end = encodeExecutionReport(this.#view, 0, number, 0, words, stream.at(number));
    const isSame = Buffer.from(this.#view.buffer, 0, end).equals(frame);
    return isSame ? undefined : `report ${number} says something else than the log`;
  }

  /** Of the command that it is about. */
  positionOfReport(account: number, number: number): number {
    const stream = this.#engine.reports.of(account);
    return stream === undefined ? 0 : readReport(stream.words(number), stream.at(number)).position;
  }

  /** Where a request stands. */
  positionsOf(account: number, number: number): readonly number[] {
    return this.#positions.get(keyOf(account, number)) ?? [];
  }

  #connected(): string[] {
    return Array.from(this.#engine.sessions)
      .filter(({ isSilent }) => !isSilent)
      .map(({ account, sessionLow, sessionHigh }) => `${account} ${sessionHigh} ${sessionLow}`);
  }

  /** The account whose orders a SessionEnd takes out for cancel on disconnect. */
  #cancelsOf(words: Int32Array, at: number): number | undefined {
    const command = checkSessionCommand(words, at);
    if (command?.kind !== "session_end") return undefined;
    if (command.cause !== "disconnected" && command.cause !== "node_lost") return undefined;
    const [low, high] = [words[at + CommandWord.sessionLow], words[at + CommandWord.sessionHigh]];
    const ended = Array.from(this.#engine.sessions).find(
      ({ account, sessionLow, sessionHigh }) =>
        account === command.account && sessionLow === low && sessionHigh === high,
    );
    const cancels = ended !== undefined && (ended.flags & SessionFlag.CancelOnDisconnect) !== 0;
    return cancels && !ended.isSilent ? command.account : undefined;
  }
}

function contradictionOf({ outcome }: SessionRequest, positions: readonly number[]): string | undefined {
  if (positions.length > 1) return `executed ${positions.length} times, at ${positions.join(", ")}`;
  if (outcome === "unknown") return undefined;
  if (outcome === "answered") return positions.length === 1 ? undefined : "answered, and not in the log";
  return positions.length === 0 ? undefined : `${outcome}, and in the log at ${positions[0]}`;
}

function keyOf(account: number, request: number): string {
  return `${account} ${request}`;
}
