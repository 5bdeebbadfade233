// Who may trade on a node's order port: whose proof is taken for which name, and what it grants.

import type { verify } from "node:crypto";
import { expect, test, vi } from "vitest";
import { signerOf } from "../../src/client/index.ts";
import { configurationOf } from "../../src/node/index.ts";
import { keysBeyond, orderAccess } from "../../src/node/order-access.ts";
import { makeEd25519Pair } from "../../src/platform/index.ts";
import { KeyRing } from "../../src/runtime/index.ts";

/** Signatures that were looked at. */
const looked = vi.hoisted(() => ({ count: 0 }));
vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  return {
    ...crypto,
    verify: (...of: Parameters<typeof verify>) => {
      looked.count++;
      return crypto.verify(...of);
    },
  };
});

const [own, ann, watch, boss] = [makeEd25519Pair(), makeEd25519Pair(), makeEd25519Pair(), makeEd25519Pair()];
const keys = new KeyRing([
  { name: "ann", role: "trader", accounts: [1], limits: { connections: 2 }, public: ann.public },
  { name: "watch", role: "reader", accounts: "all", public: watch.public },
  { name: "boss", role: "admin", public: boss.public },
]);
const { authenticator } = orderAccess(configurationOf({}).configuration, keys, own);
const STATEMENT = new Uint8Array([1, 2, 3]);

const ANN = { name: "ann", role: "trader", accounts: new Set([1]), limits: { connections: 2 } };
const WATCH = { name: "watch", role: "reader", accounts: "all", limits: {} };
const NODE = { name: "node", role: "trader", accounts: "all", limits: {} };

test.each([
  ["a trader's own", "ann", ann, ANN],
  ["another trader's", "ann", watch, undefined],
  ["the node's, for who said a trader's token: that trader's rights", "ann", own, ANN],
  ["the node's, for who said a reader's token: that reader's rights", "watch", own, WATCH],
  ["the node's, for itself", "node", own, NODE],
  ["a trader's, as the node", "node", ann, undefined],
  ["an administrator's, who has no account", "boss", boss, undefined],
  ["the node's, for an administrator", "boss", own, undefined],
  ["the node's, for nobody", "eve", own, undefined],
])("a proof by %s", async (_whose, name, { private: secret }, grant) => {
  const { prove } = signerOf({ name, private: secret });
  const told = new Promise((resolve) => authenticator.verify(name, STATEMENT, prove(STATEMENT), resolve));
  expect(await told).toEqual(grant);
});

// The thread that asks has orders to match meanwhile.
test("whatever a proof is, the answer comes later, and when it is asked again one comes again", async () => {
  const { prove } = signerOf({ name: "ann", private: ann.private });
  for (const [name, proof] of [
    ["ann", prove(STATEMENT)],
    ["ann", new Uint8Array(64)],
    ["eve", prove(STATEMENT)],
  ] as const) {
    let answers = 0;
    const told = new Promise<void>((resolve) => {
      authenticator.verify(name, STATEMENT, proof, () => {
        answers++;
        resolve();
      });
    });
    expect(answers).toBe(0);
    await told;
    expect(answers).toBe(1);
  }
});

test.each(["ann", "boss", "eve", "node"])("a wrong proof for %s takes two looks", async (name) => {
  looked.count = 0;
  await new Promise((resolve) => authenticator.verify(name, STATEMENT, new Uint8Array(64), resolve));
  expect(looked.count).toBe(2);
});

test("keys for accounts that the exchange lacks are named", () => {
  const key = (name: string, accounts: readonly number[] | "all") =>
    ({ name, role: "trader", public: "", accounts }) as const;
  const keys = [key("ann", [7]), key("bob", [7, 10]), key("eve", "all")];
  expect(keysBeyond(10, keys)).toEqual(["bob"]);
  expect(keysBeyond(11, keys)).toEqual([]);
});
