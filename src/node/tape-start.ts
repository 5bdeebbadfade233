// `seriatim tape serve`, for whoever starts it: the tape is loaded then, and by no exchange without one.

import type { Clock } from "../base/index.ts";
import { SystemClock } from "../platform/index.ts";
import type { TapeConfiguration } from "./configuration.ts";
import type { Log } from "./log.ts";
import type { TapeProgram } from "./tape-program.ts";

/** The tape as a program of its own, until it is stopped; throws SeriatimError naming what is wrong, with everything closed again. */
export async function startTape(
  configuration: TapeConfiguration,
  log: Log,
  clock: Clock = new SystemClock(),
): Promise<TapeProgram> {
  const { startTapeAlone } = await import("./tape-program.ts");
  return startTapeAlone(configuration, log, clock);
}
