// The twin's sessions: a list of those that are logged on or silent, and of the accounts that ever had one.

import { type ReasonName, type SessionEnd, SessionFlag, type SessionOpen } from "../protocol/index.ts";
import type { FlowSession } from "../replay/index.ts";
import type { TwinCause } from "./twin-events.ts";

const STREAM_ACCOUNTS_MAX = 8_192;
const SESSIONS_OF_ACCOUNT_MAX = 64;

export class TwinSessions {
  /** Accounts that ever had a session. */
  readonly streams: number[] = [];
  list: readonly FlowSession[] = [];

  /** Opens a session; why it is refused, or undefined. */
  open(
    { account, session, who, instance, flags, deadMan_ms }: SessionOpen,
    accountsMax: number,
  ): ReasonName | undefined {
    if (account >= accountsMax) return "NotAuthorised";
    if (!this.streams.includes(account)) {
      if (this.streams.length === STREAM_ACCOUNTS_MAX) return "StorageExhausted";
      this.streams.push(account);
    }
    const isReplaced = (other: FlowSession) =>
      other.account === account &&
      (other.session === session || (other.who === who && other.instance === instance));
    const others = this.list.filter((other) => !isReplaced(other));
    const own = others.filter((other) => other.account === account);
    if (own.length === SESSIONS_OF_ACCOUNT_MAX) return "StorageExhausted";
    this.list = [...others, { account, session, who, instance, flags, deadMan_ms, isSilent: false }];
    return undefined;
  }

  /** Ends a session; why the orders of its account are cancelled, or undefined when they stay. */
  end({ account, session, cause }: SessionEnd): TwinCause | undefined {
    const ended = this.list.find((other) => other.account === account && other.session === session);
    if (ended === undefined) return undefined;
    const isLost = cause === "disconnected" || cause === "node_lost";
    if (isLost && ended.isSilent) return undefined;
    const others = this.list.filter((other) => other !== ended);
    const staysSilent = isLost && ended.deadMan_ms > 0;
    this.list = staysSilent ? [...others, { ...ended, isSilent: true }] : others;
    if (cause === "dead_man") return "DeadMan";
    const cancels = isLost && (ended.flags & SessionFlag.CancelOnDisconnect) !== 0;
    return cancels ? "Disconnected" : undefined;
  }
}
