// What a client with a token keeps over its connections: which report comes next, and when all of those that tell of
// earlier connections have come. Decides nothing about sockets.

import { SeriatimError } from "../../base/index.ts";
import type { ReportMessage } from "../../protocol/index.ts";
import { isLaterConnection } from "../session/session-ledger.ts";
import type { ExchangeSocketOptions } from "./connection.ts";
import type { Welcome } from "./messages.ts";

const INSTANCES = 2 ** 32;

export class SocketSession {
  /** What the exchange calls this logon; undefined while there is none. */
  id: string | undefined;
  /**
   * Reports that were asked for are gone, or what was seen is of another history: at this logon, or at one before it behind which not
   * all have come.
   */
  hasGap = false;
  readonly #logon: object;
  /** The number of the next report; 0: none was seen, whichever comes. */
  #next = 0;
  /** Reports below this one were made before the logon. */
  #madeBefore = 0;
  #isCaughtUp = false;
  /** Of the logon before. */
  #session = 0n;

  /** `chance`: from 0 up to but not including 1; the instance, unless it is given. */
  constructor(options: ExchangeSocketOptions, chance: number) {
    const { token, cancelOnDisconnect, deadMan_ms, readOnly } = options;
    const { instance = Math.floor(chance * INSTANCES) } = options;
    this.#logon = { token, instance, cancelOnDisconnect, deadMan_ms, readOnly };
  }

  /** What hello says of it: the same session every time, from the next report on. */
  hello(): object {
    return { ...this.#logon, next: String(this.#next) };
  }

  /** A node that takes no orders has no reports either. False: its history is another one than that of the logons before. */
  welcomed({ session, first, next, gap }: Welcome): boolean {
    this.id = session;
    if (session === undefined) return true;
    const isSame = isLaterConnection(BigInt(session), this.#session);
    this.#session = BigInt(session);
    this.hasGap = gap === true || !isSame || (this.hasGap && !this.#isCaughtUp);
    this.#next = Number(first);
    this.#madeBefore = Number(next);
    this.#isCaughtUp = false;
    return isSame;
  }

  disconnected(): void {
    this.id = undefined;
  }

  /** Throws SeriatimError `BAD_MESSAGE` when a report is missing before this one. */
  reported({ number }: ReportMessage): void {
    if (Number(number) !== this.#next)
      throw new SeriatimError("BAD_MESSAGE", `report ${number} came where ${this.#next} was due`);
    this.#next++;
  }

  /** Whether all reports from before this logon have come by now: true once per logon. */
  hasCaughtUp(): boolean {
    if (this.#isCaughtUp || this.id === undefined || this.#next < this.#madeBefore) return false;
    this.#isCaughtUp = true;
    return true;
  }
}
