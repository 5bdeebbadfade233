// Which symbols there are and what may be done with them: definitions of those that are registered, and every change of status.

import { type InstrumentStatus, MdType, putDefinition, putStatus } from "../../protocol/index.ts";
import type { Channel } from "./channel.ts";
import type { ChannelSource } from "./channel-source.ts";

export class InstrumentTeller {
  readonly #channels: readonly Channel[];
  readonly #source: ChannelSource;
  /** By symbol: the status that was told. There are as many as symbols that were told of. */
  #statuses: InstrumentStatus[] = [];

  constructor(channels: readonly Channel[], source: ChannelSource) {
    this.#channels = channels;
    this.#source = source;
  }

  /** Takes what there is for what is known. */
  begin(): void {
    this.#statuses = this.#source.instruments.map((_, symbol) => this.#source.statusOf(symbol));
  }

  /** Tells every symbol that is new and every status that is another one, each as an event. */
  tell(): void {
    const { instruments } = this.#source;
    for (let symbol = 0; symbol < instruments.length; symbol++) {
      if (symbol < this.#statuses.length) this.tellStatus(symbol);
      else this.#define(symbol);
      for (const channel of this.#channels) channel.endEvent();
    }
  }

  /** Tells a symbol's status when it is another one than was told. */
  tellStatus(symbol: number): void {
    const status = this.#source.statusOf(symbol);
    if (status === this.#statuses[symbol]) return;
    this.#statuses[symbol] = status;
    for (const channel of this.#channels)
      putStatus(channel.writer, symbol, channel.claim(MdType.Status, symbol), status);
  }

  #define(symbol: number): void {
    const status = this.#source.statusOf(symbol);
    const instrument = this.#source.instruments[symbol];
    this.#statuses.push(status);
    for (const channel of this.#channels)
      putDefinition(channel.writer, symbol, channel.claim(MdType.Definition, symbol), instrument, status);
  }
}
