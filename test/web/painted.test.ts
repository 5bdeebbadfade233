import { expect, test } from "vitest";
import { Market } from "../../src/client/socket/index.ts";
import { Painted } from "../../web/painted.ts";

const listed = { symbol: "A", decimals: 2, tick: "0.01", lot: 1 };

test("a picture is painted when its state changes, and not twice", () => {
  const painted = new Painted();
  const market = new Market(listed);
  const states = ["1", "1", "2", "2", "1"];
  expect(states.map((state) => painted.differs(market, state))).toEqual([true, false, true, false, true]);
  painted.forget();
  expect(painted.differs(market, "1")).toBe(true);
});

// After a change of account the page kept the picture of before when both counters were at the same number.
test("another market of the same name and count is another picture", () => {
  const painted = new Painted();
  expect(painted.differs(new Market(listed), "1")).toBe(true);
  expect(painted.differs(new Market(listed), "1")).toBe(true);
  expect(painted.differs(undefined, "1")).toBe(true);
  expect(painted.differs(undefined, "1")).toBe(false);
});
