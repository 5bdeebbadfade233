import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "../../src/base/index.ts";
import { NativeChecksums, native_crc32c_min_bytes } from "../../src/platform/native-checksums.ts";

const checksums = new NativeChecksums();

test("native and table CRC32C agree, whole and continued, whatever the length", () => {
  const bytes = fc.uint8Array({ maxLength: 4 * native_crc32c_min_bytes, size: "max" });
  fc.assert(
    fc.property(bytes, bytes, (head, tail) => {
      const sum = checksums.crc32c(tail, checksums.crc32c(head));
      expect(sum).toBe(crc32c(Uint8Array.of(...head, ...tail)));
    }),
  );
});

test.each([-1, 0, 1])("CRC32C agrees at the crossover %i", (offset) => {
  const bytes = new Uint8Array(native_crc32c_min_bytes + offset).map((_, i) => i * 7);
  expect(checksums.crc32c(bytes)).toBe(crc32c(bytes));
  expect(checksums.crc32c(bytes, 0xdeadbeef)).toBe(crc32c(bytes, 0, bytes.length, 0xdeadbeef));
});

test("views into shared memory are summed like any others", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(1_000), 13, 500).fill(0xa5);
  const copy = Uint8Array.from(shared);
  expect(checksums.crc32c(shared)).toBe(crc32c(copy));
  expect(checksums.blake3(shared)).toEqual(checksums.blake3(copy));
});

// From the official test vectors of BLAKE3 (inputs count 0, 1, 2, ... modulo 251).
test.each([
  [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
  [1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"],
  [1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"],
])("BLAKE3 of the published vector of %i bytes is the published digest", (length, digest) => {
  const input = new Uint8Array(length).map((_, i) => i % 251);
  expect(Buffer.from(checksums.blake3(input)).toString("hex")).toBe(digest);
});

test("BLAKE3 in pieces is BLAKE3 of the whole", () => {
  const whole = new Uint8Array(3_000).map((_, i) => i);
  const stream = checksums.blake3Stream();
  for (let at = 0; at < whole.length; at += 700) stream.update(whole.subarray(at, at + 700));
  const digest = stream.finish();
  expect(digest).toEqual(checksums.blake3(whole));
  expect(digest).toEqual(checksums.blake3(whole.subarray(0, 9), whole.subarray(9)));
  expect(digest.constructor).toBe(Uint8Array);
});
