// The engine: a mixed flow beside nodejs-order-book on the same commands, five book shapes, and heap bytes per command.

import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../src/protocol/index.ts";
import { heapBytesPer } from "../allocations.ts";
import {
  type Aim,
  type BenchCase,
  type BenchResult,
  measure,
  nanosecondsPer,
  type RatioWanted,
  summarize,
} from "../harness.ts";
import { type Flow, MIXED, recordFlow, SHAPES } from "./flows.ts";
import { loadPeer, type Peer } from "./peer.ts";

/** Commands per round of ours. */
const COMMANDS = 1_000_000;
/** Of the peer, which is about forty times slower: the first ones of the same flow. */
const PEER_COMMANDS = 100_000;
const SEED = 1;
const OURS = "mixed, 4 symbols";
/** 8 M messages/s. */
const SHAPE_AIM = { atMost: 125 };

export async function benchEngine(rounds: number): Promise<BenchResult> {
  const mixed = recordFlow(MIXED, COMMANDS, SEED);
  const peer = await loadPeer();
  const cases: BenchCase[] = [caseOf(OURS, mixed, { atMost: 100, atBest: 60 })];
  if (peer !== undefined) cases.push(peerCase(peer, mixed));
  for (const shape of SHAPES) cases.push(caseOf(shape.name, recordFlow(shape, COMMANDS, SEED), SHAPE_AIM));
  const rows = await measure(cases, ratios(peer !== undefined), rounds);
  const bytes = await heapBytesPer(200_000, allocating(mixed));
  return {
    bench: "engine",
    about: `Events emitted, risk and accounts on; ${COMMANDS.toLocaleString("en")} commands a round, in time per command`,
    rounds,
    rows: [
      ...rows,
      { ...summarize("heap allocated per command, mixed", "bytes", "lower", [bytes]), aim: { atMost: 0.5 } },
    ],
    notes:
      peer === undefined
        ? ["nodejs-order-book is not installed, so its rows are missing (npm install nodejs-order-book)"]
        : [],
  };
}

function ratios(hasPeer: boolean): RatioWanted[] {
  const wanted: RatioWanted[] = SHAPES.map((shape) => ({
    name: `${shape.name} / normal`,
    of: shape.name,
    to: "normal",
    better: "lower",
    aim: { atMost: 3 },
  }));
  if (hasPeer)
    wanted.unshift({
      name: "nodejs-order-book / ours",
      of: "nodejs-order-book, mixed",
      to: OURS,
      aim: { atLeast: 30 },
    });
  return wanted.filter((ratio) => ratio.of !== ratio.to);
}

function caseOf(name: string, flow: Flow, aim: Aim): BenchCase {
  return { name, unit: "ns/command", better: "lower", aim, run: () => timed(flow) };
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
  return {
    name: "nodejs-order-book, mixed",
    unit: "ns/command",
    better: "lower",
    run: () => {
      const run = peer(flow.shape.symbols);
      let at = 0;
      for (let i = 0; i < flow.prologue; i++, at += COMMAND_WORDS) run(flow.words, at);
      return nanosecondsPer(commands, () => {
        for (let i = 0; i < commands; i++, at += COMMAND_WORDS) run(flow.words, at);
      });
    },
  };
}
