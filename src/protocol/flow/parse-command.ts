// The lines of a flow's middle: meta, commands, and what followed from them. Specification: flow.md.

import {
  ACK_POLICY_NAMES,
  type AckPolicyName,
  type AdminCommand,
  INSTRUMENT_NAME_BYTES_MAX,
  isWho,
  Side,
  TimeInForce,
  WHO_BYTES_MAX,
} from "../commands/index.ts";
import { Reason } from "../reasons.ts";
import type { LineReader } from "./line-reader.ts";
import type {
  FlowCommand,
  FlowMeta,
  FlowOrderCommand,
  FlowOutcome,
  FlowReject,
  FlowVersion,
} from "./types.ts";

const SIDES = { B: Side.Buy, S: Side.Sell };
const TIMES_IN_FORCE = { GTC: TimeInForce.GoodTillCancel, IOC: TimeInForce.ImmediateOrCancel };
const KINDS = { reg: "reg", limit: "limit", market: "market", cancel: "cancel", modify: "modify" } as const;
const ADMIN_KINDS = {
  tenure: "tenure",
  ack_policy: "ack_policy",
  halt: "halt",
  resume: "resume",
  kill_switch: "kill_switch",
  forced_start: "forced_start",
  promotion: "promotion",
} as const satisfies Record<string, AdminCommand["kind"]>;
const POLICIES = Object.fromEntries(ACK_POLICY_NAMES.map((name) => [name, name])) as Record<
  AckPolicyName,
  AckPolicyName
>;
const SWITCH = { on: true, off: false };
const EVENTS = {
  accept: "accept",
  cancel: "cancel",
  modify: "modify",
  repeat: "repeat",
  trade: "trade",
} as const;
const REJECTED: Record<string, FlowReject["command"]> = {
  new_limit: "new_limit",
  new_market: "new_market",
  cancel: "cancel",
  modify: "modify",
  kill_switch: "kill_switch",
};
/** Every reason but None, which refuses nothing. */
const REASONS: Record<string, Reason> = Object.fromEntries(
  Object.entries(Reason).filter(([, code]) => code !== Reason.None),
);

export function readMeta(reader: LineReader, version: FlowVersion): FlowMeta {
  reader.word("seed");
  const seed = reader.count("the seed");
  reader.word("symbols");
  const symbols = reader.u32("the number of symbols");
  reader.word("orders");
  const orders = reader.count("the number of orders");
  reader.word("max_qty");
  const maxQuantity = reader.u32("the largest quantity");
  reader.word("max_notional");
  const maxNotional = reader.count("the largest notional");
  const ordersMax = readCapacity(reader, version, "orders_max");
  const accountsMax = readCapacity(reader, version, "accounts_max");
  return {
    seed,
    symbols,
    orders,
    maxQuantity,
    maxNotional,
    ...(ordersMax !== undefined && { ordersMax }),
    ...(accountsMax !== undefined && { accountsMax }),
  };
}

function readCapacity(reader: LineReader, version: FlowVersion, word: string): number | undefined {
  if (!takesOption(reader, version, word)) return undefined;
  const capacity = reader.u32(word);
  if (capacity === 0) reader.fail(`${word} is at least 1`);
  return capacity;
}

function takesOption(reader: LineReader, version: FlowVersion, word: string): boolean {
  return version >= 2 && reader.takes(word);
}

/** `accountsMax`: accounts from this one on are refused; in version 1 there is no word for any. */
export function readCommand(reader: LineReader, version: FlowVersion, accountsMax: number): FlowCommand {
  const kind = reader.oneOf("a command", version >= 3 ? { ...KINDS, ...ADMIN_KINDS } : KINDS);
  if (kind in ADMIN_KINDS) return readAdministration(reader, kind as AdminCommand["kind"], accountsMax);
  return readTrading(reader, kind as keyof typeof KINDS, version, accountsMax);
}

function readAdministration(
  reader: LineReader,
  kind: AdminCommand["kind"],
  accountsMax: number,
): AdminCommand {
  switch (kind) {
    case "tenure": {
      const epoch = reader.count("the epoch");
      if (epoch === 0) reader.fail("an epoch is at least 1");
      return { kind, epoch, who: readWho(reader) };
    }
    case "ack_policy":
      return { kind, policy: reader.oneOf("the policy", POLICIES), who: readWho(reader) };
    case "kill_switch": {
      const account = readAccountNumber(reader, accountsMax);
      const on = reader.oneOf("on or off", SWITCH);
      return { kind, account, on, who: readWho(reader) };
    }
    default:
      return { kind, who: readWho(reader) };
  }
}

function readWho(reader: LineReader): string {
  const who = reader.token("the name of who gave it");
  if (!isWho(who)) reader.fail(`name '${who}' is longer than ${WHO_BYTES_MAX} bytes`);
  return who;
}

function readTrading(
  reader: LineReader,
  kind: keyof typeof KINDS,
  version: FlowVersion,
  accountsMax: number,
): FlowCommand {
  if (kind === "reg") return { kind, name: readName(reader) };
  const symbol = reader.u32("the symbol");
  const id = reader.u64("the order id");
  if (kind === "cancel") {
    const account = readAccount(reader, version, accountsMax);
    return { kind, symbol, id, account, ...readOnce(reader, version) };
  }
  const body = readBody(reader, kind);
  const account = readAccount(reader, version, accountsMax);
  const answerLimit = takesOption(reader, version, "limit") ? reader.u32("the answer limit") : 0;
  return { ...body, symbol, id, account, answerLimit, ...readOnce(reader, version) };
}

function readOnce(reader: LineReader, version: FlowVersion): { once?: bigint } {
  return version >= 3 && reader.takes("once") ? { once: reader.u64("the request's number") } : {};
}

type Body<K> = K extends "limit" | "market" | "modify"
  ? Omit<Extract<FlowOrderCommand, { kind: K }>, "symbol" | "id" | "account" | "answerLimit" | "once">
  : never;

function readBody(
  reader: LineReader,
  kind: "limit" | "market" | "modify",
): Body<"limit"> | Body<"market"> | Body<"modify"> {
  if (kind === "modify")
    return { kind, price: reader.i64("the price"), quantity: reader.u32("the quantity") };
  const side = reader.oneOf("the side", SIDES);
  if (kind === "market") return { kind, side, quantity: reader.u32("the quantity") };
  const price = reader.i64("the price");
  const quantity = reader.u32("the quantity");
  return { kind, side, price, quantity, timeInForce: reader.oneOf("the time in force", TIMES_IN_FORCE) };
}

function readAccount(reader: LineReader, version: FlowVersion, accountsMax: number): number {
  return takesOption(reader, version, "account") ? readAccountNumber(reader, accountsMax) : 0;
}

function readAccountNumber(reader: LineReader, accountsMax: number): number {
  const account = reader.u32("the account");
  if (account >= accountsMax)
    reader.fail(`account ${account} is not below accounts_max, which is ${accountsMax}`);
  return account;
}

function readName(reader: LineReader): string {
  const name = reader.token("the symbol's name");
  if (name.length > INSTRUMENT_NAME_BYTES_MAX)
    reader.fail(`symbol name '${name}' is longer than ${INSTRUMENT_NAME_BYTES_MAX} bytes`);
  return name;
}

export function readOutcome(reader: LineReader, word: "evt" | "reject"): FlowOutcome {
  if (word === "reject") {
    const command = reader.oneOf("the rejected command", REJECTED);
    const id = reader.u64("the order id");
    return { kind: "reject", command, id, reason: reader.oneOf("the reason", REASONS) };
  }
  const kind = reader.oneOf("an event", EVENTS);
  const sequence = reader.count("the sequence");
  const symbol = reader.u32("the symbol");
  if (kind !== "trade") return { kind, sequence, symbol, id: reader.u64("the order id") };
  const taker = reader.u64("the taker's id");
  const maker = reader.u64("the maker's id");
  const price = reader.i64("the price");
  return { kind, sequence, symbol, taker, maker, price, quantity: reader.u32("the quantity") };
}
