// CRC32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720 B.4) by a 1 KiB table: for records under about
// 200 bytes, where a call into native code costs more than the sum. Longer data goes through `Checksums`.

const TABLE = buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
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
