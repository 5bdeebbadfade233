// What a format of the export does: it takes rows in order and writes bytes, holding a bounded part of them.

import type { GenesisEntry } from "../../node/index.ts";
import type { ExportRow } from "./columns.ts";

export const EXPORT_FORMATS = ["flow", "jsonl", "parquet"] as const;
export type ExportFormatName = (typeof EXPORT_FORMATS)[number];

/** Takes bytes, which are its own only during the call; false when nobody reads them any more. */
export type WriteBytes = (bytes: Uint8Array) => boolean;

export interface ExportFormat {
  /** False when nobody reads what is written. */
  take(row: ExportRow): boolean;
  /** Writes what is held, and what ends the format. */
  finish(): void;
}

/** What is known before the first row. */
export interface ExportOpening {
  /** Undefined when the journal no longer has its first segment. */
  readonly entry: GenesisEntry | undefined;
  /** The first position that is exported, when it was asked for. */
  readonly from: number | undefined;
}

export type MakeFormat = (write: WriteBytes, opening: ExportOpening) => ExportFormat;
