// Text at the edges: counts in words, and UTF-8. The encoders are part of every JavaScript host but of no ECMAScript library file, so the
// pure layers, which see neither DOM nor Node types, declare the little they use here.

declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: "utf-8",
  options: { ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

/** `1 frame`, `2 frames`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `512 B`, `1.5 MiB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 1_024 && unit < BYTE_UNITS.length - 1; unit++) value /= 1_024;
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** The UTF-8 bytes of `text`. Cold path: allocates. */
export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/**
 * The text of UTF-8 `bytes`, a U+FEFF at its beginning too, so that encoding it again gives the same bytes; invalid sequences
 * become U+FFFD. Cold path: allocates.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
