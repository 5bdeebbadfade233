// What a key's own limits mean for its sessions over WebSockets. They log on to order entry with the node's key, for which the
// gateway knows no limits of theirs: so they are kept here, in the gateway's terms. Over the rate a request is refused
// (Throttled) and not sent; cancels have a rate of their own.

import type { Clock } from "../../base/index.ts";
import { type KeyLimits, MessageType, Reason } from "../../protocol/index.ts";
import { MessageRate } from "./message-rate.ts";
import type { TradingLink, TradingListener } from "./trading-link.ts";

/** `link` itself where the key says nothing of rates. */
export function limitedLink(
  link: TradingLink,
  listener: Pick<TradingListener, "onRefused">,
  limits: KeyLimits,
  clock: Clock,
): TradingLink {
  const { frames_per_second, cancels_per_second } = limits;
  if (frames_per_second === undefined && cancels_per_second === undefined) return link;
  return new LimitedLink(link, listener, limits, clock);
}

class LimitedLink implements TradingLink {
  readonly #link: TradingLink;
  readonly #listener: Pick<TradingListener, "onRefused">;
  readonly #clock: Clock;
  readonly #frames: MessageRate;
  readonly #cancels: MessageRate;

  constructor(
    link: TradingLink,
    listener: Pick<TradingListener, "onRefused">,
    { frames_per_second, cancels_per_second }: KeyLimits,
    clock: Clock,
  ) {
    this.#link = link;
    this.#listener = listener;
    this.#clock = clock;
    const now_us = clock.monotonicMicros();
    this.#frames = new MessageRate(frames_per_second ?? Number.POSITIVE_INFINITY, now_us);
    this.#cancels = new MessageRate(cancels_per_second ?? Number.POSITIVE_INFINITY, now_us);
  }

  readonly submit: TradingLink["submit"] = (request, order) => {
    if (this.#admits(this.#frames, request, order.id, MessageType.NewOrder))
      this.#link.submit(request, order);
  };

  readonly modify: TradingLink["modify"] = (request, order) => {
    if (this.#admits(this.#frames, request, order.id, MessageType.Modify)) this.#link.modify(request, order);
  };

  readonly orderStatus: TradingLink["orderStatus"] = (request, order) => {
    if (this.#admits(this.#frames, request, order.id, MessageType.OrderStatus))
      this.#link.orderStatus(request, order);
  };

  readonly cancel: TradingLink["cancel"] = (request, order) => {
    if (this.#admits(this.#cancels, request, order.id, MessageType.CancelOrder))
      this.#link.cancel(request, order);
  };

  readonly massCancel: TradingLink["massCancel"] = (request, which) => {
    if (this.#admits(this.#cancels, request, 0n, MessageType.MassCancel))
      this.#link.massCancel(request, which);
  };

  #admits(rate: MessageRate, request: number, id: bigint | number | string, type: number): boolean {
    if (rate.take(this.#clock.monotonicMicros())) return true;
    // Not before who asks has noted that it did.
    const refusal = { request, id: BigInt(id), reason: Reason.Throttled, type };
    queueMicrotask(() => this.#listener.onRefused(refusal));
    return false;
  }

  // ---- the rest is the link's

  get session(): bigint {
    return this.#link.session;
  }
  get first(): number {
    return this.#link.first;
  }
  get next(): number {
    return this.#link.next;
  }
  get hasGap(): boolean {
    return this.#link.hasGap;
  }
  get closed(): TradingLink["closed"] {
    return this.#link.closed;
  }
  get writable(): boolean {
    return this.#link.writable;
  }
  openOrders: TradingLink["openOrders"] = (request, which) => this.#link.openOrders(request, which);
  heartbeat: TradingLink["heartbeat"] = () => this.#link.heartbeat();
  flush: TradingLink["flush"] = () => this.#link.flush();
  pause: TradingLink["pause"] = () => this.#link.pause();
  resume: TradingLink["resume"] = () => this.#link.resume();
  logout: TradingLink["logout"] = () => this.#link.logout();
  destroy: TradingLink["destroy"] = (failure) => this.#link.destroy(failure);
}

/** Which sessions over WebSockets each key has now. A newer connection of a session replaces the older: both count as one. */
export class KeySessions {
  /** By key and session: its connections. */
  readonly #keys = new Map<string, Map<string, number>>();

  /** One more connection of `session`; false: the key of `name` has `max` others, and this one is not counted. */
  enter(name: string, session: string, max: number): boolean {
    const sessions = this.#keys.get(name) ?? new Map<string, number>();
    const connections = sessions.get(session) ?? 0;
    if (connections === 0 && sessions.size >= max) return false;
    sessions.set(session, connections + 1);
    this.#keys.set(name, sessions);
    return true;
  }

  leave(name: string, session: string): void {
    const sessions = this.#keys.get(name);
    const left = (sessions?.get(session) ?? 1) - 1;
    if (left > 0) sessions?.set(session, left);
    else sessions?.delete(session);
    if (sessions?.size === 0) this.#keys.delete(name);
  }
}
