// Who judges halts and kill switches must be able to find fault: each of its rules broken once, and kept once.

import { expect, test } from "vitest";
import { RecordBuffer } from "../../src/base/index.ts";
import {
  type AdminCommand,
  COMMAND_WORDS,
  CommandKind,
  EVENT_WORDS,
  EventKind,
  EventWord,
  writeAdminCommand,
} from "../../src/protocol/index.ts";
import type { InForce } from "../../src/simulation/interventions.ts";
import { RestrictionJudge } from "../../src/simulation/restriction-judge.ts";
import type { ClientRequest, SimulatedClient } from "../../src/simulation/simulated-client.ts";

const WHO = "ann0";
const IMMEDIATE = 1;
/** No start by force gave anything up. */
const NOTHING = { held: () => false, explained: new Set<ClientRequest>() };

/** Feeds a judge a log, command by command with what each caused. */
class Log {
  readonly judge = new RestrictionJudge();
  readonly #command = new Int32Array(COMMAND_WORDS);
  #position = 0;

  administer(command: AdminCommand): this {
    writeAdminCommand(this.#command, 0, command);
    return this.#apply();
  }

  order(account: number, symbol: number, id: number, event: EventKind, timeInForce = 0): this {
    this.#command.fill(0);
    this.#command[0] = CommandKind.NewOrder | (timeInForce << 24);
    [this.#command[2], this.#command[3], this.#command[4]] = [account, symbol, id];
    this.event(account, symbol, id, event);
    return this.#apply();
  }

  event(account: number, symbol: number, id: number, kind: EventKind): this {
    const events = new RecordBuffer(EVENT_WORDS, 4, (piece) => this.judge.saw(piece));
    const at = events.claim();
    events.words.fill(0, at, at + EVENT_WORDS);
    events.words[at] = kind;
    events.words[at + EventWord.account] = account;
    events.words[at + EventWord.symbol] = symbol;
    events.words[at + EventWord.orderIdLow] = id;
    events.drain();
    return this;
  }

  #apply(): this {
    this.judge.after(this.#command, 0, ++this.#position);
    return this;
  }
}

const killSwitch = (on: boolean) =>
  ({ kind: "kill_switch", scope: "account", account: 2, on, who: WHO }) as const;

const IN_FORCE: InForce[] = [{ who: WHO, what: { kind: "account", account: 2 }, from_us: 100, to_us: 200 }];

test("an order that takes effect while trading is halted; one that is refused, or comes behind the resume, is none", () => {
  const log = new Log().administer({ kind: "halt", who: WHO }).order(1, 0, 5, EventKind.Reject);
  log.order(1, 0, 4, EventKind.Repeat);
  expect(log.judge.problems).toEqual([]);
  log.order(1, 0, 6, EventKind.Accept);
  expect(log.judge.problems).toEqual(["position 4: an order of 1 was taken in spite of a halt"]);
  log.administer({ kind: "resume", who: WHO }).order(1, 0, 7, EventKind.Accept);
  expect(log.judge.problems).toHaveLength(1);
});

test("an order of an account that is switched off; those of others are none of its", () => {
  const log = new Log().administer(killSwitch(true)).order(1, 0, 5, EventKind.Accept);
  expect(log.judge.problems).toEqual([]);
  log.order(2, 0, 5, EventKind.Accept).administer(killSwitch(false)).order(2, 0, 6, EventKind.Accept);
  expect(log.judge.problems).toEqual([
    "position 3: an order of 2 was taken in spite of a kill switch of account 2",
  ]);
});

test("a kill switch that leaves an order resting; what was dropped at once, or cancelled by it, does not rest", () => {
  const log = new Log().order(2, 0, 5, EventKind.Accept).order(2, 0, 6, EventKind.Accept, IMMEDIATE);
  log.order(1, 0, 5, EventKind.Accept).event(2, 0, 5, EventKind.Cancel).administer(killSwitch(true));
  expect(log.judge.problems).toEqual([]);
  const left = new Log().order(2, 0, 5, EventKind.Accept).administer(killSwitch(true));
  expect(left.judge.problems).toEqual(["position 2: a kill switch of account 2 left 1 orders resting"]);
});

test("a command that was answered and is not in the log, or elsewhere", () => {
  const log = new Log().administer(killSwitch(true));
  log.judge.check({ answered: [{ who: WHO, position: 1 }], inForce: [] }, [], NOTHING);
  expect(log.judge.problems).toEqual([]);
  const answered = [
    { who: WHO, position: 2 },
    { who: "ann1", position: 3 },
  ];
  log.judge.check({ answered, inForce: [] }, [], NOTHING);
  expect(log.judge.problems).toEqual([
    "command ann0 was answered, and is not in the log at 2",
    "command ann1 was answered, and is not in the log at 3",
  ]);
});

test.each<[asked_us: number, answered_us: number, account: number, isRight: boolean]>([
  [100, 150, 2, true],
  [101, 199, 2, false],
  [101, 200, 2, true],
  [101, 199, 1, true],
])(
  "restricted from 100 to 200; asked at %i, accepted at %i, account %i: right is %s",
  (asked_us, answered_us, account, isRight) => {
    const { judge } = new Log().administer(killSwitch(true));
    const kind = CommandKind.NewOrder;
    const request: Partial<ClientRequest> = { kind, outcome: "accepted", idLow: 5, symbol: 0 };
    const client = { account, requests: [{ ...request, asked_us, answered_us }] };
    judge.check({ answered: [], inForce: IN_FORCE }, [client as unknown as SimulatedClient], NOTHING);
    expect(judge.problems.length === 0).toBe(isRight);
  },
);

test("what a start by force gave up restricts nobody, and what was answered there breaks nothing that is left", () => {
  const request = { kind: CommandKind.NewOrder, outcome: "accepted", idLow: 5, symbol: 0 } as ClientRequest;
  const client = { account: 2, requests: [{ ...request, asked_us: 101, answered_us: 199 }] };
  const clients = [client as unknown as SimulatedClient];
  const answered = [{ who: WHO, position: 7 }];
  const givenUp = new Log().judge;
  givenUp.check({ answered, inForce: IN_FORCE }, clients, {
    held: (who, position) => who === WHO && position === 7,
    explained: new Set(),
  });
  expect(givenUp.problems).toEqual([]);
  const left = new Log().administer(killSwitch(true)).judge;
  const explained = new Set(client.requests);
  left.check({ answered: [], inForce: IN_FORCE }, clients, { held: () => false, explained });
  expect(left.problems).toEqual([]);
  left.check({ answered, inForce: IN_FORCE }, clients, NOTHING);
  expect(left.problems).toEqual([
    "command ann0 was answered, and is not in the log at 7",
    "client 2, order 5: accepted while none was to be",
  ]);
});
