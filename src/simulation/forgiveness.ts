// What starts by force may have lost, by the log that is left, which says of each tenure whether it was forced:
//
//   a frame that is not in the log     forgiven when the log's next tenure above its epoch was forced: that one went by a
//                                      history without it
//   any other                          not: the tenure that left it out knew better, or should have
//
// So nothing is forgiven that a forced tenure itself has acknowledged, nor what it began with. An answer that the log contradicts is
// explained only by the same answer, computed again from the history that was given up.

import { COMMAND_WORDS, CommandKind } from "../protocol/index.ts";
import type { Archive, ArchivedFrame } from "./archive.ts";
import type { Fate, Judge } from "./judge.ts";

/** Computes a history again, from its first frame. */
export type JudgeOf = (history: readonly ArchivedFrame[]) => Judge;

/** A history that was given up, and from where on. */
interface GivenUp {
  readonly judge: Judge;
  readonly from: number;
}

export class Forgiveness {
  readonly #givenUp: readonly GivenUp[];
  /** Histories that were given up are judged, too. */
  readonly problems: readonly string[];

  /** `log`: all of what is left; `archive`: whatever nodes had. */
  constructor(log: readonly ArchivedFrame[], archive: Pick<Archive, "frames" | "before">, judgeOf: JudgeOf) {
    const isForced = tenuresOf(log);
    this.#givenUp = isForced.size === 0 ? [] : givenUp(log, archive, isForced, judgeOf);
    this.problems = this.#givenUp.flatMap(({ judge }) => [...judge.problems, ...judge.limits.problems]);
  }

  /** What became of a request in the histories that were given up. */
  fatesOf(account: number, request: number): Fate[] {
    return this.#givenUp.flatMap(({ judge, from }) =>
      judge.fatesOf(account, request).filter(({ position }) => position >= from),
    );
  }
}

/** Of each epoch in the log, whether it was begun by force; none when none was. */
function tenuresOf(log: readonly ArchivedFrame[]): ReadonlyMap<number, boolean> {
  const isForced = new Map<number, boolean>();
  for (const frame of log)
    isForced.set(frame.epoch, isForced.get(frame.epoch) === true || hasForcedStart(frame));
  return [...isForced.values()].includes(true) ? isForced : new Map();
}

function hasForcedStart({ words, count }: ArchivedFrame): boolean {
  for (let i = 0; i < count; i++)
    if ((words[i * COMMAND_WORDS] & 0xff) === CommandKind.ForcedStart) return true;
  return false;
}

function givenUp(
  log: readonly ArchivedFrame[],
  archive: Pick<Archive, "frames" | "before">,
  isForced: ReadonlyMap<number, boolean>,
  judgeOf: JudgeOf,
): GivenUp[] {
  const kept = new Set(log.map(({ chain }) => nameOf(chain)));
  const epochs = [...isForced.keys()].sort((a, b) => a - b);
  const isForgiven = ({ chain, epoch }: ArchivedFrame) => {
    const next = epochs.find((other) => other > epoch);
    return next !== undefined && isForced.get(next) === true && !kept.has(nameOf(chain));
  };
  const lost = [...archive.frames()].filter(isForgiven);
  const goneOn = new Set(lost.map(({ previous }) => nameOf(previous)));
  const ends = lost.filter(({ chain }) => !goneOn.has(nameOf(chain)));
  return ends.flatMap(({ chain }) => {
    const history = archive.before(chain);
    const first = history?.find(isForgiven);
    if (history === undefined || first === undefined) return [];
    return [{ judge: judgeOf(history), from: first.firstPosition }];
  });
}

function nameOf(chain: Uint8Array): string {
  return Buffer.from(chain).toString("hex");
}
