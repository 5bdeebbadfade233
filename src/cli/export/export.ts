// An export: rows of a journal's records through a format to where they go. One pass, a bounded part of it in memory.

import {
  type JournalSource,
  type PositionRange,
  type ReadRange,
  type RecordRun,
  readRecords,
} from "../../journal/index.ts";
import { type GenesisEntry, readJournalGenesis } from "../../node/index.ts";
import { COMMAND_WORDS, type CommandFields, readCommand } from "../../protocol/index.ts";
import { type ExportRow, symbolOf } from "./columns.ts";
import { openDestination } from "./destination.ts";
import { FlowFile } from "./flow.ts";
import type { ExportFormat, ExportFormatName, MakeFormat } from "./format.ts";
import { JsonLines } from "./json-lines.ts";
import { Parquet } from "./parquet.ts";

const MAKERS: Readonly<Record<ExportFormatName, MakeFormat>> = {
  flow: (write, opening) => new FlowFile(write, opening),
  jsonl: (write) => new JsonLines(write),
  parquet: (write) => new Parquet(write),
};

/**
 * Exports a range of the journal in `place`, and says what was exported and what was not, and why: everything that is whole is then in a
 * complete file. Throws what readRecords, the formats and the disk throw, and leaves no file behind in that case.
 */
export function exportJournal(
  place: JournalSource,
  range: PositionRange,
  format: ExportFormatName,
  path: string | undefined,
): ReadRange {
  const entry = readJournalGenesis(place);
  const destination = openDestination(path);
  try {
    const formatted = MAKERS[format](destination.write, { entry, from: range.from });
    const read = readRecords(place, range, new Rows(formatted, entry, range.from).take);
    formatted.finish();
    destination.close();
    return read;
  } catch (error) {
    destination.discard();
    throw error;
  }
}

/** Records to rows. */
class Rows {
  readonly #format: ExportFormat;
  /** By symbol; what was registered before the range, and not in the genesis entry, is not known. */
  readonly #names: string[];
  readonly #genesisRecords: number;
  /** Instruments that can get a number here; none where the range may lack others that were registered before them. */
  readonly #symbolsMax: number;

  constructor(format: ExportFormat, entry: GenesisEntry | undefined, from = 1) {
    this.#format = format;
    this.#names = entry?.instruments.map(({ name }) => name) ?? [];
    this.#genesisRecords = 1 + this.#names.length;
    this.#symbolsMax = from <= this.#genesisRecords + 1 ? (entry?.genesis.symbolsMax ?? 0) : 0;
  }

  /** False when nobody reads what is written. */
  readonly take = ({ words, at, count, firstPosition, epoch }: RecordRun): boolean => {
    for (let i = 0; i < count; i++) {
      const row = this.#row(readCommand(words, at + i * COMMAND_WORDS), firstPosition + i, epoch);
      if (!this.#format.take(row)) return false;
    }
    return true;
  };

  #row(fields: CommandFields, position: number, epoch: number): ExportRow {
    const { instrument } = fields;
    if (instrument !== undefined && position > this.#genesisRecords) this.#register(instrument.name);
    const symbol = symbolOf(fields);
    const name = symbol === undefined ? instrument?.name : this.#names[symbol];
    return { ...fields, position, epoch, name };
  }

  /** As the engine does: a name that is registered, or one beyond the most, gets no number. */
  #register(name: string): void {
    const isNew = this.#names.length < this.#symbolsMax && !this.#names.includes(name);
    if (isNew) this.#names.push(name);
  }
}
