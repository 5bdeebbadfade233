// What a reader of ticks/1 tells, and how several listen to one.

import type { Tick } from "./tick.ts";

/** `tick` is lent for the duration of the call. */
export interface TickListener {
  onTrade?(tick: Tick): void;
  onQuote?(tick: Tick): void;
  onHeartbeat?(tick: Tick): void;
  /** The stream broke off: what was told of any symbol is old until the next is told of it. */
  onStale?(): void;
}

/** All of `listeners`, each call in their order. */
export function allTickListeners(...listeners: readonly TickListener[]): TickListener {
  return {
    onTrade(tick) {
      for (let i = 0; i < listeners.length; i++) listeners[i].onTrade?.(tick);
    },
    onQuote(tick) {
      for (let i = 0; i < listeners.length; i++) listeners[i].onQuote?.(tick);
    },
    onHeartbeat(tick) {
      for (let i = 0; i < listeners.length; i++) listeners[i].onHeartbeat?.(tick);
    },
    onStale() {
      for (let i = 0; i < listeners.length; i++) listeners[i].onStale?.();
    },
  };
}
