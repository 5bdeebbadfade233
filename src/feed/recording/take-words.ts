// The bodies of the records that begin and end a take, as plain values and back.

import { decodeUtf8, encodeUtf8, SeriatimError } from "../../base/index.ts";
import {
  RECORDING_VERSION,
  RecordedProtocol,
  type RecordedProtocolName,
  TakeEnd,
  type TakeEndName,
  TakeLayout,
} from "./layout.ts";

/** What a take is of. */
export interface TakeSource {
  readonly protocol: RecordedProtocolName;
  /** Where the feed was: HOST:PORT. */
  readonly address: string;
}

export function encodeTake({ protocol, address }: TakeSource): Uint8Array {
  const text = encodeUtf8(address);
  const body = new Uint8Array(TakeLayout.address + text.length);
  body[TakeLayout.version] = RECORDING_VERSION;
  body[TakeLayout.protocol] = RecordedProtocol[protocol];
  body.set(text, TakeLayout.address);
  return body;
}

/** `where` the record is: its file and offset. Throws RECORDING_VERSION when a later program wrote it. */
export function decodeTake(body: Uint8Array, where: string): TakeSource {
  const version = body[TakeLayout.version];
  const protocol = nameOf(RecordedProtocol, body[TakeLayout.protocol]);
  if (version !== RECORDING_VERSION || protocol === undefined) {
    throw new SeriatimError(
      "RECORDING_VERSION",
      `${where}: a take of version ${version}, protocol ${body[TakeLayout.protocol]}, which this program doesn't know`,
    );
  }
  return { protocol, address: decodeUtf8(body.subarray(TakeLayout.address)) };
}

export function encodeTakeEnd(end: TakeEndName): Uint8Array {
  return Uint8Array.of(TakeEnd[end]);
}

/** Undefined: a reason that a later program has. */
export function decodeTakeEnd(body: Uint8Array): TakeEndName | undefined {
  return nameOf(TakeEnd, body[0]);
}

function nameOf<Name extends string>(names: Readonly<Record<Name, number>>, value: number): Name | undefined {
  return (Object.keys(names) as Name[]).find((name) => names[name] === value);
}
