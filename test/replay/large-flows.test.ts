// Flows may be as large as a file of one may: what one command leads to, and what rests at the end, has no small bound.

import { expect, test } from "vitest";
import {
  type FlowCommand,
  formatFlow,
  parseFlow,
  type SessionOpen,
  Side,
  TimeInForce,
} from "../../src/protocol/index.ts";
import { FlowMachine, replayFlow } from "../../src/replay/index.ts";

/** More than a stream keeps (131,072), and more than a call can have arguments. */
const ORDERS = 140_000;
const GENESIS = {
  ...{ maxQuantity: 10, maxNotional: Number.MAX_SAFE_INTEGER, ordersMax: ORDERS, symbolsMax: 1 },
  ...{ accountsMax: 1, indexSeed: [1, 2] as const },
};
const SESSION: SessionOpen = {
  ...{ kind: "session_open", account: 0, session: 1n, who: "a", instance: 0, flags: 0, deadMan_ms: 0 },
};

function restingOrder(i: number): FlowCommand {
  const { Buy } = Side;
  const terms = {
    price: BigInt(i + 1),
    quantity: 1,
    timeInForce: TimeInForce.GoodTillCancel,
    answerLimit: 0,
  };
  return { kind: "limit", symbol: 0, id: BigInt(i), account: 0, side: Buy, ...terms };
}

test("a command may tell an account more than is kept of it: what is kept is told", () => {
  const machine = new FlowMachine(GENESIS);
  machine.apply({ kind: "reg", name: "A" });
  machine.apply(SESSION);
  for (let i = 0; i < ORDERS; i++) machine.apply(restingOrder(i));
  const events = machine.apply({ kind: "kill_switch", scope: "account", account: 0, on: true, who: "a" });
  expect(events).toHaveLength(ORDERS);
  const told = machine.told();
  expect(told.at(-1)?.number).toBe(2 * ORDERS);
  // In whole chunks of 64.
  expect(told.length).toBeGreaterThan(131_072 - 64);
  expect(told.length).toBeLessThanOrEqual(131_072);
});

test("a book of more levels than a call can have arguments is printed", () => {
  const commands = Array.from({ length: ORDERS }, (_, i) => restingOrder(i));
  const steps = [{ kind: "reg", name: "A" } as const, ...commands].map((command) => ({
    command,
    outcomes: [],
  }));
  const meta = { seed: 0, symbols: 1, orders: ORDERS, maxQuantity: 10, maxNotional: GENESIS.maxNotional };
  const lines = replayFlow({ version: 1, meta, steps });
  expect(lines.slice(-2)).toEqual(["level 0 B 2 1", "level 0 B 1 1"]);
  expect(formatFlow(parseFlow(lines.join("\n")).flow)).toHaveLength(lines.length);
});
