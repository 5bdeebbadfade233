// Ends of sessions on their way into the log. An end may come when the sequencer's ring is full, or in the middle of
// something else, and must not be lost: it waits here, and goes ahead of every other command once there is room. Whoever
// sequences anything asks first: the ring may get room between two looks, and a session's next logon ahead of its end would
// leave the end nobody.
//
// Bound: one end per connection, and one per session that the state had when the node began to serve or that is silent.

import type { Position } from "../../base/index.ts";
import { type SessionEndCause, writeSessionCommand } from "../../protocol/index.ts";
import type { CommandSink } from "../order-session.ts";
import type { ReportSource } from "./report-source.ts";

/** A session as its end names it. */
export interface EndingSession {
  readonly account: number;
  readonly sessionLow: number;
  readonly sessionHigh: number;
}

interface End {
  readonly session: EndingSession;
  readonly cause: SessionEndCause;
  readonly sequenced: ((position: Position) => void) | undefined;
}

export class SessionEnds {
  readonly #sink: CommandSink;
  readonly #source: ReportSource;
  readonly #waiting: End[] = [];

  constructor(sink: CommandSink, source: ReportSource) {
    this.#sink = sink;
    this.#source = source;
  }

  /** Whether any wait: nothing else may be sequenced then. */
  get areWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** `sequenced` is told the position that the end was given. */
  add(session: EndingSession, cause: SessionEndCause, sequenced?: (position: Position) => void): void {
    this.#waiting.push({ session, cause, sequenced });
  }

  /** Sequences as many as there is room for. Not from inside a commit. */
  sequence(): void {
    let done = 0;
    for (; done < this.#waiting.length; done++) {
      const slot = this.#sink.claim();
      if (slot < 0) break;
      const { session, cause, sequenced } = this.#waiting[done];
      const { account } = session;
      const end = { kind: "session_end", account, session: sessionNumber(session), cause } as const;
      writeSessionCommand(this.#sink.words, slot, end);
      this.#sink.commit();
      sequenced?.(this.#source.position);
    }
    this.#waiting.splice(0, done);
  }
}

/** The session's number as one u64. */
export function sessionNumber({ sessionLow, sessionHigh }: EndingSession): bigint {
  return (BigInt(sessionHigh >>> 0) << 32n) | BigInt(sessionLow >>> 0);
}
