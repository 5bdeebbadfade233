// Log lines of what is met again and again, as a full disk is by everybody who publishes: each once a minute.

import type { SeriatimError } from "../base/index.ts";
import { TAPE_TOPICS_MAX } from "../protocol/index.ts";

const PAUSE_MS = 60_000;

export class RareNotices {
  readonly #say: (line: string) => void;
  readonly #now_ms: () => number;
  /** When each was said; of each topic one or two. */
  readonly #said_ms = new Map<string, number>();

  constructor(say: (line: string) => void, now_ms: () => number = () => performance.now()) {
    this.#say = say;
    this.#now_ms = now_ms;
  }

  readonly add = ({ message }: SeriatimError): void => {
    const now_ms = this.#now_ms();
    const before_ms = this.#said_ms.get(message);
    if (before_ms !== undefined && now_ms - before_ms < PAUSE_MS) return;
    if (this.#said_ms.size >= TAPE_TOPICS_MAX) this.#said_ms.clear();
    this.#said_ms.set(message, now_ms);
    this.#say(message);
  };
}
