// What stopped a stage. The first failure counts: what follows is a consequence.

import type { SeriatimError } from "../base/index.ts";

export class FirstFailure {
  error: SeriatimError | undefined;
  readonly #promise = Promise.withResolvers<SeriatimError>();

  /** Resolves with the first failure, if there ever is one. */
  get happened(): Promise<SeriatimError> {
    return this.#promise.promise;
  }

  set(error: SeriatimError): void {
    this.error ??= error;
    this.#promise.resolve(this.error);
  }

  /** Throws the first failure, if there was one. */
  orThrow(): void {
    if (this.error !== undefined) throw this.error;
  }
}
