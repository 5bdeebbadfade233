// What a quoter does next, given what it knows: one slot on each side, so nothing is left to chance but quantities.

import { beforeEach, expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { type MarketView, Quoter, quotePrice, Taker, type TraderCommand } from "../../../src/lab/index.ts";
import { Reason, Side } from "../../../src/protocol/index.ts";

const PROFILE = {
  ...{ levels: 1, halfSpread_steps: 1, gap_steps: 1, jitter_steps: 0 },
  ...{ cancel: 0, replace: 0, quantityMax: 10 },
};
const instrument = {
  ...{ symbol: 3, name: "A", priceDecimals: 2, tick: 5 },
  ...{ start: 1_000, volatility: 1e-4 },
};
const at = (fair: number): MarketView => ({ instrument, index: 0, fair, step: 5 });

const BID = 3 * 256 + 1;
const ASK = 3 * 256 + 2;

let quoter: Quoter;
beforeEach(() => {
  quoter = new Quoter(PROFILE, new Prng(1), [3]);
});

/** The next command, whichever side it is for; chance picks the side, so some draws find it waiting. */
function next(fair: number, id?: number, from = quoter): TraderCommand {
  for (let draw = 0; draw < 100; draw++) {
    const command = from.act(at(fair));
    if (command === undefined) continue;
    if (id === undefined || command.id === id) return command;
    from.onRejected(command, Reason.StorageExhausted);
  }
  throw new Error("it does nothing");
}

function accepted(fair: number, id: number): TraderCommand {
  const command = next(fair, id);
  quoter.onAccepted(command);
  return command;
}

test.each([
  [1_000, Side.Buy, 0, 995],
  [1_000, Side.Sell, 0, 1_005],
  [1_002.5, Side.Buy, 0, 995],
  [1_002.5, Side.Sell, 0, 1_010],
  [1_000, Side.Buy, 3, 980],
  [1_000, Side.Sell, 3, 1_020],
  // No price is below one tick.
  [7, Side.Buy, 3, 5],
])(
  "at a fair price of %d, side %i, level %i quotes %i: whole ticks away from it",
  (fair, side, level, price) => {
    expect(quotePrice(at(fair), PROFILE, side, level, 0)).toBe(price);
  },
);

test("an empty slot is filled with a limit order at its price, under the slot's own id", () => {
  expect(next(1_000, BID)).toMatchObject({ kind: "limit", id: BID, symbol: 3, side: Side.Buy, price: 995 });
  quoter = new Quoter(PROFILE, new Prng(1), [3]);
  expect(next(1_000, ASK)).toMatchObject({
    kind: "limit",
    id: ASK,
    symbol: 3,
    side: Side.Sell,
    price: 1_005,
  });
});

test("a slot whose answer is not there yet is left alone", () => {
  const first = next(1_000);
  const second = next(1_000);
  expect(new Set([first.id, second.id])).toEqual(new Set([BID, ASK]));
  for (let i = 0; i < 50; i++) expect(quoter.act(at(1_000))).toBeUndefined();
});

test("a slot at a wrong price is moved with what is open of it", () => {
  accepted(1_000, ASK);
  const { quantity } = accepted(1_000, BID) as { quantity: number };
  expect(next(900, BID)).toEqual({ kind: "modify", id: BID, symbol: 3, price: 895, quantity });
});

test("a slot at a price that is good enough changes its quantity alone", () => {
  accepted(1_000, BID);
  expect(next(1_001, BID)).toMatchObject({ kind: "modify", id: BID, price: 995 });
});

test("a slot that is filled whole is filled again", () => {
  const { quantity } = accepted(1_000, BID) as { quantity: number };
  quoter.onFill(BID, quantity);
  expect(next(1_000, BID)).toMatchObject({ kind: "limit", id: BID });
});

test("a slot that traded while its modify was under way, and is gone, is filled again", () => {
  accepted(1_000, BID);
  quoter.onRejected(next(900, BID), Reason.UnknownOrder);
  expect(next(900, BID)).toMatchObject({ kind: "limit", id: BID, price: 895 });
});

test("an order of an earlier life is found by its id and brought to the right price", () => {
  quoter.onRejected(next(1_000, BID), Reason.DuplicateOrderId);
  const found = next(1_000, BID);
  expect(found).toMatchObject({ kind: "modify", id: BID, price: 995 });
  quoter.onAccepted(found);
  expect(next(900, BID)).toMatchObject({ kind: "modify", price: 895 });
});

test("a quote that would meet its own other side waits until that has moved", () => {
  accepted(1_000, ASK);
  for (let i = 0; i < 20; i++) {
    const command = next(1_100);
    if (command.id === BID) throw new Error("it quotes a bid above its own ask");
    expect(command).toMatchObject({ kind: "modify", id: ASK, price: 1_105 });
    quoter.onRejected(command, Reason.StorageExhausted);
  }
});

test("quantities are halved when the exchange calls them too large", () => {
  quoter = new Quoter({ ...PROFILE, quantityMax: 1_000_000 }, new Prng(1), [3]);
  let command = next(1_000) as { quantity: number } & TraderCommand;
  for (let i = 0; i < 40 && command.quantity > 1; i++) {
    quoter.onRejected(command, Reason.MaxQuantityExceeded);
    const before = command.quantity;
    command = next(1_000) as typeof command;
    expect(command.quantity).toBeLessThanOrEqual(Math.max(1, before / 2));
  }
});

test("what rests or may rest is cancelled at the end, also what nobody has heard of since the connection was lost", () => {
  const ids = () => quoter.cancels().map(({ kind, id }) => [kind, id]);
  const both = [
    ["cancel", BID],
    ["cancel", ASK],
  ];
  accepted(1_000, BID);
  const ask = accepted(1_000, ASK) as { quantity: number };
  quoter.onFill(ASK, ask.quantity);
  expect(ids()).toEqual([["cancel", BID]]);
  quoter.onLost();
  expect(ids()).toEqual(both);
});

// Each was cancelled, one by one, on an exchange that had none of them.
test("slots that were never used are cancelled at the end only when an order of an earlier life was met", () => {
  const earlier = { isMet: false };
  const [one, other] = [1, 2].map((seed) => new Quoter(PROFILE, new Prng(seed), [3], earlier));
  expect([...one.cancels(), ...other.cancels()]).toEqual([]);
  one.onLost();
  expect(one.cancels()).toEqual([]);
  one.onRejected(next(1_000, BID, one), Reason.DuplicateOrderId);
  expect([one.cancels().length, other.cancels().length]).toEqual([2, 2]);
});

test("a taker pays at most a few steps beyond the fair price, with an id it never used", () => {
  const taker = new Taker(new Prng(1));
  const commands = Array.from({ length: 2_000 }, () => taker.act(at(1_000)));
  expect(new Set(commands.map(({ id }) => id)).size).toBe(2_000);
  expect(new Set(commands.map(({ kind }) => kind))).toEqual(new Set(["market", "ioc"]));
  for (const command of commands) {
    if (command.kind !== "ioc") continue;
    const beyond = command.side === Side.Buy ? command.price - 1_000 : 1_000 - command.price;
    expect(beyond).toBeGreaterThanOrEqual(5);
    expect(beyond).toBeLessThanOrEqual(35);
    expect(command.price % 5).toBe(0);
  }
});
