// Misspelt names: which one is meant, and how options are refused.

import { describe, expect, test } from "vitest";
import { checkOptions, nearestName, SeriatimError } from "../../src/base/index.ts";

describe("the name that is meant", () => {
  const known = ["order-port", "orders-max", "symbols", "host", "connectTimeout_ms"];

  test.each<[name: string, meant: string | undefined]>([
    ["order-prt", "order-port"],
    ["orderPort", "order-port"],
    ["ORDER_PORT", "order-port"],
    ["orders_maxx", "orders-max"],
    ["hosts", "host"],
    ["connectTimeoutMs", "connectTimeout_ms"],
    ["toast", undefined],
    ["colour-of-the-page", undefined],
    ["", undefined],
    ["x".repeat(65), undefined],
  ])("by %j", (name, meant) => {
    expect(nearestName(name, known)).toBe(meant);
  });

  test("is the nearest of several, the first of those that are equally near", () => {
    expect(nearestName("tape-port-x", ["tape-host", "tape-port", "tape-portx"])).toBe("tape-portx");
    expect(nearestName("abcdefgh", ["abcdefgx", "abcdefgy"])).toBe("abcdefgx");
  });
});

test("options are an object of known names; what an object inherits is no name", () => {
  const known = { port: true } as const;
  expect(() => checkOptions("call", { port: 1 }, known)).not.toThrow();
  const refusals: [options: unknown, message: string][] = [
    [undefined, "options must be an object, not undefined"],
    [null, "options must be an object, not null"],
    ["9009", 'options must be an object, not "9009"'],
    [{ prt: 1 }, 'call has no option "prt"'],
    [{ ports: 1 }, 'call has no option "ports", is port meant?'],
    [{ toString: 1 }, 'call has no option "toString"'],
  ];
  for (const [options, message] of refusals)
    expect(() => checkOptions("call", options, known)).toThrow(
      new SeriatimError("INVALID_ARGUMENT", message),
    );
});
