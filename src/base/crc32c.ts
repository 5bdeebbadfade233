// CRC32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720 B.4) by a 1 KiB table: for records under about
// 200 bytes, where a call into native code costs more than the sum. Longer data goes through `Checksums`.

const POLYNOMIAL = 0x82f63b78;

const TABLE = buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}

/**
 * CRC32C of `bytes[from, to)` as u32. `previous` continues a sum: crc32c(b, crc32c(a)) is the sum of a then b.
 */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length, previous = 0): number {
  let crc = ~previous;
  for (let i = from; i < to; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** x^(2^n) modulo the polynomial, reflected: enough for 8 bits a byte of any u32 of bytes. */
const POWERS = powersOfX(36);

function powersOfX(count: number): Int32Array {
  const powers = new Int32Array(count);
  powers[0] = 1 << 30;
  for (let n = 1; n < count; n++) powers[n] = product(powers[n - 1], powers[n - 1]);
  return powers;
}

/** The product of two polynomials modulo the CRC's. */
function product(a: number, b: number): number {
  let sum = 0;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) sum ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return sum;
}

/** Of the last call: batches of one size follow one another. */
let shiftBytes = 0;
let shift = 1 << 31;

/**
 * The sum of a then b, from the sums of each and the length of b: bytes that were summed once are not read again. About
 * 32 steps when b is as long as the time before, some hundred more otherwise, whatever that length is.
 */
export function crc32cCombine(a: number, b: number, bytesOfB: number): number {
  if (bytesOfB !== shiftBytes) {
    shift = 1 << 31;
    for (let rest = bytesOfB, n = 3; rest > 0; rest = Math.floor(rest / 2), n++)
      if (rest & 1) shift = product(POWERS[n], shift);
    shiftBytes = bytesOfB;
  }
  return (product(shift, a) ^ b) >>> 0;
}
