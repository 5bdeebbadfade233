// Events that come with the first logon: told a turn later, when who awaited it has run and listens. From then on at once.

/// <reference types="node" preserve="true" />

export class HeldEvents {
  /** In order; undefined: nothing is held any more. */
  #held: (() => void)[] | undefined = [];

  tell(event: () => void): void {
    if (this.#held === undefined) event();
    else this.#held.push(event);
  }

  /** Logged on: what is held is told in the next turn. */
  letGoSoon(): void {
    if (this.#held !== undefined) setImmediate(() => this.#letGo());
  }

  #letGo(): void {
    const held = this.#held ?? [];
    try {
      for (let event = held.shift(); event !== undefined; event = held.shift()) event();
    } finally {
      // Who throws takes no other event along.
      if (held.length > 0) this.letGoSoon();
      else this.#held = undefined;
    }
  }
}
