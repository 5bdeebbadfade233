// The administrators' lines: what each is read as, and what is none.

import { expect, test } from "vitest";
import {
  adminGreeting,
  adminStatement,
  parseAdminLogon,
  parseAdminRequest,
  readGreeting,
} from "../../src/protocol/index.ts";

const NONCE = "ab".repeat(32);
const PROOF = "01".repeat(64);

test("a logon signs what it is for and the nonce", () => {
  const statement = Buffer.from(adminStatement(Buffer.from(NONCE, "hex")));
  expect(statement.toString("hex")).toBe(
    `${Buffer.from("seriatim admin 1 logon").toString("hex")}${"00".repeat(10)}${NONCE}`,
  );
});

test("a greeting is read by its nonce, and nothing else is one", () => {
  expect(readGreeting(JSON.stringify(adminGreeting(NONCE)))).toBe(NONCE);
  const others = ["", "null", "7", "{}", JSON.stringify({ ...adminGreeting(NONCE), version: 2 })];
  for (const line of [...others, JSON.stringify(adminGreeting(NONCE.slice(1)))])
    expect(readGreeting(line)).toBeUndefined();
});

test.each<[line: string, isLogon: boolean]>([
  [`logon ann ${PROOF}`, true],
  [`logon ann ${PROOF} `, false],
  [`logon  ann ${PROOF}`, false],
  [`logon ann ${PROOF.slice(2)}`, false],
  [`logon ann ${PROOF.toUpperCase().replace("0", "A")}`, false],
  [`logon 0123456789abcdefg ${PROOF}`, false],
  ["status", false],
])("'%.30s' is a logon: %s", (line, isLogon) => {
  expect(parseAdminLogon(line)).toEqual(isLogon ? { name: "ann", proof: PROOF } : undefined);
});

const SWITCH = { problem: "usage: kill-switch ACCOUNT|symbol SYMBOL|all on|off" };
const POLICY = { problem: "usage: ack-policy disk|ram|disk+ram|two-disks" };

test.each<[line: string, request: object]>([
  ["status", { command: "status" }],
  ["halt", { command: "halt" }],
  ["resume", { command: "resume" }],
  ["rotate", { command: "rotate" }],
  ["snapshot", { command: "snapshot" }],
  ["promote", { command: "promote", force: false }],
  ["promote --force", { command: "promote", force: true }],
  ["kill-switch 7 on", { command: "kill-switch", account: "7", on: true }],
  ["kill-switch alice off", { command: "kill-switch", account: "alice", on: false }],
  ["ack-policy disk+ram", { command: "ack-policy", policy: "disk+ram" }],
  ["halt BTC-USD now", { problem: 'halt takes nothing behind it, not "BTC-USD now"' }],
  ["kill-switch symbol EURUSD on", { command: "kill-switch", symbol: "EURUSD", on: true }],
  ["kill-switch all off", { command: "kill-switch", all: true, on: false }],
  ["kill-switch symbol on", { command: "kill-switch", account: "symbol", on: true }],
  ["kill-switch all", SWITCH],
  ["kill-switch symbol  on", SWITCH],
  ["kill-switch account 7 on", SWITCH],
  ["kill-switch 7", SWITCH],
  ["kill-switch  on", SWITCH],
  ["kill-switch 7 maybe", SWITCH],
  ["kill-switch 7 on on", SWITCH],
  ["ack-policy", POLICY],
  ["ack-policy none", POLICY],
  ["ack-policy toString", POLICY],
  ["", { problem: expect.stringContaining('"" is no command; there are: status, halt, ') }],
  ["toString", { problem: expect.stringContaining('"toString" is no command; ') }],
])("'%s'", (line, request) => {
  expect(parseAdminRequest(line)).toEqual(request);
});
