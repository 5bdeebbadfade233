// The engine on a mixed flow and five book shapes, beside a book of the C++ standard library and, for the mixed flow,
// nodejs-order-book: the same commands for each. And heap bytes per command. Aims: docs/adr/speed-aims.md.

import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../src/protocol/index.ts";
import { heapBytesPer } from "../allocations.ts";
import {
  type BenchCase,
  type BenchResult,
  measure,
  nanosecondsPer,
  type RatioWanted,
  summarize,
} from "../harness.ts";
import { type Flow, MIXED, recordFlow, SHAPES } from "./flows.ts";
import { loadPeer, type Peer } from "./peer.ts";
import { type Standard, withStandard } from "./standard.ts";

/** Commands per round of ours. */
const COMMANDS = 1_000_000;
/** Of the peer, which is about forty times slower: the first ones of the same flow. */
const PEER_COMMANDS = 100_000;
const SEED = 1;
const OURS = "mixed, 4 symbols";
const PEER = "nodejs-order-book, mixed";

export function benchEngine(rounds: number): Promise<BenchResult> {
  return withStandard((standard) => run(standard, rounds));
}

async function run(standard: Standard | undefined, rounds: number): Promise<BenchResult> {
  const mixed = recordFlow(MIXED, COMMANDS, SEED);
  const flows: [name: string, flow: Flow][] = [
    [OURS, mixed],
    ...SHAPES.map((shape): [string, Flow] => [shape.name, recordFlow(shape, COMMANDS, SEED)]),
  ];
  const peer = await loadPeer();
  const cases: BenchCase[] = peer === undefined ? [] : [peerCase(peer, mixed)];
  for (const [name, flow] of flows) {
    cases.push(caseOf(name, () => timed(flow)));
    if (standard !== undefined) cases.push(caseOf(inStandard(name), standard(flow)));
  }
  const rows = await measure(cases, ratios(standard !== undefined, peer !== undefined), rounds);
  const bytes = await heapBytesPer(200_000, allocating(mixed));
  return {
    bench: "engine",
    about: `Events emitted, risk and accounts on; ${COMMANDS.toLocaleString("en")} commands a round, in time per command`,
    rounds,
    rows: [
      ...rows,
      { ...summarize("heap allocated per command, mixed", "bytes", "lower", [bytes]), aim: { atMost: 0.5 } },
    ],
    notes: [
      ...(peer === undefined
        ? ["nodejs-order-book is not installed, so its rows are missing (npm install nodejs-order-book)"]
        : []),
      ...(standard === undefined
        ? [
            "there is no C++ compiler (g++) or no source for it, so the rows of the C++ standard library are missing",
          ]
        : []),
    ],
  };
}

/** The name of a flow's case in the C++ standard library. */
function inStandard(flow: string): string {
  return `C++ std::map, ${flow}`;
}

function ratios(hasStandard: boolean, hasPeer: boolean): RatioWanted[] {
  const shapes = SHAPES.map((shape) => shape.name);
  const wanted: RatioWanted[] = [];
  if (hasPeer) wanted.push({ name: "nodejs-order-book / ours", of: PEER, to: OURS, aim: { atLeast: 20 } });
  if (hasStandard)
    for (const name of [OURS, ...shapes])
      wanted.push({ name: `C++ / ours, ${name}`, of: inStandard(name), to: name, aim: { atLeast: 0.8 } });
  for (const name of shapes.filter((shape) => shape !== "normal"))
    wanted.push({ name: `${name} / normal`, of: name, to: "normal", better: "lower", aim: { atMost: 3 } });
  return wanted;
}

function caseOf(name: string, run: () => number): BenchCase {
  return { name, unit: "ns/command", better: "lower", run };
}

/** A fresh engine takes the prologue untimed, then the flow. */
function timed(flow: Flow): number {
  const run = started(flow);
  return nanosecondsPer(flow.commands, () => run(flow.commands));
}

/** Applies the next commands of the flow at each call; the prologue is done. */
function started(flow: Flow): (commands: number) => void {
  const engine = new ExchangeEngine();
  const events = new RecordBuffer(EVENT_WORDS, 1024, () => {});
  let at = 0;
  const run = (commands: number): void => {
    for (let i = 0; i < commands; i++, at += COMMAND_WORDS) engine.apply(flow.words, at, events);
  };
  run(flow.prologue);
  return run;
}

/** Warm, so that compiling is not counted. */
function allocating(flow: Flow): (count: number) => void {
  const run = started(flow);
  run(flow.commands / 2);
  return run;
}

function peerCase(peer: Peer, flow: Flow): BenchCase {
  const commands = Math.min(PEER_COMMANDS, flow.commands);
  return caseOf(PEER, () => {
    const run = peer(flow.shape.symbols);
    let at = 0;
    for (let i = 0; i < flow.prologue; i++, at += COMMAND_WORDS) run(flow.words, at);
    return nanosecondsPer(commands, () => {
      for (let i = 0; i < commands; i++, at += COMMAND_WORDS) run(flow.words, at);
    });
  });
}
