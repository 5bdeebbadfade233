// What a set of flows met: so that a test can say not only that nothing differed, but that something was tried.

import {
  type EventFields,
  EventKind,
  type FlowCommand,
  isFlowOrder,
  Reason,
  type ReasonName,
  reasonName,
} from "../protocol/index.ts";

/** Every reason that a flow can lead to. InvalidSide has no spelling in a flow; of those from 11 on the engine has four. */
export const REACHABLE_REASONS: readonly ReasonName[] = Object.entries(Reason)
  .filter(([, code]) => code >= Reason.UnknownSymbol && code <= Reason.AnswerTooLarge)
  .map(([name]) => name as ReasonName)
  .filter((name) => name !== "InvalidSide")
  .concat("TradingHalted", "AccountSwitchedOff", "RequestReused", "RequestForgotten");

export class FlowStatistics {
  /** Commands that name an order. */
  commands = 0;
  accepted = 0;
  /** Commands that led to at least one trade. */
  trading = 0;
  trades = 0;
  /** The most trades of one command. */
  tradesMax = 0;
  /** Orders that kill switches cancelled. */
  killed = 0;
  /** Requests that were answered as they had been before. */
  repeated = 0;
  readonly kinds = new Map<string, number>();
  readonly reasons = new Map<string, number>();

  count(command: FlowCommand, events: readonly EventFields[]): void {
    increase(this.kinds, command.kind, 1);
    if (!isFlowOrder(command)) {
      this.killed += events.filter(({ kind }) => kind === EventKind.Cancel).length;
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
    const trades = events.length - 1;
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
    this.killed += other.killed;
    this.repeated += other.repeated;
    for (const [kind, count] of other.kinds) increase(this.kinds, kind, count);
    for (const [reason, count] of other.reasons) increase(this.reasons, reason, count);
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
      `${trades} trades, at most ${tradesMax} of one command; ${this.killed} orders cancelled by kill switches`,
      `${this.repeated} requests answered as before`,
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
