// A record as a line on standard output: its value as it is, or all of it as one JSON object.

import { isUtf8 } from "node:buffer";
import type { Checksums } from "../../base/index.ts";
import { dropCopyText } from "../../protocol/index.ts";

export interface ShownRecord {
  /** Its number in the topic. */
  readonly record: number;
  /** Of the publisher's clock; undefined: it gave none. */
  readonly time_us: number | undefined;
  readonly key: Uint8Array;
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[];
  readonly value: Uint8Array;
  readonly batch: {
    /** When the tape ordered it. */
    readonly committed_us: number;
  };
}

const LF = Buffer.from("\n");

/** The value and an LF. */
export function rawLine({ value }: ShownRecord): Uint8Array {
  return Buffer.concat([value, LF]);
}

/** One JSON object and an LF. Bytes that are no UTF-8 text stand in base64, under a name that says so. */
export function jsonLine({ record, time_us, key, headers, value, batch }: ShownRecord): Uint8Array {
  const shown = {
    record,
    ordered: timeText(batch.committed_us),
    ...(time_us !== undefined && { time: timeText(time_us) }),
    ...(key.length > 0 && named("key", key)),
    ...(headers.length > 0 && {
      headers: headers.map((header) => ({ name: header.name, ...named("value", header.value) })),
    }),
    ...named("value", value),
  };
  return Buffer.from(`${JSON.stringify(shown)}\n`);
}

/** What a record of an exchange's own topics means; of another topic all of it, as jsonLine. */
export function decodedLine(record: ShownRecord, checksums: Checksums): Uint8Array {
  const text = dropCopyText(record.key, record.value, checksums);
  return text === undefined ? jsonLine(record) : Buffer.from(`${text}\n`);
}

/** To the microsecond, which a Date does not hold. */
function timeText(time_us: number): string {
  const micros = String(time_us % 1_000).padStart(3, "0");
  return new Date(Math.floor(time_us / 1_000)).toISOString().replace("Z", `${micros}Z`);
}

function named(name: string, bytes: Uint8Array): Record<string, string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? { [name]: buffer.toString() } : { [`${name}_base64`]: buffer.toString("base64") };
}
