// Flow objects to text. Every value has exactly one spelling, so two flows say the same when their lines are equal.
// Specification: flow.md.

import { assert } from "../../base/index.ts";
import { type KillTarget, Side, type TenureCommand, TimeInForce } from "../commands/index.ts";
import { reasonName } from "../reasons.ts";
import {
  type Flow,
  type FlowBook,
  type FlowCommand,
  type FlowLevel,
  type FlowMeta,
  type FlowOutcome,
  type FlowRequest,
  type FlowSnapshot,
  type FlowVersion,
  isFlowOrder,
  isFlowRequest,
} from "./types.ts";

/**
 * The lowest version that can say all of this: 3 for administration, sessions, mass cancels, numbers used once, what a market order
 * names and a bound of an account's orders, 2 for accounts, limits and capacities, else 1.
 */
export function flowVersionOf(flow: Pick<Flow, "meta" | "steps">): FlowVersion {
  const { ordersMax, accountsMax, accountOrdersMax } = flow.meta;
  if (accountOrdersMax !== undefined || flow.steps.some(({ command }) => needsVersion3(command))) return 3;
  const extended = flow.steps.some(({ command }) => optionsOf(command) !== "");
  return extended || ordersMax !== undefined || accountsMax !== undefined ? 2 : 1;
}

function needsVersion3(command: FlowCommand): boolean {
  if (!isFlowOrder(command)) return command.kind !== "reg";
  return command.once !== undefined || namedBy(command) !== "";
}

/** The lines of a complete flow; `comments` come first, each as one `# ` line. */
export function formatFlow(flow: Flow, comments: readonly string[] = []): string[] {
  assert(flow.version >= flowVersionOf(flow), "the version has words for all that the flow says");
  const lines = comments.map((comment) => `# ${comment}`);
  lines.push(`version ${flow.version}`, formatMeta(flow.meta));
  for (const { command, outcomes } of flow.steps) {
    lines.push(formatCommand(command));
    for (const outcome of outcomes) lines.push(formatOutcome(outcome));
  }
  // Joined, not pushed: a book has more levels than a call can have arguments.
  return flow.snapshot === undefined ? lines : lines.concat(formatSnapshot(flow.snapshot));
}

export function formatMeta(meta: FlowMeta): string {
  const { seed, symbols, orders, maxQuantity, maxNotional, ordersMax, accountsMax, accountOrdersMax } = meta;
  const capacities =
    (ordersMax === undefined ? "" : ` orders_max ${ordersMax}`) +
    (accountsMax === undefined ? "" : ` accounts_max ${accountsMax}`) +
    (accountOrdersMax === undefined ? "" : ` account_orders_max ${accountOrdersMax}`);
  return (
    `meta seed ${seed} symbols ${symbols} orders ${orders} max_qty ${maxQuantity} ` +
    `max_notional ${maxNotional}${capacities}`
  );
}

/** One `cmd` line. */
export function formatCommand(command: FlowCommand): string {
  return `cmd ${command.kind} ${commandBody(command)}${optionsOf(command)}`;
}

function commandBody(command: FlowCommand): string {
  switch (command.kind) {
    case "reg":
      return command.name;
    case "limit": {
      const { symbol, id, side, price, quantity, timeInForce } = command;
      return `${symbol} ${id} ${sideLetter(side)} ${price} ${quantity} ${timeInForceWord(timeInForce)}`;
    }
    case "market":
      return `${command.symbol} ${command.id} ${sideLetter(command.side)} ${command.quantity}`;
    case "cancel":
      return `${command.symbol} ${command.id}`;
    case "modify":
      return `${command.symbol} ${command.id} ${command.price} ${command.quantity}`;
    case "tenure":
      return [command.epoch, command.who, ...othersOf(command)].join(" ");
    case "ack_policy":
      return `${command.policy} ${command.who}`;
    case "kill_switch":
      return `${killTarget(command)} ${command.on ? "on" : "off"} ${command.who}`;
    case "mass_cancel":
      return `${command.symbol ?? "*"} ${command.side === undefined ? "*" : sideLetter(command.side)}`;
    case "session_open": {
      const { account, session, who, instance, flags, deadMan_ms } = command;
      return `${account} ${session} ${who} ${instance} ${flags} ${deadMan_ms}`;
    }
    case "session_end":
      return `${command.account} ${command.session} ${command.cause}`;
    default:
      return command.who;
  }
}

function killTarget(target: KillTarget): string {
  if (target.scope === "account") return String(target.account);
  return target.scope === "symbol" ? `symbol ${target.symbol}` : "all";
}

/** The trailing tokens that orders have since versions 2 and 3; empty for whatever version 1 can say. */
function optionsOf(command: FlowCommand): string {
  if (!isFlowRequest(command)) return "";
  const account = command.account === 0 ? "" : ` account ${command.account}`;
  const isLimited = "answerLimit" in command && command.answerLimit !== 0;
  const limit = isLimited ? ` limit ${command.answerLimit}` : "";
  const once = command.once === undefined ? "" : ` once ${command.once}`;
  return account + limit + once + namedBy(command);
}

function namedBy(command: FlowRequest): string {
  if (command.kind !== "market" || command.named === undefined) return "";
  const { price, timeInForce } = command.named;
  return ` named ${price} ${timeInForceWord(timeInForce)}`;
}

function timeInForceWord(timeInForce: TimeInForce): "GTC" | "IOC" {
  return timeInForce === TimeInForce.GoodTillCancel ? "GTC" : "IOC";
}

function othersOf({ others = [] }: TenureCommand): readonly string[] {
  return others.length === 0 ? [] : ["others", ...others];
}

function sideLetter(side: Side): "B" | "S" {
  return side === Side.Buy ? "B" : "S";
}

/** One `evt` or `reject` line. */
export function formatOutcome(outcome: FlowOutcome): string {
  switch (outcome.kind) {
    case "reject":
      return `reject ${outcome.command} ${outcome.id} ${reasonName(outcome.reason)}`;
    case "trade": {
      const { sequence, symbol, taker, maker, price, quantity } = outcome;
      return `evt trade ${sequence} ${symbol} ${taker} ${maker} ${price} ${quantity}`;
    }
    case "mass_cancel":
      return `evt mass_cancel ${outcome.sequence} ${outcome.orders}`;
    default:
      return `evt ${outcome.kind} ${outcome.sequence} ${outcome.symbol} ${outcome.id}`;
  }
}

/** The final state: `snapshot`, then per symbol `sym` and its levels. */
export function formatSnapshot(snapshot: FlowSnapshot): string[] {
  return [formatSnapshotHead(snapshot), ...snapshot.books.flatMap(formatBook)];
}

export function formatSnapshotHead(snapshot: Pick<FlowSnapshot, "lastSequence" | "trades">): string {
  return `snapshot last_seq ${snapshot.lastSequence} trades ${snapshot.trades}`;
}

function formatBook(book: FlowBook, symbol: number): string[] {
  return [
    formatSym(symbol, book),
    ...book.bids.map((level) => formatLevel(symbol, "B", level)),
    ...book.asks.map((level) => formatLevel(symbol, "A", level)),
  ];
}

export function formatSym(symbol: number, book: FlowBook): string {
  return `sym ${symbol} bid ${book.bid ?? "-"} ask ${book.ask ?? "-"} orders ${book.orders}`;
}

export function formatLevel(symbol: number, side: "B" | "A", level: FlowLevel): string {
  return `level ${symbol} ${side} ${level.price} ${level.quantity}`;
}
