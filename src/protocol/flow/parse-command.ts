// The lines of a flow's middle: meta, commands, and what followed from them. Specification: flow.md.

import {
  ACK_POLICY_NAMES,
  type AckPolicyName,
  type AdminCommand,
  ALL_SYMBOLS,
  areOthers,
  INSTRUMENT_NAME_BYTES_MAX,
  isWho,
  type KillTarget,
  SESSION_END_CAUSES,
  SESSION_FLAGS,
  type SessionCommand,
  Side,
  type TenureCommand,
  TimeInForce,
  WHO_BYTES_MAX,
} from "../commands/index.ts";
import { Reason } from "../reasons.ts";
import type { LineReader } from "./line-reader.ts";
import type {
  FlowCommand,
  FlowMarket,
  FlowMassCancel,
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
const SESSION_KINDS = { session_open: "session_open", session_end: "session_end" } as const;
const VERSION_3_KINDS = { ...ADMIN_KINDS, ...SESSION_KINDS, mass_cancel: "mass_cancel" } as const;
const CAUSES = Object.fromEntries(SESSION_END_CAUSES.map((name) => [name, name]));
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
  mass_cancel: "mass_cancel",
} as const;
const REJECTED: Record<string, FlowReject["command"]> = {
  new_limit: "new_limit",
  new_market: "new_market",
  cancel: "cancel",
  modify: "modify",
  mass_cancel: "mass_cancel",
  kill_switch: "kill_switch",
  session_open: "session_open",
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
  const accountOrdersMax = version < 3 ? undefined : readCapacity(reader, version, "account_orders_max");
  return {
    seed,
    symbols,
    orders,
    maxQuantity,
    maxNotional,
    ...(ordersMax !== undefined && { ordersMax }),
    ...(accountsMax !== undefined && { accountsMax }),
    ...(accountOrdersMax !== undefined && { accountOrdersMax }),
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
  const kinds: Readonly<Record<string, FlowCommand["kind"]>> = {
    ...KINDS,
    ...(version >= 3 && VERSION_3_KINDS),
  };
  const kind = reader.oneOf("a command", kinds);
  if (kind === "mass_cancel") return readMassCancel(reader, version, accountsMax);
  if (kind === "session_open" || kind === "session_end") return readSession(reader, kind, accountsMax);
  if (kind in ADMIN_KINDS) return readAdministration(reader, kind as AdminCommand["kind"], accountsMax);
  return readTrading(reader, kind as keyof typeof KINDS, version, accountsMax);
}

function readAdministration(
  reader: LineReader,
  kind: AdminCommand["kind"],
  accountsMax: number,
): AdminCommand {
  switch (kind) {
    case "tenure":
      return readTenure(reader);
    case "ack_policy":
      return { kind, policy: reader.oneOf("the policy", POLICIES), who: readWho(reader) };
    case "kill_switch": {
      const target = readKillTarget(reader, accountsMax);
      const on = reader.oneOf("on or off", SWITCH);
      return { kind, ...target, on, who: readWho(reader) };
    }
    default:
      return { kind, who: readWho(reader) };
  }
}

function readTenure(reader: LineReader): TenureCommand {
  const kind = "tenure";
  const epoch = reader.count("the epoch");
  if (epoch === 0) reader.fail("an epoch is at least 1");
  const who = readWho(reader);
  if (!reader.takes("others")) return { kind, epoch, who };
  const others = [readWho(reader)];
  while (reader.hasMore) others.push(readWho(reader));
  if (!areOthers(others, who)) reader.fail("the others are one or two nodes, each once, in order");
  return { kind, epoch, who, others };
}

function readKillTarget(reader: LineReader, accountsMax: number): KillTarget {
  if (reader.takes("all")) return { scope: "all" };
  if (reader.takes("symbol")) return { scope: "symbol", symbol: reader.u32("the symbol") };
  return { scope: "account", account: readAccountNumber(reader, accountsMax) };
}

function readSession(reader: LineReader, kind: SessionCommand["kind"], accountsMax: number): SessionCommand {
  const account = readAccountNumber(reader, accountsMax);
  const session = reader.u64("the session");
  if (kind === "session_end") return { kind, account, session, cause: reader.oneOf("the cause", CAUSES) };
  const who = readWho(reader);
  const instance = reader.u32("the instance");
  const flags = reader.u32("the flags");
  if ((flags & ~SESSION_FLAGS) !== 0) reader.fail(`flags ${flags} are above ${SESSION_FLAGS}`);
  return { kind, account, session, who, instance, flags, deadMan_ms: reader.u32("the dead man's time") };
}

function readMassCancel(reader: LineReader, version: FlowVersion, accountsMax: number): FlowMassCancel {
  const symbol = reader.takes("*") ? undefined : reader.u32("the symbol");
  if (symbol === ALL_SYMBOLS) reader.fail("all symbols are written *");
  const side = reader.takes("*") ? undefined : reader.oneOf("the side", SIDES);
  return {
    kind: "mass_cancel",
    account: readAccount(reader, version, accountsMax),
    ...(symbol !== undefined && { symbol }),
    ...(side !== undefined && { side }),
    ...readOnce(reader, version),
  };
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
  const said = { symbol, id, account, answerLimit, ...readOnce(reader, version) };
  return body.kind === "market" ? { ...body, ...said, ...readNamed(reader, version) } : { ...body, ...said };
}

function readNamed(reader: LineReader, version: FlowVersion): Pick<FlowMarket, "named"> {
  if (version < 3 || !reader.takes("named")) return {};
  const price = reader.i64("the price");
  const timeInForce = reader.oneOf("the time in force", TIMES_IN_FORCE);
  if (price === 0n && timeInForce === TimeInForce.ImmediateOrCancel)
    reader.fail("a market order that names 0 and IOC is written without them");
  return { named: { price, timeInForce } };
}

function readOnce(reader: LineReader, version: FlowVersion): { once?: bigint } {
  return version >= 3 && reader.takes("once") ? { once: reader.u64("the request's number") } : {};
}

type Body<K> = K extends "limit" | "market" | "modify"
  ? Omit<
      Extract<FlowOrderCommand, { kind: K }>,
      "symbol" | "id" | "account" | "answerLimit" | "once" | "named"
    >
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
  if (kind === "mass_cancel") return { kind, sequence, orders: reader.u32("how many orders") };
  const symbol = reader.u32("the symbol");
  if (kind !== "trade") return { kind, sequence, symbol, id: reader.u64("the order id") };
  const taker = reader.u64("the taker's id");
  const maker = reader.u64("the maker's id");
  const price = reader.i64("the price");
  return { kind, sequence, symbol, taker, maker, price, quantity: reader.u32("the quantity") };
}
