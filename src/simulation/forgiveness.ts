// What starts by force may have lost, by the log that is left, which says of each tenure whether it was forced:
//
//   a frame that is not in the log     forgiven when the log's next tenure above its epoch was forced: that one went by a
//                                      history without it
//   any other                          not: the tenure that left it out knew better, or should have
//
// So nothing is forgiven that a forced tenure itself has acknowledged, nor what it began with. An answer that the log contradicts is
// explained only by the same answer, computed again from the history that was given up; an administrator's command that it lacks, by
// that very one, at its position there; what a session was told of its logon, and of what was not executed, by a history with that logon.

import { COMMAND_WORDS, CommandKind } from "../protocol/index.ts";
import type { Archive, ArchivedFrame } from "./archive.ts";
import type { Fate, Judge } from "./judge.ts";
import type { ClientRequest } from "./simulated-client.ts";
import type { ToldLogon, ToldReport } from "./simulated-session.ts";

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
  /** Answers that were found to be of such a history. */
  readonly explained = new Set<ClientRequest>();
  /** What else was: of a session, or of an administrator. */
  readonly excused = new Set<"a report" | "a request" | "a command" | "a logon">();

  /** `log`: all of what is left; `archive`: whatever nodes had. */
  constructor(log: readonly ArchivedFrame[], archive: Pick<Archive, "frames" | "before">, judgeOf: JudgeOf) {
    const isForced = tenuresOf(log);
    this.#givenUp = isForced.size === 0 ? [] : givenUp(log, archive, isForced, judgeOf);
    this.problems = this.#givenUp.flatMap(({ judge }) => [
      ...judge.problems,
      ...judge.sessions.problems,
      ...judge.restrictions.problems,
      ...judge.limits.problems,
    ]);
  }

  /** What became of a request in the histories that were given up. */
  fatesOf(account: number, request: number): Fate[] {
    return this.#givenUp.flatMap(({ judge, from }) =>
      judge.fatesOf(account, request).filter(({ position }) => position >= from),
    );
  }

  /** Whether that report is one of a history that was given up. */
  tells(account: number, report: ToldReport): boolean {
    const isSo = this.#givenUp.some(
      ({ judge: { sessions }, from }) =>
        sessions.contradictionTo(account, report) === undefined &&
        sessions.positionOfReport(account, report.number) >= from,
    );
    if (isSo) this.excused.add("a report");
    return isSo;
  }

  /** Whether a history that was given up executed a session's request, once. */
  executed(account: number, request: number): boolean {
    const isSo = this.#givenUp.some(({ judge, from }) => {
      const positions = judge.sessions.positionsOf(account, request);
      return positions.length === 1 && positions[0] >= from;
    });
    if (isSo) this.excused.add("a request");
    return isSo;
  }

  /** Whether that logon was answered so by a history that was given up. */
  loggedOn(account: number, logon: ToldLogon): boolean {
    const isSo = this.#answering(account, logon).length > 0;
    if (isSo) this.excused.add("a logon");
    return isSo;
  }

  /** Whether one that answered that logon never executed a request: who was told so behind it was told the truth. */
  lacks(account: number, request: number, logon: ToldLogon): boolean {
    return this.#answering(account, logon).some(
      ({ judge }) => judge.sessions.positionsOf(account, request).length === 0,
    );
  }

  #answering(account: number, logon: ToldLogon): GivenUp[] {
    return this.#givenUp.filter(
      ({ judge: { sessions } }) => sessions.contradictionToLogon(account, logon) === undefined,
    );
  }

  /** Whether what that administrator said stood there in a history that was given up. */
  held(who: string, position: number): boolean {
    const isSo = this.#givenUp.some(
      ({ judge, from }) => position >= from && judge.restrictions.positionOf(who) === position,
    );
    if (isSo) this.excused.add("a command");
    return isSo;
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
