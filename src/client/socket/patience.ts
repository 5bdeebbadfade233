// How long a session's requests, and its logout, wait for the next logon.

import type { SeriatimError } from "../../base/index.ts";

export const PATIENCE_MS = 60_000;

export class Patience {
  readonly #isOver: (cause: SeriatimError) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `isOver` is told why there was nothing to wait on. */
  constructor(isOver: (cause: SeriatimError) => void) {
    this.#isOver = isOver;
  }

  /** Something waits; if something did before, its time runs on. */
  begin(cause: SeriatimError): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#isOver(cause);
    }, PATIENCE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
