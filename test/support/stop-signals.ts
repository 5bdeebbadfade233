// A command that runs in the tests' own process listens to signals for good (src/cli/signals.ts): nothing but SIGKILL would end that
// process, which files behind it share.

export function forgetStopSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal);
}
