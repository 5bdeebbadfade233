// What a command that goes on over lost connections says of them on standard error: each reason once, however often it is met in a row.

import type { SeriatimError } from "../../base/index.ts";

export class ConnectionWords {
  readonly #say: (text: string) => void;
  #last = "";

  constructor(say: (text: string) => void = (text) => void process.stderr.write(text)) {
    this.#say = say;
  }

  /** As the clients tell of their state. */
  readonly onState = (state: string, why: SeriatimError | undefined): void => {
    if (state === "standby") this.#once("another member of the group is active: standing by");
    if (state === "reconnecting" && why !== undefined) this.#once(`${why.message}; trying again`);
  };

  #once(line: string): void {
    if (line === this.#last) return;
    this.#last = line;
    this.#say(`seriatim: ${line}\n`);
  }
}
