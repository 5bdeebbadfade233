// A command record as a plain object, for cold paths: exports, tools, text. Specification: commands.md. A field that the
// record's kind does not use, or does not look at, is left out: what is there decides something or names somebody.

import { ADMIN_COMMAND_KINDS, type AdminCommand, checkAdminCommand } from "./administration.ts";
import { type Instrument, readGenesis, readInstrument, readTimestamp } from "./codec.ts";
import {
  ALL_SYMBOLS,
  COMMAND_WORDS,
  CommandFlag,
  CommandKind,
  CommandLayout,
  OrderType,
  Side,
  TimeInForce,
} from "./layout.ts";
import { checkSessionCommand, type SessionCommand } from "./sessions.ts";

const KIND_NAMES: Readonly<Record<number, string>> = {
  [CommandKind.Genesis]: "genesis",
  [CommandKind.RegisterInstrument]: "register_instrument",
  [CommandKind.Tick]: "tick",
  [CommandKind.NewOrder]: "new_order",
  [CommandKind.Cancel]: "cancel",
  [CommandKind.Modify]: "modify",
  [CommandKind.MassCancel]: "mass_cancel",
  [CommandKind.SessionOpen]: "session_open",
  [CommandKind.SessionEnd]: "session_end",
  ...Object.fromEntries(Object.entries(ADMIN_COMMAND_KINDS).map(([name, kind]) => [kind, name])),
};

/** The fields of an order record that its kind uses; see CommandLayout for what each means. */
export interface OrderFields {
  readonly account: number;
  readonly symbol: number;
  /** u64. */
  readonly orderId: bigint;
  readonly side?: "buy" | "sell";
  readonly orderType?: "limit" | "market";
  readonly timeInForce?: "gtc" | "ioc";
  /** i64, in ticks: also what the engine answers with InvalidPrice. */
  readonly price?: bigint;
  readonly quantity?: number;
  readonly answerLimit_fills?: number;
  /** u64. */
  readonly request: bigint;
  /** u64. */
  readonly session: bigint;
  /** The request number is used once (CommandFlag.Once). */
  readonly once?: true;
}

/** A MassCancel: whose orders, of which symbol (undefined: of all) and side (undefined: of both). */
export interface MassCancelFields {
  readonly account: number;
  readonly symbol?: number;
  readonly side?: "buy" | "sell";
  /** u64. */
  readonly request: bigint;
  /** u64. */
  readonly session: bigint;
  readonly once?: true;
}

export interface CommandFields {
  /** `new_order`, `cancel`, ...; `kind_N` for one this version doesn't know. */
  readonly kind: string;
  readonly timestamp_us: number;
  /** Of a trader's command that names an order. */
  readonly order?: OrderFields;
  readonly massCancel?: MassCancelFields;
  readonly session?: SessionCommand;
  /** What a RegisterInstrument registers. */
  readonly instrument?: Instrument;
  /** Of an administrative command. */
  readonly administration?: AdminCommand;
  /** Of every other kind that says more: what, as plain values. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Reads the command record at word offset `at`. Allocates. */
export function readCommand(words: Int32Array, at: number): CommandFields {
  const code = words[at] & 0xff;
  const kind = KIND_NAMES[code] ?? `kind_${code}`;
  const timestamp_us = readTimestamp(words, at);
  switch (code) {
    case CommandKind.NewOrder:
    case CommandKind.Cancel:
    case CommandKind.Modify:
      return { kind, timestamp_us, order: readOrder(words, at, code) };
    case CommandKind.MassCancel:
      return { kind, timestamp_us, massCancel: readMassCancel(words, at) };
    case CommandKind.SessionOpen:
    case CommandKind.SessionEnd: {
      const session = checkSessionCommand(words, at);
      return { kind, timestamp_us, ...(session && { session }) };
    }
    case CommandKind.Genesis:
      return { kind, timestamp_us, details: genesisDetails(words, at) };
    case CommandKind.RegisterInstrument:
      return { kind, timestamp_us, instrument: readInstrument(words, at) };
    default: {
      const administration = checkAdminCommand(words, at);
      return { kind, timestamp_us, ...(administration && { administration }) };
    }
  }
}

/** All but the seed, which is shown to nobody who could choose ids that collide. */
function genesisDetails(words: Int32Array, at: number): Record<string, unknown> {
  const { indexSeed: _, ...shown } = readGenesis(words, at);
  return shown;
}

function readMassCancel(words: Int32Array, at: number): MassCancelFields {
  const view = new DataView(words.buffer, words.byteOffset + at * 4, COMMAND_WORDS * 4);
  const symbol = view.getUint32(CommandLayout.symbol, true);
  const side = view.getUint8(CommandLayout.side);
  const isOnce = (view.getUint32(CommandLayout.flags, true) & CommandFlag.Once) !== 0;
  return {
    account: view.getUint32(CommandLayout.account, true),
    ...(symbol !== ALL_SYMBOLS && { symbol }),
    ...(side <= Side.Sell && { side: side === Side.Buy ? "buy" : "sell" }),
    request: view.getBigUint64(CommandLayout.request, true),
    session: view.getBigUint64(CommandLayout.session, true),
    ...(isOnce && ({ once: true } as const)),
  };
}

function readOrder(words: Int32Array, at: number, code: number): OrderFields {
  const view = new DataView(words.buffer, words.byteOffset + at * 4, COMMAND_WORDS * 4);
  const isOnce = (view.getUint32(CommandLayout.flags, true) & CommandFlag.Once) !== 0;
  const whose = {
    account: view.getUint32(CommandLayout.account, true),
    symbol: view.getUint32(CommandLayout.symbol, true),
    orderId: view.getBigUint64(CommandLayout.orderId, true),
    request: view.getBigUint64(CommandLayout.request, true),
    session: view.getBigUint64(CommandLayout.session, true),
    ...(isOnce && ({ once: true } as const)),
  };
  if (code === CommandKind.Cancel) return whose;
  const price = view.getBigInt64(CommandLayout.price, true);
  const quantity = view.getUint32(CommandLayout.quantity, true);
  const answerLimit_fills = view.getUint32(CommandLayout.answerLimit_fills, true);
  if (code === CommandKind.Modify) return { ...whose, price, quantity, answerLimit_fills };
  const side = view.getUint8(CommandLayout.side) === Side.Buy ? "buy" : "sell";
  const terms = { ...whose, side, quantity, answerLimit_fills } as const;
  const isMarket = view.getUint8(CommandLayout.orderType) === OrderType.Market;
  const orderType = isMarket ? "market" : "limit";
  // Of a market order they decide one thing: whether a request that comes again is the same.
  if (isMarket && !isOnce) return { ...terms, orderType };
  const rests = view.getUint8(CommandLayout.timeInForce) === TimeInForce.GoodTillCancel;
  return { ...terms, orderType, timeInForce: rests ? "gtc" : "ioc", price };
}
