// Who a hello makes a connection, as a table.

import { expect, test } from "vitest";
import { AccountNames } from "../../../../src/node/index.ts";
import { type Access, admit } from "../../../../src/node/web/session/admission.ts";
import { type HelloRequest, parseRequest } from "../../../../src/protocol/index.ts";
import type { Grant } from "../../../../src/runtime/index.ts";

const GRANTS: Readonly<Record<string, Grant>> = {
  one: { name: "alice", role: "trader", accounts: new Set([1]), limits: {} },
  many: { name: "fund", role: "trader", accounts: new Set([1, 2, 3, 4, 5, 6, 7, 8, 9]), limits: {} },
  all: { name: "desk", role: "trader", accounts: "all", limits: {} },
  reads: { name: "auditor", role: "reader", accounts: new Set([1]), limits: {} },
};
const OPEN: Access = {
  isOpen: true,
  isClaimed: (account) => account === 2,
  grantOfToken: (token) => GRANTS[token],
};
const CLOSED: Access = { ...OPEN, isOpen: false };
const accounts = new AccountNames(["alice=1", "bob=2"], 10);

function hello(fields: object): HelloRequest {
  const parsed = parseRequest(JSON.stringify({ type: "hello", schema: 1, ...fields }));
  if ("request" in parsed) return parsed.request as HelloRequest;
  throw new Error(parsed.refusal.text);
}

const ALICE = { name: "alice", number: 1 };
const KEYGEN = "say a token, as `seriatim keygen --token` makes one";

test.each<[what: string, fields: object, access: Access, account: object | undefined]>([
  ["nobody may look on", {}, CLOSED, undefined],
  ["an open account is whoever says so", { account: "alice" }, OPEN, ALICE],
  ["a token for one account needs no name of it", { token: "one" }, CLOSED, { name: "1", number: 1 }],
  ["a token for all is good for any", { token: "all", account: "alice" }, CLOSED, ALICE],
  ["a token for many is good for one of them", { token: "many", account: "alice" }, OPEN, ALICE],
])("%s", (_what, fields, access, account) => {
  expect(admit(hello(fields), accounts, access)).toMatchObject({ account });
});

test.each<[what: string, fields: object, access: Access, code: string, text: string]>([
  [
    "an account nobody has",
    { account: "carol" },
    OPEN,
    "UNKNOWN_ACCOUNT",
    'account: there is no account "carol"',
  ],
  [
    "an account beyond the exchange's",
    { token: "all", account: "10" },
    OPEN,
    "UNKNOWN_ACCOUNT",
    'account: there is no account "10"',
  ],
  [
    "an account without proof where proof is wanted",
    { account: "alice" },
    CLOSED,
    "TOKEN_NEEDED",
    `account: this node lets in who proves who they are: ${KEYGEN}`,
  ],
  [
    "an account that a key names",
    { account: "bob" },
    OPEN,
    "TOKEN_NEEDED",
    `account: "bob" has a key: ${KEYGEN}`,
  ],
  [
    "a token nobody has",
    { token: "x", account: "alice" },
    OPEN,
    "NOT_AUTHORISED",
    "token: no key of this exchange has it",
  ],
  [
    "a token for another account",
    { token: "one", account: "bob" },
    OPEN,
    "NOT_AUTHORISED",
    'account: the token is not good for "bob"',
  ],
  [
    "a token for all, without an account",
    { token: "all" },
    OPEN,
    "BAD_MESSAGE",
    "account: missing; say which: the token is good for all of them",
  ],
  [
    "a token for many, without an account",
    { token: "many" },
    OPEN,
    "BAD_MESSAGE",
    "account: missing; say which: the token is good for 1, 2, 3, 4, 5, 6, 7, 8 and others",
  ],
  [
    "a reader that wants its orders cancelled",
    { token: "reads", cancelOnDisconnect: true },
    OPEN,
    "BAD_MESSAGE",
    "cancelOnDisconnect, deadMan_ms: a session that only reads has no orders to cancel",
  ],
])("%s is refused", (_what, fields, access, code, text) => {
  expect(admit(hello(fields), accounts, access)).toEqual({ code, text });
});

test.each([
  ["a reader's", { token: "reads" }, true],
  ["a trader's that asks for it", { token: "one", readOnly: true }, true],
  ["a trader's", { token: "one" }, false],
])("%s session only reads: %s", (_what, fields, readOnly) => {
  expect(admit(hello(fields), accounts, OPEN)).toMatchObject({ session: { readOnly } });
});
