// What a flow file says, as plain objects. Specification: flow.md. Cold path: ids (u64) and prices (i64) are
// bigints, because a flow may hold every value the wire can carry, also those the engine answers with InvalidPrice.

import type { AdminCommand, SessionCommand, Side, TimeInForce } from "../commands/index.ts";
import type { Reason } from "../reasons.ts";

/** What decides a flow's results besides its commands. */
export interface FlowMeta {
  /** Whatever number the generator was given; decides nothing. */
  readonly seed: number;
  /** How many symbols and orders the generator meant; symbols come from the `cmd reg` lines instead. */
  readonly symbols: number;
  readonly orders: number;
  /** Largest quantity of one order, in lots. */
  readonly maxQuantity: number;
  /** Largest quantity x price of one order, in tick-lots. */
  readonly maxNotional: number;
  /** Version 2: most orders resting at once; undefined = room for every order of the flow. */
  readonly ordersMax?: number;
  /** Version 2: accounts are 0 .. accountsMax - 1; undefined = account 0 alone. */
  readonly accountsMax?: number;
  /** Version 3: most orders of an account with a stream resting at once; undefined = as many as rest. */
  readonly accountOrdersMax?: number;
}

interface OfOrder {
  readonly symbol: number;
  /** u64. */
  readonly id: bigint;
  /** Version 2; 0 in version 1. */
  readonly account: number;
  /** Version 3: the request's number, which is used once; undefined = it has none. u64. */
  readonly once?: bigint;
}

interface MayTrade {
  /** Version 2: the most fills the answer may hold; 0 = no limit, as in version 1. */
  readonly answerLimit: number;
}

export interface FlowRegister {
  readonly kind: "reg";
  readonly name: string;
}
export interface FlowLimit extends OfOrder, MayTrade {
  readonly kind: "limit";
  readonly side: Side;
  /** i64 ticks. */
  readonly price: bigint;
  /** u32 lots. */
  readonly quantity: number;
  readonly timeInForce: TimeInForce;
}
export interface FlowMarket extends OfOrder, MayTrade {
  readonly kind: "market";
  readonly side: Side;
  readonly quantity: number;
  /** Version 3: a price and a time in force that it does not use; undefined = 0 and IOC. */
  readonly named?: Pick<FlowLimit, "price" | "timeInForce">;
}
export interface FlowCancel extends OfOrder {
  readonly kind: "cancel";
}
export interface FlowModify extends OfOrder, MayTrade {
  readonly kind: "modify";
  readonly price: bigint;
  readonly quantity: number;
}
/** Every command that names an order. */
export type FlowOrderCommand = FlowLimit | FlowMarket | FlowCancel | FlowModify;
/** Version 3: all orders of an account, of one symbol or (undefined) all, of one side or (undefined) both. */
export interface FlowMassCancel {
  readonly kind: "mass_cancel";
  readonly account: number;
  readonly symbol?: number;
  readonly side?: Side;
  readonly once?: bigint;
}
/** What traders ask for: the commands that may have a request's number. */
export type FlowRequest = FlowOrderCommand | FlowMassCancel;
/** Version 3: also what administrators, nodes and gateways said. */
export type FlowCommand = FlowRegister | FlowRequest | AdminCommand | SessionCommand;

/** Whether a command names an order. */
export function isFlowOrder(command: FlowCommand): command is FlowOrderCommand {
  return "id" in command;
}

/** Whether a command is a trader's. */
export function isFlowRequest(command: FlowCommand): command is FlowRequest {
  return isFlowOrder(command) || command.kind === "mass_cancel";
}

export interface FlowEvent {
  /** repeat: what was answered before, with the sequence of that time. */
  readonly kind: "accept" | "cancel" | "modify" | "repeat";
  readonly sequence: number;
  readonly symbol: number;
  readonly id: bigint;
}
export interface FlowTrade {
  readonly kind: "trade";
  readonly sequence: number;
  readonly symbol: number;
  readonly taker: bigint;
  readonly maker: bigint;
  readonly price: bigint;
  readonly quantity: number;
}
/** Version 3: a mass cancel, and how many orders it took out. */
export interface FlowMassCancelled {
  readonly kind: "mass_cancel";
  readonly sequence: number;
  readonly orders: number;
}
export interface FlowReject {
  readonly kind: "reject";
  readonly command:
    | "new_limit"
    | "new_market"
    | "cancel"
    | "modify"
    | "mass_cancel"
    | "kill_switch"
    | "session_open";
  readonly id: bigint;
  readonly reason: Reason;
}
/** One `evt` or `reject` line. */
export type FlowOutcome = FlowEvent | FlowTrade | FlowMassCancelled | FlowReject;

export interface FlowLevel {
  readonly price: bigint;
  /** The level's total in lots: a safe integer. */
  readonly quantity: number;
}
/** The final state of one symbol; `bids` from the highest, `asks` from the lowest. */
export interface FlowBook {
  readonly bid: bigint | undefined;
  readonly ask: bigint | undefined;
  readonly orders: number;
  readonly bids: readonly FlowLevel[];
  readonly asks: readonly FlowLevel[];
}
export interface FlowSnapshot {
  readonly lastSequence: number;
  readonly trades: number;
  /** One per registered symbol, in the order of registration. */
  readonly books: readonly FlowBook[];
}

/** A command and, when the flow was recorded, what followed from it. */
export interface FlowStep {
  readonly command: FlowCommand;
  readonly outcomes: readonly FlowOutcome[];
}

export type FlowVersion = 1 | 2 | 3;

export interface Flow {
  readonly version: FlowVersion;
  readonly meta: FlowMeta;
  readonly steps: readonly FlowStep[];
  readonly snapshot?: FlowSnapshot;
}

/** Lines are kept only where a reader wants to point at them: 1-based, parallel to the flow's own arrays. */
export interface FlowLines {
  /** Of steps[i]: the command's line and its outcomes' lines. */
  readonly steps: readonly { readonly command: number; readonly outcomes: readonly number[] }[];
  /** Of the snapshot: its own line and each book's. */
  readonly snapshot: number;
  readonly books: readonly FlowBookLines[];
}
export interface FlowBookLines {
  readonly sym: number;
  readonly bids: readonly number[];
  readonly asks: readonly number[];
}

export interface ParsedFlow {
  readonly flow: Flow;
  readonly lines: FlowLines;
}

/** The names a flow registers, in the order of their symbol numbers. */
export function registeredNames(flow: Pick<Flow, "steps">): string[] {
  const names = new Set<string>();
  for (const { command } of flow.steps) if (command.kind === "reg") names.add(command.name);
  return [...names];
}
