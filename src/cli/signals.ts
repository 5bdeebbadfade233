// How a running command is asked to end: SIGINT, SIGTERM, and SIGHUP when its terminal goes away.

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One Ctrl-C comes several times: from the terminal to everybody in front of it, and passed on by npm and the launcher.
 * What comes this soon after the first is that same one.
 */
const SAME_REQUEST_MS = 500;

/** Calls `first` at the first of these signals and `again` at the next one that comes later, if it is given. */
export function onStopSignals(
  first: (signal: NodeJS.Signals) => void,
  again: (signal: NodeJS.Signals) => void = () => {},
): void {
  let askedAt_ms: number | undefined;
  let isOver = false;
  const listener = (signal: NodeJS.Signals): void => {
    const now_ms = performance.now();
    if (askedAt_ms === undefined) {
      askedAt_ms = now_ms;
      first(signal);
    } else if (!isOver && now_ms - askedAt_ms >= SAME_REQUEST_MS) {
      isOver = true;
      again(signal);
    }
  };
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
}
