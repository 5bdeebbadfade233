import { expect, test } from "vitest";
import {
  FLOW_PROFILE_NAMES,
  type FlowProfileName,
  generateFlow,
  recordFlow,
  shrinkComments,
  shrinkFlow,
} from "../../src/lab/index.ts";
import { SHRINK_PASSES } from "../../src/lab/shrink-passes.ts";
import {
  type Flow,
  type FlowOutcome,
  type FlowStep,
  formatCommand,
  Reason,
} from "../../src/protocol/index.ts";

const commandsOf = (flow: Flow) => flow.steps.map(({ command }) => formatCommand(command));
const leadsTo = (is: (outcome: FlowOutcome) => boolean) => (flow: Flow) =>
  recordFlow(flow).steps.some(({ outcomes }) => outcomes.some(is));
const trades = leadsTo(({ kind }) => kind === "trade");
const isRefused = (reason: Reason) =>
  leadsTo((outcome) => outcome.kind === "reject" && outcome.reason === reason);

test.each(FLOW_PROFILE_NAMES)(
  "a %s flow that trades shrinks to one symbol and two plain orders",
  (profile) => {
    const result = shrinkFlow(generateFlow(profile, 1, 200), trades);
    expect(result.isMinimal).toBe(true);
    const [register, maker, taker, ...rest] = commandsOf(result.flow);
    expect(rest).toEqual([]);
    expect(register).toBe("cmd reg S0");
    expect(maker).toMatch(/^cmd limit 0 1 [BS] 1 1 GTC$/);
    expect(taker).toMatch(/^cmd (limit 0 2 [BS] 1 1 GTC|market 0 2 [BS] 1)$/);
    expect(result.flow.version).toBe(1);
  },
);

test("a flow with RequestReused shrinks to two plain commands that share a number", () => {
  const fails = isRefused(Reason.RequestReused);
  const result = shrinkFlow(firstFlow("repeated", fails), fails);
  expect(result.isMinimal).toBe(true);
  const commands = commandsOf(result.flow);
  expect(commands).toHaveLength(2);
  for (const command of commands) expect(command).toMatch(/^cmd (limit|market|cancel|modify) 0 .* once 1$/);
});

/** The first generated flow that fails: about one in two does. */
function firstFlow(profile: FlowProfileName, fails: (flow: Flow) => boolean): Flow {
  for (let seed = 1; seed <= 50; seed++) {
    const flow = generateFlow(profile, seed, 400);
    if (fails(flow)) return flow;
  }
  return expect.fail(`no ${profile} flow fails`);
}

const REG = /^cmd reg S0$/;
const ANY = /^cmd (limit|market|cancel|modify) 0 1 /;
const RESTS = /^cmd limit 0 1 [BS] 1 1 GTC$/;
const LEAST: [reason: keyof typeof Reason, least: RegExp[]][] = [
  ["UnknownSymbol", [/^cmd (limit|market|cancel|modify) 0 1( |$)/]],
  ["UnknownOrder", [REG, /^cmd (cancel 0 1|modify 0 1 1 1)$/]],
  ["DuplicateOrderId", [REG, RESTS, ANY]],
  ["StorageExhausted", [REG, RESTS, /^cmd limit 0 2 [BS] 1 1 GTC$/]],
];

test.each(LEAST)("a flow with %s shrinks to the least that leads to it", (reason, least) => {
  const fails = isRefused(Reason[reason]);
  const result = shrinkFlow(firstFlow("pool-full", fails), fails);
  const commands = commandsOf(result.flow);
  expect(result.isMinimal).toBe(true);
  expect(commands).toHaveLength(least.length);
  for (let i = 0; i < least.length; i++) expect(commands[i]).toMatch(least[i]);
});

/** Whether some step of the flow is like this, with what followed from it. */
const hasStep = (is: (step: FlowStep) => boolean) => (flow: Flow) => recordFlow(flow).steps.some(is);
const SESSIONS: [name: string, fails: (flow: Flow) => boolean, least: RegExp[]][] = [
  [
    "a dead man that cancels",
    hasStep(({ command, outcomes }) => {
      return command.kind === "session_end" && command.cause === "dead_man" && outcomes.length > 0;
    }),
    [REG, /^cmd (session_open 0 1 a 0 0 0|limit .*)$/, /^cmd /, /^cmd session_end 0 1 dead_man$/],
  ],
  [
    "a cancel on disconnect",
    hasStep(({ command, outcomes }) => {
      return command.kind === "session_end" && command.cause === "node_lost" && outcomes.length > 0;
    }),
    [REG, /^cmd (session_open 0 1 a 0 1 0|limit .*)$/, /^cmd /, /^cmd session_end 0 1 node_lost$/],
  ],
  [
    "a mass cancel that cancels",
    hasStep(({ outcomes: [first, second] }) => first?.kind === "mass_cancel" && second !== undefined),
    [REG, RESTS, /^cmd mass_cancel \* \*$/],
  ],
  ["ExchangeSwitchedOff", isRefused(Reason.ExchangeSwitchedOff), [/^cmd kill_switch all on a$/, ANY]],
  ["SymbolSwitchedOff", isRefused(Reason.SymbolSwitchedOff), [REG, /^cmd kill_switch symbol 0 on a$/, ANY]],
];

test.each(SESSIONS)("a flow with %s shrinks to the least that leads to it", (_name, fails, least) => {
  const result = shrinkFlow(firstFlow("sessions", fails), fails);
  const commands = commandsOf(result.flow);
  expect(result.isMinimal).toBe(true);
  expect(commands).toHaveLength(least.length);
  for (let i = 0; i < least.length; i++) expect(commands[i]).toMatch(least[i]);
});

test("a fixed point shrinks no further", () => {
  const fails = isRefused(Reason.AnswerTooLarge);
  const once = shrinkFlow(firstFlow("mixed", fails), fails);
  const again = shrinkFlow(once.flow, fails);
  expect(commandsOf(again.flow)).toEqual(commandsOf(once.flow));
  expect(again.iterations).toBe(1);
});

test("it stops at the tries allowed, with what it has by then, and says so", () => {
  let asked = 0;
  const fails = (flow: Flow) => {
    asked++;
    return trades(flow);
  };
  const result = shrinkFlow(generateFlow("mixed", 1, 300), fails, 10);
  expect(asked).toBe(10);
  expect(result).toMatchObject({ tries: 10, isMinimal: false });
  expect(trades(result.flow)).toBe(true);
  expect(shrinkComments(result, "trades")).toContain(
    `shrink iterations: ${result.iterations} (10 tries), stopped before the fixed point`,
  );
});

test("a flow of more commands than a call can have arguments shrinks", () => {
  const cancel = { kind: "cancel", symbol: 0, id: 1n, account: 1 } as const;
  const steps: FlowStep[] = Array.from({ length: 400_000 }, () => ({ command: cancel, outcomes: [] }));
  const meta = { seed: 0, symbols: 0, orders: 0, maxQuantity: 1, maxNotional: 1, accountsMax: 2 };
  const fails = (flow: Flow) => flow.steps.length > 0;
  const { flow } = shrinkFlow({ version: 2, meta, steps }, fails);
  expect(flow.steps).toHaveLength(1);
});

test("no pass goes on making candidates when the tries are used up", () => {
  const { meta, steps } = generateFlow("repeated", 1, 3_000);
  const start = { meta, commands: steps.map(({ command }) => command) };
  let asked = 0;
  const refuse = () => ++asked < 0;
  for (const pass of SHRINK_PASSES) expect(pass(start, refuse, () => true)).toBe(start);
  // What is offered as a whole flow, once or twice of each kind.
  expect(asked).toBeLessThan(20);
});
