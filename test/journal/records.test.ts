// What the journal reads of records by itself.

import { expect, test } from "vitest";
import { recordSession } from "../../src/journal/index.ts";
import { COMMAND_WORDS, writeAdminCommand, writeSessionCommand } from "../../src/protocol/index.ts";

test("a client's command has its session's number", () => {
  const words = new Int32Array(2 * COMMAND_WORDS);
  const end = { kind: "session_end", account: 7, session: (9n << 32n) | 3n, cause: "logout" } as const;
  writeSessionCommand(words, COMMAND_WORDS, end);
  expect(recordSession(words, COMMAND_WORDS)).toBe(9);
});

// The end of a long name was taken for one: sessions went on at 825 million, of the 4.3 billion that a log has.
test("a tenure has none, however long the names of its nodes are", () => {
  const words = new Int32Array(COMMAND_WORDS);
  const others = ["exchange-north-1", "exchange-south-1"];
  writeAdminCommand(words, 0, { kind: "tenure", epoch: 1, who: "exchange-east-1", others });
  expect(recordSession(words, 0)).toBe(0);
});
