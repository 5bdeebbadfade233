// JSON lines: one object per record, columns in their order, those a record does not use left out.

import { type Column, EXPORT_COLUMNS, type ExportRow } from "./columns.ts";
import type { ExportFormat, WriteBytes } from "./format.ts";
import { LineWriter } from "./line-writer.ts";

export class JsonLines implements ExportFormat {
  readonly #lines: LineWriter;

  constructor(write: WriteBytes) {
    this.#lines = new LineWriter(write);
  }

  take(row: ExportRow): boolean {
    let text = "";
    for (const column of EXPORT_COLUMNS) {
      const value = column.of(row);
      if (value !== undefined) text += `${text === "" ? "{" : ","}"${column.name}":${spelt(column, value)}`;
    }
    return this.#lines.line(`${text}}`);
  }

  finish(): void {
    this.#lines.flush();
  }
}

/** A whole number with all its digits, also where JSON.stringify has no word for it (a price is any i64). */
function spelt({ type }: Column, value: number | bigint | string): string {
  if (type === "text" || type === "u64") return JSON.stringify(String(value));
  return String(value);
}
