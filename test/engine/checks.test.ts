// The order of the checks, as rules.md has it: a command that two of them refuse is refused by the one that stands first.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SAFE_MAX } from "../../src/base/index.ts";
import {
  CommandFlag,
  CommandWord,
  EventKind,
  type KillSwitch,
  OrderType,
  reasonName,
  Side,
  TimeInForce,
  writeAdminCommand,
  writeCancel,
  writeMassCancel,
  writeModify,
  writeNewOrder,
} from "../../src/protocol/index.ts";
import { buy, logOn, once, sell } from "./orders.ts";
import { Desk, type Write } from "./support.ts";

const rules = readFileSync(new URL("../../src/engine/rules.md", import.meta.url), "utf8");
const ORDERS_MAX = 8;
const MASS_CANCEL_MAX = 100_000;

/** What a command says, and the state that it meets. */
interface Scene {
  readonly account: number;
  readonly symbol: number;
  readonly id: number;
  readonly side: number;
  readonly price: number;
  readonly quantity: number;
  readonly request: number;
  readonly answerLimit: number;
}
const SOUND: Scene = {
  ...{ account: 1, symbol: 0, id: 50, side: Side.Buy, price: 10, quantity: 2 },
  ...{ request: 0, answerLimit: 0 },
};

/** What makes a check fail: something in the command, orders of before, or what was decided since they rest. */
interface Fault {
  readonly says?: Partial<Scene>;
  readonly orders?: readonly Write[];
  readonly decided?: readonly Write[];
}

function switchOff(command: Pick<KillSwitch, "scope"> & { account?: number; symbol?: number }): Write {
  return (words) =>
    writeAdminCommand(words, 0, { kind: "kill_switch", on: true, who: "ann", ...command } as KillSwitch);
}
const halt: Write = (words) => writeAdminCommand(words, 0, { kind: "halt", who: "ann" });
const own = { account: 1 };
const others = { account: 2 };
const full = Array.from({ length: ORDERS_MAX }, (_, i) => sell(i, 900, 1, { account: 3, symbol: 1 }));

const STOPPED: Readonly<Record<string, Fault>> = {
  NotAuthorised: { says: { account: 4 } },
  RequestReused: { says: { account: 1, request: 7 }, orders: [once(7, buy(40, 1, 1, own))] },
  TradingHalted: { decided: [halt] },
  ExchangeSwitchedOff: { decided: [switchOff({ scope: "all" })] },
  AccountSwitchedOff: { says: { account: 1 }, decided: [switchOff({ scope: "account", account: 1 })] },
  SymbolSwitchedOff: { says: { symbol: 0 }, decided: [switchOff({ scope: "symbol", symbol: 0 })] },
  UnknownSymbol: { says: { symbol: 2 } },
};
const TERMS: Readonly<Record<string, Fault>> = {
  InvalidPrice: { says: { price: SAFE_MAX + 1 } },
  MaxQuantityExceeded: { says: { quantity: 1001 } },
  MaxNotionalExceeded: { says: { price: 1_000_000 } },
  AnswerTooLarge: { says: { answerLimit: 1 }, orders: [sell(70, 10, 1, others), sell(71, 10, 1, others)] },
};

interface Command {
  readonly faults: Readonly<Record<string, Fault>>;
  /** Orders that it needs to be sound. */
  readonly orders: readonly Write[];
  readonly write: (scene: Scene) => Write;
  readonly ordersMax?: number;
  /** A reason of its row that takes millions of orders: test/engine/bounds.test.ts. */
  readonly elsewhere?: string;
}

const { Limit } = OrderType;
const { GoodTillCancel } = TimeInForce;

const COMMANDS: Readonly<Record<string, Command>> = {
  "new order": {
    faults: {
      ...STOPPED,
      ...TERMS,
      DuplicateOrderId: { orders: [buy(50, 1, 1, own)] },
      InvalidSide: { says: { side: 2 } },
      InvalidQuantity: { says: { quantity: 0 } },
      TooManyOpenOrders: { orders: [buy(60, 1, 1, own)], decided: [logOn(1)] },
      StorageExhausted: { orders: full },
    },
    orders: [],
    write:
      ({ account, symbol, id, side, price, quantity }) =>
      (words) =>
        writeNewOrder(
          words,
          0,
          account,
          symbol,
          id,
          0,
          side,
          Limit,
          GoodTillCancel,
          ...lanes(price),
          quantity,
        ),
  },
  modify: {
    faults: { ...STOPPED, ...TERMS, UnknownOrder: { says: { id: 51 } } },
    orders: [buy(50, 5, 2, own)],
    write:
      ({ account, symbol, id, price, quantity }) =>
      (words) =>
        writeModify(words, 0, account, symbol, id, 0, ...lanes(price), quantity),
    elsewhere: "StorageExhausted",
  },
  cancel: {
    faults: { ...STOPPED, UnknownOrder: { says: { id: 51 } } },
    orders: [buy(50, 5, 2, own)],
    write:
      ({ account, symbol, id }) =>
      (words) =>
        writeCancel(words, 0, account, symbol, id, 0),
  },
  "mass cancel": {
    faults: {
      ...STOPPED,
      InvalidSide: { says: { side: 3 } },
      AnswerTooLarge: {
        orders: Array.from({ length: MASS_CANCEL_MAX }, (_, i) => buy(1000 + i, 1, 1, own)),
      },
    },
    orders: [buy(50, 5, 2, own)],
    write:
      ({ account, symbol, side }) =>
      (words) =>
        writeMassCancel(words, 0, account, symbol, side),
    ordersMax: MASS_CANCEL_MAX + 2,
  },
};

function lanes(price: number): [low: number, high: number] {
  return [price | 0, Math.floor(price / 2 ** 32)];
}

/** What a command is refused for that meets all of `faults`; what the first of them says goes before the others. */
function refusalOf({ orders, write, ordersMax = ORDERS_MAX }: Command, faults: readonly Fault[]): string {
  const desk = new Desk({ ordersMax, accountOrdersMax: 1 }, ["S0", "S1"]);
  for (const order of [...orders, ...faults.flatMap((fault) => fault.orders ?? [])]) desk.do(order);
  for (const decision of faults.flatMap((fault) => fault.decided ?? [])) desk.do(decision);
  const said = faults.map(({ says }) => says).reverse();
  const scene: Scene = Object.assign({ ...SOUND }, ...said);
  const [event] = desk.do(
    (words) => {
      write(scene)(words);
      if (scene.request === 0) return;
      words[CommandWord.flags] = CommandFlag.Once;
      words[CommandWord.requestLow] = scene.request;
    },
    0,
    scene.answerLimit,
  );
  return event.kind === EventKind.Reject ? reasonName(event.reason) : "taken";
}

/** The reasons of a command in the order of rules.md. */
function checksOf(name: string): string[] {
  const row = new RegExp(`^\\| ${name} \\| ([A-Za-z, ]+) \\|$`, "m").exec(rules)?.[1];
  expect(row, `the row of ${name}`).toBeDefined();
  return row!.split(", ");
}

test.each(Object.entries(COMMANDS))("the first check of a %s that fails is the answer", (name, command) => {
  const { faults, elsewhere } = command;
  const checks = checksOf(name).filter((reason) => reason !== elsewhere);
  expect(refusalOf(command, [])).toBe("taken");
  const wrong: string[] = [];
  checks.forEach((first, i) => {
    const second = [undefined, ...checks.slice(i + 1)];
    for (const also of second) {
      const met = [faults[first], ...(also === undefined ? [] : [faults[also]])];
      const found = refusalOf(command, met);
      if (found !== first) wrong.push(`${first}${also === undefined ? "" : ` and ${also}`}: ${found}`);
    }
  });
  expect(wrong).toEqual([]);
});

test("a cancel and a mass cancel pass what is stopped", () => {
  for (const reason of ["TradingHalted", "ExchangeSwitchedOff", "AccountSwitchedOff", "SymbolSwitchedOff"]) {
    // A kill switch has taken the order out already.
    const left = reason === "TradingHalted" ? "taken" : "UnknownOrder";
    expect(refusalOf(COMMANDS.cancel, [STOPPED[reason]])).toBe(left);
    expect(refusalOf(COMMANDS["mass cancel"], [STOPPED[reason]])).toBe("taken");
    expect(refusalOf(COMMANDS.modify, [STOPPED[reason], { says: { quantity: 0 } }])).toBe(reason);
  }
});
