import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../src/base/index.ts";
import { COMMAND_WORDS, checkInstrument, writeInstrument } from "../../src/protocol/index.ts";

test.each(["", "A", "\u00e4\u20ac\u{1f600}", "\ufeffA", "A\ufeff"])(
  "the text %j is the same after its bytes",
  (text) => {
    expect(decodeUtf8(encodeUtf8(text))).toBe(text);
  },
);

test("an instrument's record is taken as it was written, whatever its name begins with", () => {
  const instrument = { name: "\ufeffA", priceDecimals: 2, tick: 1, lot: 1 };
  const words = new Int32Array(COMMAND_WORDS);
  writeInstrument(words, 0, instrument);
  expect(checkInstrument(words, 0)).toEqual(instrument);
});
