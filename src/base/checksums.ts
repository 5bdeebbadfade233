// Bulk checksums, passed in so that pure layers need no native code. `platform` has the real ones.

export interface Checksums {
  /** CRC32C of `bytes` as u32; `previous` continues a sum (same rule as base/crc32c.ts). */
  crc32c(bytes: Uint8Array, previous?: number): number;
  /** BLAKE3 (32 bytes) of the concatenation of `parts`. */
  blake3(...parts: Uint8Array[]): Uint8Array;
  /** A BLAKE3 that is fed piece by piece. */
  blake3Stream(): DigestStream;
}

export interface DigestStream {
  update(bytes: Uint8Array): void;
  /** The 32-byte digest of everything given so far; the stream is used up. */
  finish(): Uint8Array;
}
