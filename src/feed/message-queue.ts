// Messages that wait for one slow subscriber, first in, first out; its owner bounds how many. Taking one is O(1): the
// array is cut only when half of it has been taken.

/** Below this, cutting is not worth it. */
const CUT_MIN = 64;

export class MessageQueue {
  #messages: string[] = [];
  #taken = 0;

  get length(): number {
    return this.#messages.length - this.#taken;
  }

  push(message: string): void {
    this.#messages.push(message);
  }

  /** The oldest message, taken out; undefined when there is none. */
  shift(): string | undefined {
    if (this.length === 0) return undefined;
    const message = this.#messages[this.#taken];
    // What has been sent must not be kept alive by its place.
    this.#messages[this.#taken++] = "";
    if (this.length === 0) this.#cut();
    else if (this.#taken >= CUT_MIN && this.#taken * 2 >= this.#messages.length) this.#cut();
    return message;
  }

  #cut(): void {
    this.#messages = this.#messages.slice(this.#taken);
    this.#taken = 0;
  }
}
