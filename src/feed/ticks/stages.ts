// What becomes of frames for a client that takes them too slowly, by how much waits for it: its load.
//
//            load above conflate.above          load above drop.above
//   normal ─────────────────────────► conflate ─────────────────────► drop
//          ◄─────────────────────────          ◄─────────────────────
//            load below conflate.below          load below drop.below

import { assert } from "../../base/index.ts";

export const TickStage = {
  /** Every frame waits its turn. */
  Normal: 0,
  /** A quote takes the place of its symbol's quote that still waits. */
  Conflate: 1,
  /** So it does, and trades are dropped. */
  Drop: 2,
} as const;
export type TickStage = (typeof TickStage)[keyof typeof TickStage];

export interface TickStageLimits {
  /** Bytes, entered and left. */
  readonly conflate: { readonly above: number; readonly below: number };
  readonly drop: { readonly above: number; readonly below: number };
  /** Bytes at which a client is given up. */
  readonly loadMax_bytes: number;
  /** How long a client may be in Drop without a break; how long one write may take. */
  readonly dropMax_us: number;
  readonly writeMax_us: number;
}

export const TICK_STAGE_LIMITS: TickStageLimits = {
  conflate: { above: 256 * 1024, below: 128 * 1024 },
  drop: { above: 1024 * 1024, below: 512 * 1024 },
  loadMax_bytes: 2 * 1024 * 1024,
  dropMax_us: 10_000_000,
  writeMax_us: 30_000_000,
};

/** Throws AssertionError unless each bound lies where the next one expects it. */
export function assertStageLimits({ conflate, drop, loadMax_bytes }: TickStageLimits): void {
  assert(
    conflate.below <= conflate.above && drop.below <= drop.above,
    "a stage is left below where it begins",
  );
  assert(conflate.above <= drop.above && conflate.below <= drop.below, "conflating comes before dropping");
  assert(drop.above <= loadMax_bytes, "dropping comes before the end");
}

/** The stage after `stage` with that load, in bytes. */
export function stageAfter(stage: TickStage, load: number, limits: TickStageLimits): TickStage {
  const { conflate, drop } = limits;
  if (load > drop.above || (stage === TickStage.Drop && load >= drop.below)) return TickStage.Drop;
  const isSlow = load > conflate.above || (stage !== TickStage.Normal && load >= conflate.below);
  return isSlow ? TickStage.Conflate : TickStage.Normal;
}
