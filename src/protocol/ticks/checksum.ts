// The checksum of ticks/1: all words of 4 bytes (little-endian) XORed. It guards against slips: every change within one
// byte shows, two words that changed places don't. Over a whole frame, its checksum included, it is 0.

/** Over `bytes[from, to)`. What is left at the end counts as a word filled up with zeros. */
export function tickChecksum(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum ^= bytes[i] << (8 * ((i - from) & 3));
  return sum >>> 0;
}

/** The same over `words` whole words at `at`, for frames. */
export function tickWordsChecksum(view: DataView, at: number, words: number): number {
  let sum = 0;
  for (let i = 0; i < words; i++) sum ^= view.getInt32(at + 4 * i, true);
  return sum >>> 0;
}

/** What a frame's sequence adds to its checksum: that with sequence 0 XOR this is that with `sequence`. */
export function sequenceChecksum(sequence: number): number {
  return ((sequence << 16) | (sequence >>> 16)) >>> 0;
}
