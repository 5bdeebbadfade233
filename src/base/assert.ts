// Assertions are for bugs only: what a user, a client or a disk can cause is answered with a value or a
// SeriatimError instead. They stay on in production, because a wrong exchange is worse than a stopped one.

/** Crashes with `message` when `condition` is false. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** A broken invariant: always a bug in this project, never bad input. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}
