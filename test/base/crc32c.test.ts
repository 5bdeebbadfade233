import { expect, test } from "vitest";
import { crc32c, crc32cCombine, Prng } from "../../src/base/index.ts";

test("crc32c of the check string is the published value", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

test("the sums of two pieces, combined, are the sum of both, wherever the cut is", () => {
  const prng = new Prng(7);
  const bytes = new Uint8Array(3_000).map(() => prng.between(0, 255));
  const whole = crc32c(bytes);
  for (let cut = 0; cut <= bytes.length; cut += prng.between(1, 40)) {
    const [a, b] = [crc32c(bytes, 0, cut), crc32c(bytes, cut)];
    // Twice: the second time with what is kept of the first.
    for (let time = 0; time < 2; time++)
      expect({ cut, sum: crc32cCombine(a, b, bytes.length - cut) }).toEqual({ cut, sum: whole });
  }
  const zeros = new Uint8Array(1 << 22);
  expect(crc32cCombine(whole, crc32c(zeros), zeros.length)).toBe(crc32c(zeros, 0, zeros.length, whole));
});
