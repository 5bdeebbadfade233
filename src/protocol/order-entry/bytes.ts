// Big-endian fields in a Uint8Array, by plain byte arithmetic: no DataView per buffer, no object per field.
// 64-bit fields are read and written as two lanes. A read past the end gives 0 and a write past the end is lost
// (both are what typed arrays do); callers check lengths first.

/** The u16 at `at`. */
export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** The four bytes at `at` as an i32: the form lanes and record words take. */
export function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** The u32 at `at`. */
export function readU32(bytes: Uint8Array, at: number): number {
  return readI32(bytes, at) >>> 0;
}

/** The high lane (i32) of the 64-bit field at `at`. */
export function readHighLane(bytes: Uint8Array, at: number): number {
  return readI32(bytes, at);
}

/** The low lane (i32; `>>> 0` makes it a u32) of the 64-bit field at `at`. */
export function readLowLane(bytes: Uint8Array, at: number): number {
  return readI32(bytes, at + 4);
}

/** Writes a u16. */
export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Writes a u32 or i32. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Writes a 64-bit field from its lanes. */
export function putU64(bytes: Uint8Array, at: number, low: number, high: number): void {
  putU32(bytes, at, high);
  putU32(bytes, at + 4, low);
}
