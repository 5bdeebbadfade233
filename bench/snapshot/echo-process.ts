// The gateway bench's echo, run as a node is, and watched like one.

import { Child } from "../child.ts";
import { type ExchangeQuestion, START_FLAGS } from "../exchange-process.ts";
import type { Standstill } from "../standstill.ts";

export class EchoProcess {
  readonly port: Promise<number>;
  readonly #child = new Child(import.meta.url, "../gateway/echo", [], START_FLAGS);

  constructor() {
    this.port = this.#child.answer<{ port: number }>().then(({ port }) => port);
  }

  watch(): Promise<unknown> {
    return this.#child.ask("watch" satisfies ExchangeQuestion);
  }

  standstill(): Promise<Standstill> {
    return this.#child.ask("standstill" satisfies ExchangeQuestion);
  }

  end(): Promise<void> {
    return this.#child.end();
  }
}
