// Parquet: one row per record, Snappy, in row groups, so that what is held is one group and a few numbers per group.

import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { packageVersion } from "../../platform/index.ts";
import { type Column, type ColumnType, EXPORT_COLUMNS, type ExportRow } from "./columns.ts";
import type { ExportFormat, WriteBytes } from "./format.ts";

/** Some 10 MB of values held; large enough for dictionary and compressor to find what repeats. */
const GROUP_ROWS = 32_768;

type Value = number | bigint | string | null;

export class Parquet implements ExportFormat {
  readonly #write: WriteBytes;
  readonly #bytes = new ByteWriter();
  readonly #parquet: ParquetWriter;
  #columns: Value[][] = EXPORT_COLUMNS.map(() => []);

  constructor(write: WriteBytes) {
    this.#write = write;
    const createdBy = `seriatim ${packageVersion()}`;
    this.#parquet = new ParquetWriter({ writer: this.#bytes, schema: SCHEMA, createdBy });
  }

  take(row: ExportRow): boolean {
    EXPORT_COLUMNS.forEach((column, i) => {
      this.#columns[i].push(stored(column, column.of(row)));
    });
    return this.#columns[0].length < GROUP_ROWS || this.#writeGroup();
  }

  finish(): void {
    if (this.#columns[0].length > 0) this.#writeGroup();
    this.#parquet.finish();
    this.#drain();
  }

  #writeGroup(): boolean {
    const columnData = EXPORT_COLUMNS.map(({ name }, i) => ({
      name,
      data: this.#columns[i],
      // Kept in memory to the end, and readers of whole groups have no use for it.
      offsetIndex: false,
    }));
    this.#columns = EXPORT_COLUMNS.map(() => []);
    this.#parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
    return this.#drain();
  }

  /** Offsets in the file go on counting; only the buffer begins anew. */
  #drain(): boolean {
    const goesOn = this.#write(this.#bytes.getBytes());
    this.#bytes.index = 0;
    return goesOn;
  }
}

const TYPES: Readonly<Record<ColumnType, Pick<SchemaElement, "type" | "converted_type">>> = {
  i64: { type: "INT64" },
  u32: { type: "INT32", converted_type: "UINT_32" },
  u64: { type: "INT64", converted_type: "UINT_64" },
  time: { type: "INT64", converted_type: "TIMESTAMP_MICROS" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  json: { type: "BYTE_ARRAY", converted_type: "UTF8" },
};

const SCHEMA: SchemaElement[] = [
  { name: "root", num_children: EXPORT_COLUMNS.length },
  ...EXPORT_COLUMNS.map(
    ({ name, type, always }): SchemaElement => ({
      name,
      ...TYPES[type],
      repetition_type: always ? "REQUIRED" : "OPTIONAL",
    }),
  ),
];

function stored({ type }: Column, value: number | bigint | string | undefined): Value {
  if (value === undefined) return null;
  return TYPES[type].type === "INT64" ? BigInt(value) : value;
}
