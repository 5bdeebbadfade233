// UTF-8 at the edges. The encoders are part of every JavaScript host but of no ECMAScript library file, so the
// pure layers, which see neither DOM nor Node types, declare the little they use here.

declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (label: "utf-8") => { decode(bytes: Uint8Array): string };

/** The UTF-8 bytes of `text`. Cold path: allocates. */
export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 `bytes`; invalid sequences become U+FFFD. Cold path: allocates. */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes);
}
