// What an exported record says, column by column, for every format that has columns. One table: JSON lines and Parquet have
// the same names, and docs/journal-export.md lists them. A column that a record does not use is absent, or null.

import { type CommandFields, SessionFlag } from "../../protocol/index.ts";

/** A record of the journal with what its frame and the records before it say of it. */
export interface ExportRow extends CommandFields {
  readonly position: number;
  readonly epoch: number;
  /** Of the instrument that the record is about, when it is known. */
  readonly name: string | undefined;
}

/** `u64` is opaque and has no number in JSON, where many readers would round it; `json` is text that is JSON itself. */
export type ColumnType = "i64" | "u32" | "u64" | "time" | "text" | "json";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Every record has it. */
  readonly always?: true;
  readonly of: (row: ExportRow) => number | bigint | string | undefined;
}

const FLAG_NAMES = [
  [SessionFlag.CancelOnDisconnect, "cancel_on_disconnect"],
  [SessionFlag.ReadOnly, "read_only"],
  [SessionFlag.Once, "once"],
] as const;

export const EXPORT_COLUMNS: readonly Column[] = [
  { name: "position", type: "i64", always: true, of: ({ position }) => position },
  { name: "epoch", type: "i64", always: true, of: ({ epoch }) => epoch },
  { name: "timestamp_us", type: "time", always: true, of: ({ timestamp_us }) => timestamp_us },
  { name: "kind", type: "text", always: true, of: ({ kind }) => kind },
  { name: "account", type: "u32", of: accountOf },
  { name: "symbol", type: "u32", of: symbolOf },
  { name: "instrument", type: "text", of: ({ name }) => name },
  { name: "order_id", type: "u64", of: ({ order }) => order?.orderId },
  { name: "side", type: "text", of: ({ order, massCancel }) => (order ?? massCancel)?.side },
  { name: "order_type", type: "text", of: ({ order }) => order?.orderType },
  { name: "time_in_force", type: "text", of: ({ order }) => order?.timeInForce },
  { name: "price", type: "i64", of: ({ order }) => order?.price },
  { name: "quantity", type: "u32", of: ({ order }) => order?.quantity },
  { name: "answer_limit", type: "u32", of: ({ order }) => order?.answerLimit_fills },
  { name: "flags", type: "text", of: flagsOf },
  { name: "request", type: "u64", of: ({ order, massCancel }) => (order ?? massCancel)?.request },
  {
    name: "session",
    type: "u64",
    of: ({ order, massCancel, session }) => (order ?? massCancel ?? session)?.session,
  },
  { name: "details", type: "json", of: detailsOf },
];

function accountOf({ order, massCancel, session, administration }: ExportRow): number | undefined {
  if (administration !== undefined && "account" in administration) return administration.account;
  return (order ?? massCancel ?? session)?.account;
}

/** The number of the instrument that a record is about; undefined: of none, or of all. */
export function symbolOf({ order, massCancel, administration }: CommandFields): number | undefined {
  if (administration !== undefined && "symbol" in administration) return administration.symbol;
  return (order ?? massCancel)?.symbol;
}

function flagsOf({ order, massCancel, session }: ExportRow): string | undefined {
  if (session?.kind !== "session_open") return (order ?? massCancel)?.once && "once";
  const said = FLAG_NAMES.filter(([flag]) => (session.flags & flag) !== 0).map(([, name]) => name);
  return said.length > 0 ? said.join(" ") : undefined;
}

function detailsOf({ instrument, administration, session, details }: ExportRow): string | undefined {
  const said = instrument ?? administrationOf(administration) ?? sessionOf(session) ?? details;
  return said && JSON.stringify(said);
}

/** What has no column of its own. */
function administrationOf(command: ExportRow["administration"]): Record<string, unknown> | undefined {
  if (command === undefined) return undefined;
  const { kind: _, ...said } = command;
  const { account: __, symbol: ___, ...others } = said as Record<string, unknown>;
  return others;
}

function sessionOf(session: ExportRow["session"]): Record<string, unknown> | undefined {
  if (session === undefined) return undefined;
  const { kind: _, account: __, session: ___, ...others } = session;
  const { flags: ____, ...said } = others as Record<string, unknown>;
  return said;
}
