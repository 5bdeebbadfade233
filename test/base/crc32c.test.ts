import { expect, test } from "vitest";
import { crc32c } from "../../src/base/index.ts";

test("crc32c of the check string is the published value", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});
