// Checksums by native code: CRC32C with the processor's own instruction, BLAKE3 with SIMD. A call into native code
// has a fixed cost, so short inputs go through the table in base.

import { Blake3Hasher, blake3 } from "@napi-rs/blake-hash";
import { crc32c as nativeCrc32c } from "@node-rs/crc32";
import { type Checksums, crc32c, type DigestStream } from "../base/index.ts";

/**
 * Below this the table is faster: it costs 1 to 2 ns a byte, a native call about 80 ns and then 0.15 ns a byte. Measured
 * on a shared 2-core Xeon at 64 bytes: 119 against 85 ns at its slowest, 64 against 90 ns at its fastest.
 */
export const native_crc32c_min_bytes = 64;

export class NativeChecksums implements Checksums {
  crc32c(bytes: Uint8Array, previous = 0): number {
    if (bytes.length < native_crc32c_min_bytes) return crc32c(bytes, 0, bytes.length, previous);
    return nativeCrc32c(bytes, previous);
  }

  blake3(...parts: Uint8Array[]): Uint8Array {
    // One call for one part, as frames are hashed: 1.6 against 4 us for 200 bytes.
    if (parts.length === 1) return new Uint8Array(blake3(parts[0] as Buffer));
    const stream = this.blake3Stream();
    for (const part of parts) stream.update(part);
    return stream.finish();
  }

  blake3Stream(): DigestStream {
    const hasher = new Blake3Hasher();
    return {
      // Declared for Buffer only, but any view will do, of shared memory too.
      update: (bytes) => void hasher.update(bytes as Buffer),
      finish: () => new Uint8Array(hasher.digestBuffer()),
    };
  }
}
