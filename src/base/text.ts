// Text at the edges: counts in words, and UTF-8. The encoders are part of every JavaScript host but of no ECMAScript library file, so the
// pure layers, which see neither DOM nor Node types, declare the little they use here.

declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (label: "utf-8") => { decode(bytes: Uint8Array): string };

/** `1 frame`, `2 frames`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The UTF-8 bytes of `text`. Cold path: allocates. */
export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 `bytes`; invalid sequences become U+FFFD. Cold path: allocates. */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes);
}
