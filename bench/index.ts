// The benchmarks by name. Each measures something beside its baseline in the same run.

import { benchCodec } from "./codec/bench.ts";
import { benchDurability } from "./durability/bench.ts";
import { benchEngine } from "./engine/bench.ts";
import { benchFeed } from "./feed/bench.ts";
import { benchGateway } from "./gateway/bench.ts";
import type { BenchResult } from "./harness.ts";
import { benchJournal } from "./journal/bench.ts";
import { benchRestart } from "./restart/bench.ts";
import { benchSessions } from "./sessions/bench.ts";
import { benchSnapshot } from "./snapshot/bench.ts";
import { benchSoak } from "./soak/bench.ts";
import { benchSubscribers } from "./subscribers/bench.ts";
import { benchTape } from "./tape/bench.ts";

export { markdownSection, provenance, textTable, writeSection } from "./report.ts";

/** Runs one bench in so many rounds. `against`: another checkout of this project, for the gateway's bench. */
export type Bench = (rounds: number, against?: string) => Promise<BenchResult>;

export const BENCHES: Readonly<Record<string, Bench>> = {
  engine: benchEngine,
  codec: benchCodec,
  journal: benchJournal,
  restart: benchRestart,
  gateway: benchGateway,
  sessions: benchSessions,
  durability: (rounds) => benchDurability(rounds),
  snapshot: (rounds) => benchSnapshot(rounds),
  subscribers: benchSubscribers,
  feed: benchFeed,
  tape: benchTape,
  soak: benchSoak,
};

/** Run only when they are named: they take ten minutes and more. */
export const LONG_BENCHES: readonly string[] = ["soak"];
