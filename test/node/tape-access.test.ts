// Who may use the tape: whose proof is taken for which name, and what it grants.

import { expect, test } from "vitest";
import { signerOf } from "../../src/client/index.ts";
import { tapeAccess } from "../../src/node/tape-access.ts";
import { makeEd25519Pair } from "../../src/platform/index.ts";
import { KeyRing } from "../../src/runtime/index.ts";
import { OPEN_GRANT } from "../../src/tape/index.ts";

const [own, ann, tim, boss] = [makeEd25519Pair(), makeEd25519Pair(), makeEd25519Pair(), makeEd25519Pair()];
const topics = [{ name: "md.*", may: ["publish"] }] as const;
const keys = new KeyRing([
  { name: "ann", role: "trader", accounts: [1], public: ann.public },
  { name: "tim", role: "tape", topics, limits: { bytes_per_second: 7 }, public: tim.public },
  { name: "boss", role: "admin", public: boss.public },
]);
const STATEMENT = new Uint8Array([1, 2, 3]);
const TIM = { name: "tim", isAdmin: false, topics, bytesPerSecond: 7 };
const BOSS = { name: "boss", isAdmin: true, topics: [], bytesPerSecond: undefined };
const ALL = [{ name: "*", may: ["publish", "subscribe", "administer"] }];
const NODE = { name: "node", isAdmin: true, topics: ALL, bytesPerSecond: undefined };

test.each([
  ["a key with topics", "tim", tim, true, TIM],
  ["another one's key", "tim", boss, false, TIM],
  ["an administrator's", "boss", boss, true, BOSS],
  ["a trader's without topics, who may nothing", "ann", ann, true, undefined],
  ["the node's own threads'", "node", own, true, NODE],
  ["somebody's, as the node", "node", tim, false, NODE],
  ["the node's, for somebody else", "tim", own, false, TIM],
  ["nobody's", "eve", tim, false, undefined],
] as const)("a proof by %s", (_whose, name, { private: secret }, isProof, grant) => {
  const access = tapeAccess(false, keys, own.public);
  const { prove } = signerOf({ name, private: secret });
  expect(access.isProof(name, STATEMENT, prove(STATEMENT))).toBe(isProof);
  expect(access.grantFor(name)).toEqual(grant);
});

test("a tape that is no node's knows no key of a node's threads, and one without keys nobody", () => {
  const { prove } = signerOf({ name: "node", private: own.private });
  for (const access of [tapeAccess(true, keys, undefined), tapeAccess(true, undefined, undefined)]) {
    expect(access.isProof("node", STATEMENT, prove(STATEMENT))).toBe(false);
    expect(access.grantFor("node")).toBeUndefined();
  }
  const access = tapeAccess(true, undefined, own.public);
  expect([access.challenge().length, access.isOpen]).toEqual([32, true]);
});

test("the exchange's own topics are the node's alone while it publishes, and anybody's otherwise", () => {
  const publishing = tapeAccess(true, keys, own.public, true);
  const isReserved = (name: string, topic: string) => {
    const grant = name === "" ? OPEN_GRANT : publishing.grantFor(name);
    return grant && publishing.isReserved?.(grant, topic);
  };
  for (const name of ["", "tim", "boss"]) {
    expect(isReserved(name, "exchange.reports"), name).toBe(true);
    expect(isReserved(name, "exchange"), name).toBe(false);
    expect(isReserved(name, "md.exchange.reports"), name).toBe(false);
  }
  expect(isReserved("node", "exchange.reports")).toBe(false);
  expect(tapeAccess(true, keys, own.public).isReserved?.(OPEN_GRANT, "exchange.reports")).toBe(false);
});
