// Proofs of logons that are looked at: one at a time, because a signature takes 0.1 to 0.2 ms of a core, whichever thread does it.
// Who comes meanwhile waits, in order; each connection has one place at most, and is not read. Where the answer comes at once
// nobody waits.

import type { Connection } from "../connection.ts";
import type { Authenticator } from "./access.ts";

/** Whose key it is said to be, what that has to sign, and the signature. */
interface ShownProof {
  readonly name: string;
  readonly statement: Uint8Array;
  readonly proof: Uint8Array;
}

export class Proofs {
  readonly #authenticator: Authenticator;
  readonly #goOn: (connection: Connection) => void;
  /** In the order in which they came. */
  readonly #waiting = new Map<Connection, ShownProof>();
  #isBusy = false;

  /** `goOn` is told of each connection that waited for its answer. */
  constructor(authenticator: Authenticator, goOn: (connection: Connection) => void) {
    this.#authenticator = authenticator;
    this.#goOn = goOn;
  }

  /** The answer will be the connection's `granted`; it may be when this returns. */
  look(connection: Connection, shown: ShownProof): void {
    connection.granted = "awaited";
    if (this.#isBusy) this.#waiting.set(connection, shown);
    else this.#isBusy = !this.#isAnswered(connection, shown);
  }

  /** The connection takes nothing any more: its proof need not be looked at, unless that has begun. */
  forget(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  /** Begins to look; whether the answer has come at once. */
  #isAnswered(connection: Connection, { name, statement, proof }: ShownProof): boolean {
    let isLater = false;
    this.#authenticator.verify(name, statement, proof, (grant) => {
      connection.granted = grant ?? "nothing";
      if (!isLater) return;
      // Still busy: who comes in the course of this is behind those that wait.
      this.#goOn(connection);
      this.#next();
    });
    isLater = true;
    return connection.granted !== "awaited";
  }

  #next(): void {
    for (const [connection, shown] of this.#waiting) {
      this.#waiting.delete(connection);
      if (!this.#isAnswered(connection, shown)) return;
      this.#goOn(connection);
    }
    this.#isBusy = false;
  }
}
