// The engine against the naive twin: the same commands to both, every event and rejection compared field by field,
// the final state level by level, and the engine's snapshot against that of an engine rebuilt from it.

import { assert } from "../base/index.ts";
import {
  CommandKind,
  type EventFields,
  EventKind,
  type Flow,
  type FlowCommand,
  type FlowSnapshot,
  flowGenesis,
  formatCommand,
  formatSnapshot,
  type Genesis,
  ReportFlag,
  ReportKind,
} from "../protocol/index.ts";
import { FlowMachine, type FlowStanding, type ToldReport } from "../replay/index.ts";
import type { FlowStatistics } from "./flow-statistics.ts";
import { NaiveTwin } from "./naive-twin.ts";
import { twinRecords } from "./twin-records.ts";
import { TwinReports } from "./twin-reports.ts";

/** What is compared: the engine, the twin, or one of them with a planted bug. */
export interface Exchange {
  apply(command: FlowCommand): EventFields[];
  /** What the last command told accounts with a stream of reports, by account and number. */
  told(): readonly ToldReport[];
  snapshot(): FlowSnapshot;
  standing(): FlowStanding;
}

/** An exchange that can also write its whole state and go on from one written before. */
export interface RebuildableExchange extends Exchange {
  state(): Uint8Array;
  /** `position`: how many commands led to it, the genesis included. */
  rebuild(state: Uint8Array, position: number): void;
}

export interface Contestants {
  readonly engine: (genesis: Genesis) => RebuildableExchange;
  readonly twin: (genesis: Genesis) => Exchange;
}

/** The engine as it is, and the twin. */
export const ENGINE_AND_TWIN: Contestants = {
  engine: (genesis) => new FlowMachine(genesis),
  twin: (genesis) => new TwinExchange(genesis),
};

/** Commands between two comparisons of whole states. */
const CHECKPOINT_COMMANDS = 250;

/** The first place where engine and twin part; `step` counts the flow's commands from 0. */
export interface Disagreement {
  readonly step: number;
  /** One line: what differs, expected (the twin) and found (the engine). */
  readonly what: string;
}

/** The twin, speaking event records. */
export class TwinExchange implements Exchange {
  readonly #twin: NaiveTwin;
  readonly #reports = new TwinReports();

  constructor(genesis: Genesis) {
    this.#twin = new NaiveTwin(genesis);
  }

  apply(command: FlowCommand): EventFields[] {
    const events = twinRecords(command, this.#twin.apply(command));
    this.#reports.apply(command, events);
    return events;
  }

  told(): readonly ToldReport[] {
    return this.#reports.told();
  }

  snapshot(): FlowSnapshot {
    return this.#twin.snapshot();
  }

  standing(): FlowStanding {
    return this.#twin.standing();
  }
}

/**
 * Runs `flow` through both; undefined when they agree throughout. A crash of the engine is a disagreement too.
 * `statistics`, when given, counts what the commands led to.
 */
export function findDisagreement(
  flow: Flow,
  contestants: Contestants = ENGINE_AND_TWIN,
  statistics?: FlowStatistics,
): Disagreement | undefined {
  const genesis = flowGenesis(flow);
  const engine = contestants.engine(genesis);
  const twin = contestants.twin(genesis);
  const middle = Math.floor(flow.steps.length / 2);
  for (let step = 0; step < flow.steps.length; step++) {
    const { command } = flow.steps[step];
    const expected = twin.apply(command);
    statistics?.count(command, expected);
    if (statistics !== undefined) statistics.told += twin.told().length;
    const isCheckpoint =
      (step + 1) % CHECKPOINT_COMMANDS === 0 || step === middle || step === flow.steps.length - 1;
    const what = orCrash(
      () =>
        compareEvents(expected, engine.apply(command)) ??
        compareReports(twin.told(), engine.told()) ??
        (isCheckpoint
          ? compareStates(twin, engine, genesis, contestants, step + 2, step === middle)
          : undefined),
    );
    if (what !== undefined) return { step, what: `${formatCommand(command)}: ${what}` };
  }
  return undefined;
}

function orCrash(compare: () => string | undefined): string | undefined {
  try {
    return compare();
  } catch (error) {
    assert(error instanceof Error, "what is thrown is an Error");
    return `the engine crashed: ${error.message}`;
  }
}

/** Fields that say something in a Reject of a command that is no trader's. */
const REFUSAL_FIELDS = ["kind", "reason", "command", "flags", "sequence", "account"] as const;
/** Fields that say something in a Reject; what else a refused command named is not promised. */
const REJECT_FIELDS = [
  "kind",
  "reason",
  "command",
  "flags",
  "sequence",
  "symbol",
  "orderId",
  "account",
] as const;

function compareEvents(expected: readonly EventFields[], found: readonly EventFields[]): string | undefined {
  if (expected.length !== found.length) return `expected ${expected.length} events, found ${found.length}`;
  for (let i = 0; i < expected.length; i++) {
    const { kind, command } = expected[i];
    const rejectFields = command < CommandKind.NewOrder ? REFUSAL_FIELDS : REJECT_FIELDS;
    const fields =
      kind === EventKind.Reject ? rejectFields : (Object.keys(expected[i]) as (keyof EventFields)[]);
    for (const field of fields) {
      if (expected[i][field] !== found[i][field])
        return `event ${i}: expected ${field} ${expected[i][field]}, found ${found[i][field]}`;
    }
  }
  return undefined;
}

/** Streams number by number, every field. */
function compareReports(expected: readonly ToldReport[], found: readonly ToldReport[]): string | undefined {
  const lines = [expected, found].map((told) => told.map(reportLine));
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    if (lines[0][i] !== lines[1][i]) return `told: expected ${lines[0][i]}, found ${lines[1][i]}`;
  }
  return undefined;
}

/** A Rejected promises nothing of its order's side, type and time in force. */
function reportLine({ account, number, report }: ToldReport): string {
  const isRefused = report.kind === ReportKind.Rejected || (report.flags & ReportFlag.Repeated) !== 0;
  const terms = isRefused ? { side: 0, orderType: 0, timeInForce: 0 } : {};
  const fields = Object.entries({ ...report, ...terms }).sort(([a], [b]) => (a < b ? -1 : 1));
  return `report ${number} of account ${account}: ${fields.map(([name, value]) => `${name} ${value}`).join(", ")}`;
}

/** What can be asked of an exchange, as text: its books, then sessions and own orders by account. */
function stateLines(exchange: Exchange): string[] {
  const { sessions, orders } = exchange.standing();
  const ofSessions = sessions.map(
    ({ account, who, instance, session, flags, deadMan_ms, isSilent }) =>
      `session ${account} ${who} ${instance} of ${session} flags ${flags} dead man ${deadMan_ms} silent ${isSilent}`,
  );
  const ofOrders = orders.map(
    ({ account, symbol, id, side, price, quantity }) =>
      `own order ${account} ${symbol} ${id} side ${side} price ${price} quantity ${quantity}`,
  );
  return [...formatSnapshot(exchange.snapshot()), ...ofSessions.sort(), ...ofOrders.sort()];
}

/** Levels, counts, sequences, sessions and own orders of both; and that a rebuilt engine is the same to the last byte. */
function compareStates(
  twin: Exchange,
  engine: RebuildableExchange,
  genesis: Genesis,
  contestants: Contestants,
  position: number,
  goOnRebuilt: boolean,
): string | undefined {
  const expected = stateLines(twin);
  const found = stateLines(engine);
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    if (expected[i] !== found[i]) return `expected '${expected[i]}', found '${found[i]}'`;
  }
  const state = engine.state();
  const rebuilt = contestants.engine(genesis);
  rebuilt.rebuild(state, position);
  const again = rebuilt.state();
  const at = state.findIndex((byte, i) => byte !== again[i]);
  if (at !== -1 || state.length !== again.length)
    return `the rebuilt engine's snapshot (${again.length} bytes) differs at byte ${at} of ${state.length}`;
  if (goOnRebuilt) engine.rebuild(state, position);
  return undefined;
}
