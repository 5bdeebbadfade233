// What an exported record says, column by column, for every format that has columns. One table: JSON lines and Parquet have
// the same names, and docs/journal-export.md lists them. A column that a record does not use is absent, or null.

import type { CommandFields } from "../../protocol/index.ts";

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

export const EXPORT_COLUMNS: readonly Column[] = [
  { name: "position", type: "i64", always: true, of: ({ position }) => position },
  { name: "epoch", type: "i64", always: true, of: ({ epoch }) => epoch },
  { name: "timestamp_us", type: "time", always: true, of: ({ timestamp_us }) => timestamp_us },
  { name: "kind", type: "text", always: true, of: ({ kind }) => kind },
  { name: "account", type: "u32", of: accountOf },
  { name: "symbol", type: "u32", of: ({ order }) => order?.symbol },
  { name: "instrument", type: "text", of: ({ name }) => name },
  { name: "order_id", type: "u64", of: ({ order }) => order?.orderId },
  { name: "side", type: "text", of: ({ order }) => order?.side },
  { name: "order_type", type: "text", of: ({ order }) => order?.orderType },
  { name: "time_in_force", type: "text", of: ({ order }) => order?.timeInForce },
  { name: "price", type: "i64", of: ({ order }) => order?.price },
  { name: "quantity", type: "u32", of: ({ order }) => order?.quantity },
  { name: "answer_limit", type: "u32", of: ({ order }) => order?.answerLimit_fills },
  { name: "flags", type: "text", of: ({ order }) => (order?.once ? "once" : undefined) },
  { name: "request", type: "u64", of: ({ order }) => order?.request },
  { name: "session", type: "u64", of: ({ order }) => order?.session },
  { name: "details", type: "json", of: detailsOf },
];

function accountOf({ order, administration }: ExportRow): number | undefined {
  return administration?.kind === "kill_switch" ? administration.account : order?.account;
}

function detailsOf({ instrument, administration, details }: ExportRow): string | undefined {
  const said = instrument ?? administrationOf(administration) ?? details;
  return said && JSON.stringify(said);
}

/** What has no column of its own. */
function administrationOf(command: ExportRow["administration"]): Record<string, unknown> | undefined {
  if (command === undefined) return undefined;
  const { kind: _, ...said } = command;
  if (!("account" in said)) return said;
  const { account: __, ...switched } = said;
  return switched;
}
