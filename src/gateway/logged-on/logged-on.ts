// What the gateway knows of one logged-on session: who it is, how far it has been told, what it promised to keep saying.
//
//   SessionOpen sequenced --its position released--> LogonAck, reports from `cursor` on --ended--> reports up to `endsAt` --> closed

import type { Position } from "../../base/index.ts";
import { Reason, SessionFlag } from "../../protocol/index.ts";
import type { ReportStream } from "./report-source.ts";

/** Who a session is: a second logon with the same three replaces the first. */
export function sessionIdentity(who: string, account: number, instance: number): string {
  return `${who} ${account} ${instance}`;
}

/** As agreed at the logon. */
export interface SessionTerms {
  readonly who: string;
  readonly account: number;
  readonly instance: number;
  /** SessionFlag. */
  readonly flags: number;
  /** 0: none. */
  readonly deadMan_us: number;
  readonly heartbeat_us: number;
}

/** Not ended. */
const NEVER = -1;

export class LoggedOn {
  readonly terms: SessionTerms;
  readonly identity: string;
  readonly sessionLow: number;
  readonly sessionHigh: number;
  /** Of its SessionOpen. */
  openedAt: Position = 0;
  /** Why the engine refused its SessionOpen, or that it was replaced; or None. */
  refusal: Reason = Reason.None;
  stream!: ReportStream;
  /** The number of the next report to send. */
  cursor = 0;
  /** At its logon: the first number it is sent, the next number of the stream, whether `first` is what it asked for. */
  first = 0;
  next = 0;
  hasGap = false;
  /** LogonAck or LogonRefused is written. */
  isAnswered = false;
  /** It ends by its own Logout, and LoggedOut is not written yet. */
  owesLoggedOut = false;
  /** Reports up to here are still sent; Infinity until its end has a position. */
  endsAt: Position = NEVER;
  /** Since the last tick: something came from it; something was written for it. */
  hasSpoken = true;
  hasHeard = true;
  /** When that was so last, in microseconds, to a tick. */
  spoke_us = 0;
  heard_us = 0;

  constructor(terms: SessionTerms, session: { readonly sessionLow: number; readonly sessionHigh: number }) {
    this.terms = terms;
    this.identity = sessionIdentity(terms.who, terms.account, terms.instance);
    this.sessionLow = session.sessionLow;
    this.sessionHigh = session.sessionHigh;
  }

  get account(): number {
    return this.terms.account;
  }

  get isReadOnly(): boolean {
    return (this.terms.flags & SessionFlag.ReadOnly) !== 0;
  }

  get cancelsOnDisconnect(): boolean {
    return (this.terms.flags & SessionFlag.CancelOnDisconnect) !== 0;
  }

  /** Reports of its stream that are not written for it yet. */
  get unwritten(): number {
    return this.next === 0 ? 0 : this.stream.next - this.cursor;
  }

  get isEnded(): boolean {
    return this.endsAt !== NEVER;
  }

  /** Its SessionOpen was taken: it is sent what `stream` has from `asked` on; 0: from now on. */
  opened(stream: ReportStream, asked: number): void {
    this.stream = stream;
    this.next = stream.next;
    this.first = asked === 0 ? stream.next : Math.min(Math.max(asked, stream.first), stream.next);
    this.hasGap = asked !== 0 && this.first !== asked;
    this.cursor = this.first;
  }
}
