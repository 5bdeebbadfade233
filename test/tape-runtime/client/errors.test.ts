// Which refusals the tape's clients try again after, and what each is called.

import { expect, test } from "vitest";
import { SeriatimError } from "../../../src/base/index.ts";
import { TapeReason, type TapeReasonName } from "../../../src/protocol/index.ts";
import { isPassing, TapeRefusedError } from "../../../src/tape-runtime/client/errors.ts";

/** Every other reason is met again by whoever comes back with the same. */
const PASSING: readonly TapeReasonName[] = [
  "TooManyConnections",
  "ChecksumHeader",
  "ChecksumPayload",
  "HoldFull",
  "TooSlow",
  "DiskFull",
  "LogFailed",
  "ShuttingDown",
  "HelloLate",
  "Busy",
];

test("a client comes back after what passes (no room, a busy or stopping broker, damage on the way), and after nothing else", () => {
  const names = Object.keys(TapeReason) as TapeReasonName[];
  const isRefusalPassing = (name: TapeReasonName) =>
    isPassing(new TapeRefusedError("there", { reason: TapeReason[name], detail: 0, text: "" }));
  expect(names.filter(isRefusalPassing)).toEqual(PASSING);
});

test.each([
  ["CONNECTION_LOST", true],
  ["CONNECT_FAILED", true],
  ["PROTOCOL", false],
  ["INVALID_ARGUMENT", false],
])("a connection that ends with %s: coming back helps, %s", (code, helps) => {
  expect(isPassing(new SeriatimError(code, "it ended"))).toBe(helps);
});

test.each<[TapeReasonName, string]>([
  ["Busy", "BUSY"],
  ["HelloLate", "HELLO_LATE"],
  ["Epoch", "SESSION_FENCED"],
  ["LeaseOver", "SESSION_FENCED"],
])("the reason %s is the code %s, and the line says who refused", (name, code) => {
  const refused = new TapeRefusedError("there", { reason: TapeReason[name], detail: 0, text: "why" });
  expect([refused.code, refused.message]).toEqual([code, "the tape at there: why"]);
});
