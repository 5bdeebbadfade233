// Addresses as sockets write them, how many connections one may have, and how often it may try to log on.

import { expect, test } from "vitest";
import { AddressTable, addressKey, isLoopbackKey } from "../../src/base/index.ts";
import { LogonAttempts } from "../../src/gateway/guard/logon-attempts.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:127.0.0.1", "127.0.0.1"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:ffff::", "2001:db8:0:0::/64"],
  ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::5:6", "2001:db8:1:2::/64"],
  ["fe80::a:b%eth0", "fe80:0:0:0::/64"],
  ["", ""],
])("the address %j counts as %j", (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test("this machine's own addresses are known", () => {
  const own = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"];
  const others = ["128.0.0.1", "192.0.2.7", "2001:db8::1", ""];
  expect([...own, ...others].map((address) => isLoopbackKey(addressKey(address)))).toEqual([
    ...own.map(() => true),
    ...others.map(() => false),
  ]);
});

test("an address has as many connections as it may, others have their own, and what is left can be had again", () => {
  const table = new AddressTable({ connections: 2, ownConnections: 3 });
  expect(
    ["a", "a", "a", "b", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"].map((key) => table.enter(key)),
  ).toEqual([true, true, false, true, true, true, true, false]);
  expect(table.size).toBe(3);
  table.leave("a");
  expect([table.enter("a"), table.enter("a")]).toEqual([true, false]);
  for (const key of ["a", "a", "b", "127.0.0.1", "127.0.0.1", "127.0.0.1"]) table.leave(key);
  expect(table.size).toBe(0);
});

test("connections without an address are not counted", () => {
  const table = new AddressTable({ connections: 1, ownConnections: 1 });
  for (let i = 0; i < 5; i++) expect(table.enter("")).toBe(true);
  table.leave("");
  expect(table.size).toBe(0);
});

const LIMITS = { perAddress: 2, perOwnAddress: 4, total: 6 };

test.each<[what: string, attempts: readonly (readonly [at_us: number, key: string, admitted: boolean])[]]>([
  [
    "an address may try so often in a second",
    [
      [0, "a", true],
      [0, "a", true],
      [1, "a", false],
      [499_999, "a", false],
      [500_000, "a", true],
      [500_001, "a", false],
    ],
  ],
  [
    "one that tries without end takes nothing of the total",
    [
      [0, "a", true],
      [0, "a", true],
      ...Array.from({ length: 50 }, () => [1, "a", false] as const),
      [2, "b", true],
      [2, "b", true],
      [2, "c", true],
      [2, "c", true],
      [2, "d", false],
    ],
  ],
  [
    "all together may try so often",
    [
      [0, "a", true],
      [0, "b", true],
      [0, "c", true],
      [0, "d", true],
      [0, "e", true],
      [0, "f", true],
      [0, "g", false],
      [166_667, "g", true],
    ],
  ],
  [
    "without an address only the total counts",
    [...Array.from({ length: 6 }, () => [0, "", true] as const), [0, "", false]],
  ],
  [
    "this machine's own addresses have their own figure",
    [
      [0, "127.0.0.1", true],
      [0, "127.0.0.1", true],
      [0, "127.0.0.1", true],
      [0, "127.0.0.1", true],
      [0, "127.0.0.1", false],
    ],
  ],
])("logons: %s", (_what, rows) => {
  const attempts = new LogonAttempts(LIMITS);
  for (const [at_us, key, admitted] of rows)
    expect([at_us, key, attempts.admits(key, at_us)]).toEqual([at_us, key, admitted]);
});

test("addresses that tried are remembered for a second, and never more than 4,096", () => {
  const attempts = new LogonAttempts({ perAddress: 1, perOwnAddress: 1, total: 10_000_000 });
  for (let i = 0; i < 10_000; i++) expect(attempts.admits(`a${i}`, i)).toBe(i < 4_096);
  expect(attempts.size).toBe(4_096);
  expect(attempts.admits("b", 1_000_010)).toBe(true);
  expect(attempts.size).toBe(4_096 - 11 + 1);
  expect(attempts.admits("a4095", 1_000_011)).toBe(false);
  expect(attempts.admits("c", 9_000_000)).toBe(true);
  expect(attempts.size).toBe(1);
});
