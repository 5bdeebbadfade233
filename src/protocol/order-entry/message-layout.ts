// How the layout of one message is written down: offsets accumulate, and the sum is held against the specification.

import { LayoutBuilder } from "../../base/index.ts";

type Fields = { readonly [name: string]: number };

/** The offsets of a message's fields in its body, and how many bytes that has. */
export function layout<T extends Fields>(
  bytes: number,
  fields: (at: LayoutBuilder) => T,
): T & { bytes: number } {
  const at = new LayoutBuilder();
  const offsets = fields(at);
  return { ...offsets, bytes: at.size(bytes) };
}
