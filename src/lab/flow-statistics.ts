// What a set of flows met: so that a test can say not only that nothing differed, but that something was tried.

import {
  CancelCause,
  type EventFields,
  EventKind,
  type FlowCommand,
  isFlowRequest,
  Reason,
  type ReasonName,
  reasonName,
} from "../protocol/index.ts";

/** Every reason that a flow can lead to. InvalidSide has no spelling in a flow; of those from 11 on the engine has seven. */
export const REACHABLE_REASONS: readonly ReasonName[] = Object.entries(Reason)
  .filter(([, code]) => code >= Reason.UnknownSymbol && code <= Reason.AnswerTooLarge)
  .map(([name]) => name as ReasonName)
  .filter((name) => name !== "InvalidSide")
  .concat(
    "TradingHalted",
    "AccountSwitchedOff",
    "RequestReused",
    "RequestForgotten",
    "SymbolSwitchedOff",
    "ExchangeSwitchedOff",
    "TooManyOpenOrders",
  );

const CAUSES = Object.keys(CancelCause) as (keyof typeof CancelCause)[];

export class FlowStatistics {
  /** Commands of traders. */
  commands = 0;
  accepted = 0;
  /** Commands that led to at least one trade. */
  trading = 0;
  trades = 0;
  /** The most trades of one command. */
  tradesMax = 0;
  /** Requests that were answered as they had been before. */
  repeated = 0;
  /** Execution reports, of all accounts. */
  told = 0;
  readonly kinds = new Map<string, number>();
  readonly reasons = new Map<string, number>();
  /** Orders cancelled, by cause. */
  readonly causes = new Map<string, number>();
  /** Commands that are no trader's and were refused, by kind. */
  readonly refusals = new Map<string, number>();

  count(command: FlowCommand, events: readonly EventFields[]): void {
    increase(this.kinds, command.kind, 1);
    for (const { kind, reason } of events)
      if (kind === EventKind.Cancel) increase(this.causes, CAUSES[reason], 1);
    if (!isFlowRequest(command)) {
      if (events[0]?.kind === EventKind.Reject) increase(this.refusals, command.kind, 1);
      return;
    }
    this.commands++;
    if (events[0].kind === EventKind.Reject) {
      increase(this.reasons, reasonName(events[0].reason), 1);
      return;
    }
    if (events[0].kind === EventKind.Repeat) {
      this.repeated++;
      return;
    }
    this.accepted++;
    const trades = events.filter(({ kind }) => kind === EventKind.Trade).length;
    if (trades > 0) this.trading++;
    this.trades += trades;
    this.tradesMax = Math.max(this.tradesMax, trades);
  }

  /** Takes in what `other` counted. */
  add(other: FlowStatistics): void {
    this.commands += other.commands;
    this.accepted += other.accepted;
    this.trading += other.trading;
    this.trades += other.trades;
    this.tradesMax = Math.max(this.tradesMax, other.tradesMax);
    this.repeated += other.repeated;
    this.told += other.told;
    for (const [kind, count] of other.kinds) increase(this.kinds, kind, count);
    for (const [reason, count] of other.reasons) increase(this.reasons, reason, count);
    for (const [cause, count] of other.causes) increase(this.causes, cause, count);
    for (const [kind, count] of other.refusals) increase(this.refusals, kind, count);
  }

  get acceptedShare(): number {
    return this.accepted / Math.max(1, this.commands);
  }

  get tradingShare(): number {
    return this.trading / Math.max(1, this.commands);
  }

  /** The counts as text, one fact per line. */
  lines(): string[] {
    const { commands, accepted, trading, trades, tradesMax } = this;
    const counts = (map: Map<string, number>, names: Iterable<string>) =>
      [...names].map((name) => `${name} ${map.get(name) ?? 0}`).join(", ");
    return [
      `${commands} commands: ${counts(this.kinds, this.kinds.keys())}`,
      `accepted ${accepted} (${percent(this.acceptedShare)}), trading ${trading} (${percent(this.tradingShare)})`,
      `${trades} trades, at most ${tradesMax} of one command`,
      `orders cancelled: ${counts(this.causes, CAUSES)}`,
      `refused of others: ${counts(this.refusals, this.refusals.keys())}`,
      `${this.repeated} requests answered as before, ${this.told} execution reports`,
      `rejected: ${counts(this.reasons, REACHABLE_REASONS)}`,
    ];
  }
}

function increase(map: Map<string, number>, key: string, by: number): void {
  map.set(key, (map.get(key) ?? 0) + by);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
