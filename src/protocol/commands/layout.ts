// Where every field of a command record lies. Specification: commands.md. One record = 80 bytes, little-endian,
// in 20 words; gateways write it, the engine reads it, the journal stores it, replicas receive it: the same bytes.

import { layout, wordOf } from "../../base/index.ts";

export const COMMAND_BYTES = 80;
export const COMMAND_WORDS = COMMAND_BYTES / 4;

export const CommandKind = {
  Genesis: 1,
  RegisterInstrument: 2,
  Tick: 3,
  Tenure: 4,
  AckPolicy: 5,
  Halt: 6,
  Resume: 7,
  KillSwitch: 8,
  ForcedStart: 9,
  SessionOpen: 10,
  SessionEnd: 11,
  Promotion: 12,
  NewOrder: 16,
  Cancel: 17,
  Modify: 18,
  MassCancel: 19,
} as const;
export type CommandKind = (typeof CommandKind)[keyof typeof CommandKind];

export const Side = { Buy: 0, Sell: 1 } as const;
export type Side = (typeof Side)[keyof typeof Side];

/** In place of a side in a MassCancel: orders of both. */
export const BOTH_SIDES = 2;
/** In place of a symbol in a MassCancel: orders of every one. No instrument has this number. */
export const ALL_SYMBOLS = 0xffff_ffff;

export const OrderType = { Limit: 0, Market: 1 } as const;
export type OrderType = (typeof OrderType)[keyof typeof OrderType];

export const TimeInForce = { GoodTillCancel: 0, ImmediateOrCancel: 1 } as const;
export type TimeInForce = (typeof TimeInForce)[keyof typeof TimeInForce];

/** Bits of a trader's command's flags. The others are reserved, and refused. */
export const CommandFlag = {
  /** Its request number is used once: the command is executed at most once per account and number. */
  Once: 1,
} as const;

/** Byte offsets of NewOrder, Cancel, Modify, MassCancel and Tick. */
export const CommandLayout = layout(COMMAND_BYTES, (at) => ({
  kind: at.u8(),
  side: at.u8(),
  orderType: at.u8(),
  timeInForce: at.u8(),
  /** CommandFlag; the other bits are zero, held for post-only, fill-or-kill and self-trade prevention. */
  flags: at.u32(),
  account: at.u32(),
  symbol: at.u32(),
  orderId: at.u64(),
  price: at.u64(),
  quantity: at.u32(),
  /** The most fills the answer may hold; 0 = no limit. Written by the gateway from the room it has. */
  answerLimit_fills: at.u32(),
  timestamp_us: at.u64(),
  /** The session's own number of this request, for de-duplication. */
  request: at.u64(),
  session: at.u64(),
  /** Zero. Held for stop orders. */
  triggerPrice: at.u64(),
  /** Zero. Held for good-till-date. */
  expires_s: at.u32(),
  /** Zero. Held for iceberg orders. */
  displayQuantity: at.u32(),
}));

/** Byte offsets of Genesis, the first command of every log. */
export const GenesisLayout = layout(COMMAND_BYTES, (at) => ({
  kind: at.u8(),
  version: at.u8(),
  reserved: at.u16(),
  /** How many RegisterInstrument commands belong to the genesis entry and follow directly. */
  instruments: at.u32(),
  maxQuantity: at.u32(),
  ordersMax: at.u32(),
  symbolsMax: at.u32(),
  accountsMax: at.u32(),
  maxNotional: at.u64(),
  indexSeed: at.u64(),
  timestamp_us: at.u64(),
  accountOrdersMax: at.u32(),
  unused: at.bytes(28),
}));

/** The longest instrument name, in UTF-8 bytes. */
export const INSTRUMENT_NAME_BYTES_MAX = 16;
/** The most digits after the point of a price: all of a 64-bit integer's but one. */
export const PRICE_DECIMALS_MAX = 18;

/** Byte offsets of RegisterInstrument. */
export const InstrumentLayout = layout(COMMAND_BYTES, (at) => ({
  kind: at.u8(),
  priceDecimals: at.u8(),
  nameLength: at.u8(),
  reserved: at.u8(),
  unused: at.u32(),
  name: at.bytes(INSTRUMENT_NAME_BYTES_MAX),
  /** Ticks per unit step of the displayed price, 1 by default. */
  tick: at.u64(),
  /** Displayed units per lot, 1 by default. */
  lot: at.u64(),
  timestamp_us: at.u64(),
  unusedTail: at.bytes(32),
}));

/** The longest name of an admin key or a node, in bytes. */
export const WHO_BYTES_MAX = 16;
/** The most nodes that a Tenure names besides its own. */
export const TENURE_OTHERS_MAX = 2;

/** Byte offsets of the administrative commands: Tenure, AckPolicy, Halt, Resume, KillSwitch, ForcedStart, Promotion. */
export const AdminLayout = layout(COMMAND_BYTES, (at) => ({
  kind: at.u8(),
  /** AckPolicy: which one. KillSwitch: 1 on, 0 off. */
  setting: at.u8(),
  /** KillSwitch: a KillScope. */
  scope: at.u8(),
  reserved: at.u8(),
  unused: at.u32(),
  /** KillSwitch of an account. Here and below at the offsets of an order record, so that events copy nothing else. */
  account: at.u32(),
  /** KillSwitch of a symbol. */
  symbol: at.u32(),
  /** Tenure. */
  epoch: at.u64(),
  /** The name of the key that gave the command; of a Tenure the name of the node. */
  who: at.bytes(WHO_BYTES_MAX),
  timestamp_us: at.u64(),
  /** Tenure: the other nodes of the cluster, by name; zero, as in logs of before: not said. */
  others: at.bytes(TENURE_OTHERS_MAX * WHO_BYTES_MAX),
}));

/** What a KillSwitch switches off. */
export const KillScope = { Account: 0, Symbol: 1, All: 2 } as const;
export type KillScope = (typeof KillScope)[keyof typeof KillScope];

/** Bits of a SessionOpen's flags. */
export const SessionFlag = {
  /** When its connection ends without a Logout, all orders of the account are cancelled. */
  CancelOnDisconnect: 1,
  /** It may send no orders: drop copy. */
  ReadOnly: 2,
  /** Its request numbers are used once (CommandFlag.Once). */
  Once: 4,
} as const;
/** All of them. */
export const SESSION_FLAGS = 7;

/** Byte offsets of SessionOpen: account, timestamp and session at the offsets of an order record. */
export const SessionOpenLayout = layout(COMMAND_BYTES, (at) => ({
  kind: at.u8(),
  /** SessionFlag. */
  flags: at.u8(),
  reserved: at.u16(),
  unused: at.u32(),
  account: at.u32(),
  /** The client's choice: with account and who, it is what makes a session the same one again. */
  instance: at.u32(),
  /** Silence after which all orders of the account are cancelled; 0 = never. */
  deadMan_ms: at.u32(),
  unusedMiddle: at.u32(),
  /** The name of the key that logged on. */
  who: at.bytes(WHO_BYTES_MAX),
  timestamp_us: at.u64(),
  unusedRequest: at.u64(),
  /** The connection's number, as in the order records that come over it. */
  session: at.u64(),
  unusedTail: at.bytes(16),
}));

/** Byte offsets of SessionEnd. */
export const SessionEndLayout = layout(COMMAND_BYTES, (at) => ({
  kind: at.u8(),
  /** SessionEndCode. */
  cause: at.u8(),
  reserved: at.u16(),
  unused: at.u32(),
  account: at.u32(),
  unusedMiddle: at.bytes(28),
  timestamp_us: at.u64(),
  unusedRequest: at.u64(),
  session: at.u64(),
  unusedTail: at.bytes(16),
}));

/** Word offsets of CommandLayout, for kernels that read records as Int32Array. The first word holds four bytes. */
export const CommandWord = {
  kindSideTypeTif: wordOf(CommandLayout.kind),
  flags: wordOf(CommandLayout.flags),
  account: wordOf(CommandLayout.account),
  symbol: wordOf(CommandLayout.symbol),
  orderIdLow: wordOf(CommandLayout.orderId),
  orderIdHigh: wordOf(CommandLayout.orderId) + 1,
  priceLow: wordOf(CommandLayout.price),
  priceHigh: wordOf(CommandLayout.price) + 1,
  quantity: wordOf(CommandLayout.quantity),
  answerLimit_fills: wordOf(CommandLayout.answerLimit_fills),
  timestampLow: wordOf(CommandLayout.timestamp_us),
  timestampHigh: wordOf(CommandLayout.timestamp_us) + 1,
  requestLow: wordOf(CommandLayout.request),
  requestHigh: wordOf(CommandLayout.request) + 1,
  sessionLow: wordOf(CommandLayout.session),
  sessionHigh: wordOf(CommandLayout.session) + 1,
  triggerPriceLow: wordOf(CommandLayout.triggerPrice),
  triggerPriceHigh: wordOf(CommandLayout.triggerPrice) + 1,
  expires_s: wordOf(CommandLayout.expires_s),
  displayQuantity: wordOf(CommandLayout.displayQuantity),
} as const;
