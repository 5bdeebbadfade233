// The engine held to the naive twin over generated flows: every event field, every rejection, every state. The counts
// are printed and bounded below, so that agreement always means that something was tried. SERIATIM_SEEDS=A..B tries these
// seeds too, on every profile.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { U32_MAX } from "../../src/base/index.ts";
import {
  type Contestants,
  ENGINE_AND_TWIN,
  FLOW_PROFILE_NAMES,
  type FlowProfileName,
  FlowStatistics,
  findDisagreement,
  generateFlow,
  REACHABLE_REASONS,
  recordFlow,
  writeCounterexample,
} from "../../src/lab/index.ts";
import {
  CancelCause,
  type EventFields,
  EventKind,
  type FlowCommand,
  parseFlow,
  ReportKind,
  reasonName,
  Side,
} from "../../src/protocol/index.ts";
import { checkFlow, FlowMachine, type ToldReport } from "../../src/replay/index.ts";
import { extraSeeds } from "../support/seeds.ts";

const COUNTEREXAMPLES = "test-output";
/** Books that grow and move need long flows; the others many starts. Together 420,000 commands. */
const LONG: readonly FlowProfileName[] = ["deep", "wide-prices", "ladder-moves", "window-edges"];

function runOf(profile: FlowProfileName): { flows: number; commands: number } {
  if (profile === "mixed") return { flows: 60, commands: 1_500 };
  if (profile === "administered") return { flows: 20, commands: 1_500 };
  if (profile === "sessions") return { flows: 16, commands: 2_500 };
  if (profile === "repeated") return { flows: 30, commands: 1_500 };
  return LONG.includes(profile) ? { flows: 4, commands: 5_000 } : { flows: 13, commands: 1_500 };
}

function expectAgreement(profile: FlowProfileName, seed: number, own: FlowStatistics): void {
  const flow = generateFlow(profile, seed, runOf(profile).commands);
  const disagreement = findDisagreement(flow, ENGINE_AND_TWIN, own);
  if (disagreement === undefined) return;
  const path = writeCounterexample(flow, `${profile}-seed${seed}`, COUNTEREXAMPLES);
  expect.fail(`${profile}, seed ${seed}: ${disagreement.what}\nshrunk flow: ${path}`);
}

describe("engine and twin agree", () => {
  const total = new FlowStatistics();

  test.each(FLOW_PROFILE_NAMES)("on %s flows", (profile) => {
    const own = new FlowStatistics();
    for (let seed = 1; seed <= runOf(profile).flows; seed++) expectAgreement(profile, seed, own);
    total.add(own);
    console.log([profile, ...own.lines()].join("\n  "));
    if (profile === "mixed") expectWorthwhile(own);
  });

  const seeds = extraSeeds();
  const profiles = seeds.length === 0 ? [] : FLOW_PROFILE_NAMES;
  test.each(profiles)(`on %s flows of seeds ${seeds[0]} to ${seeds.at(-1)}`, { timeout: 0 }, (profile) => {
    const own = new FlowStatistics();
    for (const seed of seeds) expectAgreement(profile, seed, own);
    console.log([`${profile}, seeds ${seeds[0]} to ${seeds.at(-1)}`, ...own.lines()].join("\n  "));
  });

  test("and enough was tried: commands, acceptances, trades and every reason", () => {
    console.log(["all profiles", ...total.lines()].join("\n  "));
    expect(total.commands).toBeGreaterThanOrEqual(200_000);
    expectWorthwhile(total);
    for (const cause of Object.keys(CancelCause))
      expect(total.causes.get(cause), cause).toBeGreaterThanOrEqual(500);
    expect(total.refusals.get("session_open")).toBeGreaterThanOrEqual(100);
    expect(total.refusals.get("kill_switch")).toBeGreaterThanOrEqual(5);
    expect(total.repeated).toBeGreaterThanOrEqual(1_000);
    expect(total.told).toBeGreaterThanOrEqual(10_000);
    const met = REACHABLE_REASONS.map((name) => [name, total.reasons.get(name) ?? 0] as const);
    expect(met.filter(([, count]) => count < 1_000)).toEqual([]);
  });

  test.each<FlowProfileName>(["administered", "sessions", "repeated"])(
    "on %s flows of the highest accounts there are",
    (profile) => {
      for (const seed of [1, 2, 3]) {
        const flow = generateFlow(profile, seed, 800);
        const steps = flow.steps.map(({ command }) => {
          const high = "account" in command && { account: U32_MAX - 1 - command.account };
          return { command: { ...command, ...high } as FlowCommand, outcomes: [] };
        });
        const meta = { ...flow.meta, accountsMax: U32_MAX };
        expect(findDisagreement({ ...flow, meta, steps })).toBeUndefined();
      }
    },
  );

  test("on a side that only a caller of the library can name", () => {
    const flow = generateFlow("mixed", 1, 20);
    const odd = { kind: "limit", symbol: 0, id: 999n, account: 0, answerLimit: 0, timeInForce: 0 } as const;
    const command: FlowCommand = { ...odd, side: 2 as Side, price: 1n, quantity: 1 };
    const statistics = new FlowStatistics();
    const steps = [...flow.steps, { command, outcomes: [] }];
    expect(findDisagreement({ ...flow, steps }, ENGINE_AND_TWIN, statistics)).toBeUndefined();
    expect(statistics.reasons.get("InvalidSide")).toBe(1);
    const mass: FlowCommand = { kind: "mass_cancel", account: 0, side: 3 as Side };
    const withMass = [...flow.steps, { command: mass, outcomes: [] }];
    expect(findDisagreement({ ...flow, steps: withMass }, ENGINE_AND_TWIN, statistics)).toBeUndefined();
    expect(statistics.reasons.get("InvalidSide")).toBe(2);
  });
});

// What a gateway never sends shows which check comes first.
test("engine and twin check the account, then the symbol, then the id, then the side", () => {
  const flow = generateFlow("mixed", 1, 20);
  const meta = { ...flow.meta, accountsMax: 2 };
  const terms = { kind: "limit", symbol: 0, id: 1n, account: 0, answerLimit: 0, timeInForce: 0 } as const;
  const resting: FlowCommand = { ...terms, side: Side.Buy, price: 1n, quantity: 1 };
  const oddSide = { ...resting, side: 2 as Side };
  const commands: readonly FlowCommand[] = [
    { kind: "reg", name: "S0" },
    resting,
    oddSide,
    { ...oddSide, id: 2n },
    { ...oddSide, symbol: 1 },
    { ...oddSide, symbol: 1, account: 2 },
    { ...oddSide, account: 2 ** 32 - 1, once: 7n },
    { kind: "cancel", symbol: 1, id: 1n, account: 2 },
    { ...resting, kind: "modify", account: 2 },
    { kind: "mass_cancel", account: 2, side: 3 as Side },
  ];
  const steps = commands.map((command) => ({ command, outcomes: [] }));
  expect(findDisagreement({ ...flow, meta, steps })).toBeUndefined();
  const outcomes = recordFlow({ ...flow, meta, steps }).steps.map((step) => step.outcomes[0]);
  const answers = outcomes.map((outcome) =>
    outcome?.kind === "reject" ? reasonName(outcome.reason) : outcome?.kind,
  );
  expect(answers).toEqual([
    ...[undefined, "accept", "DuplicateOrderId", "InvalidSide", "UnknownSymbol"],
    ...Array(5).fill("NotAuthorised"),
  ]);
});

function expectWorthwhile(statistics: FlowStatistics): void {
  expect(statistics.acceptedShare).toBeGreaterThanOrEqual(0.4);
  expect(statistics.tradingShare).toBeGreaterThanOrEqual(0.1);
}

/** Younger orders of a level trade first, as far as anyone can see. */
class SwapsPriority extends FlowMachine {
  override apply(command: FlowCommand): EventFields[] {
    const events = super.apply(command);
    const trades = events.filter(({ kind }) => kind === EventKind.Trade);
    const at = trades.findIndex((trade, i) => i > 0 && trade.price === trades[i - 1].price);
    if (at === -1) return events;
    const [older, younger] = [trades[at - 1], trades[at]];
    return events.map((event) => {
      if (event === older) return { ...event, makerId: younger.makerId };
      return event === younger ? { ...event, makerId: older.makerId } : event;
    });
  }
}

/** Fails in the middle of a third trade. */
class CrashesOnThirdTrade extends FlowMachine {
  override apply(command: FlowCommand): EventFields[] {
    const events = super.apply(command);
    if (events.filter(({ kind }) => kind === EventKind.Trade).length > 2) throw new RangeError("planted");
    return events;
  }
}

/** Its snapshot forgets that anything rests once it is restored. */
class ForgetsOnRebuild extends FlowMachine {
  #isRebuilt = false;
  override rebuild(state: Uint8Array, position: number): void {
    super.rebuild(state, position);
    this.#isRebuilt = true;
  }
  override state(): Uint8Array {
    const state = super.state();
    return this.#isRebuilt ? state.subarray(0, state.length - 1) : state;
  }
}

/** Forgets what an order had traded before it was modified. */
class TellsLessAfterModify extends FlowMachine {
  override told(): readonly ToldReport[] {
    return super.told().map((told) => {
      const isModified = told.report.kind === ReportKind.Modified;
      return isModified ? { ...told, report: { ...told.report, cumulative: 0n } } : told;
    });
  }
}

/** Never tells what an immediate order dropped. */
class KeepsExpirySecret extends FlowMachine {
  override told(): readonly ToldReport[] {
    return super.told().filter(({ report }) => report.kind !== ReportKind.Expired);
  }
}

test.each<[string, Contestants["engine"], RegExp]>([
  [
    "a modify that forgets",
    (genesis) => new TellsLessAfterModify(genesis),
    /cumulative [1-9].*found.*cumulative 0/,
  ],
  ["an end that is not told", (genesis) => new KeepsExpirySecret(genesis), /told: expected report .*kind 6/],
])("a planted bug in what accounts are told is found: %s", (_name, engine, what) => {
  const flow = generateFlow("sessions", 7, 600);
  expect(findDisagreement(flow, { ...ENGINE_AND_TWIN, engine })?.what).toMatch(what);
});

describe("a planted bug is found, shrunk and written", () => {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-lab-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  const bugs: [name: string, engine: Contestants["engine"], commands: number, what: RegExp][] = [
    [
      "swapped priority",
      (genesis) => new SwapsPriority(genesis),
      4,
      /event 1: expected makerId \d+, found \d+/,
    ],
    ["a crash", (genesis) => new CrashesOnThirdTrade(genesis), 5, /the engine crashed: planted/],
    ["a lossy snapshot", (genesis) => new ForgetsOnRebuild(genesis), 1, /the rebuilt engine's snapshot/],
  ];

  test.each(bugs)("%s", (name, engine, commands, what) => {
    const contestants: Contestants = { ...ENGINE_AND_TWIN, engine };
    const flow = generateFlow("mixed", 7, 600);
    expect(findDisagreement(flow, contestants)?.what).toMatch(what);
    const path = writeCounterexample(flow, name.replaceAll(" ", "-"), directory, contestants);
    const text = readFileSync(path, "latin1");
    expect(text).toContain("# original length: 603\n");
    expect(text).toContain(`# minimized length: ${commands}\n`);
    expect(text).toMatch(what);
    const parsed = parseFlow(text, path);
    expect(parsed.flow.steps).toHaveLength(commands);
    // The file holds what should have happened, which the engine without the bug does.
    expect(checkFlow(parsed).differences).toEqual([]);
  });
});
