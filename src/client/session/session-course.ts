// When and where a session connects, says that it lives, and gives a connection up. Pure: times are microseconds of any one
// clock, chance is passed in. Addresses are tried in turn without a wait; after each round that failed it waits (retry.ts).

import { assert } from "../../base/index.ts";
import { AddressRounds } from "../addresses.ts";
import { retryDelay_ms } from "../retry.ts";

/** Who only wants to log out waits no longer than this without a connection. */
const LEAVING_PATIENCE_US = 60_000_000;
/** A connection that stood so long has got on: waits begin anew. */
const STEADY_US = 1_000_000;
/** The exchange says something every heartbeat; late by two of them it is gone, or the way to it. */
const SILENT_HEARTBEATS = 3;
/** Asked for its duty later than after so many intervals, it stood still. */
const LATE_MAX = 2;
const US_PER_MS = 1_000;

export interface SessionCourseLimits {
  /** How many there are; they are numbered from 0. */
  readonly addresses: number;
  /** The longest without a connection that got on. */
  readonly patience_us: number;
}

export const SessionDuty = { None: 0, Heartbeat: 1, GiveUp: 2 } as const;
export type SessionDuty = (typeof SessionDuty)[keyof typeof SessionDuty];

export class SessionCourse {
  readonly #rounds: AddressRounds;
  /** 0 up to but not including 1. */
  readonly #chance: () => number;
  #loggedOn_us: number | undefined;
  #patience_us: number;
  #isLeaving = false;
  /** Since when there has been no connection that got on. */
  #trouble_us: number;
  #heartbeat_us = 0;
  #reads = 0;
  #writes = 0;
  #heard_us = 0;
  #said_us = 0;
  /** When `duty` was asked last. */
  #asked_us = 0;

  constructor(limits: SessionCourseLimits, chance: () => number, now_us: number) {
    assert(limits.addresses >= 1, "there is an address to connect to");
    this.#patience_us = limits.patience_us;
    this.#rounds = new AddressRounds(limits.addresses);
    this.#chance = chance;
    this.#trouble_us = now_us;
  }

  /** Where to connect to, or where the connection is. */
  get address(): number {
    return this.#rounds.address;
  }

  /** The connection is logged on; both sides say something every `heartbeat_ms` at least. */
  loggedOn(heartbeat_ms: number, now_us: number): void {
    this.#loggedOn_us = now_us;
    this.#heartbeat_us = heartbeat_ms * US_PER_MS;
    this.#heard_us = now_us;
    this.#said_us = now_us;
    this.#asked_us = now_us;
  }

  /** The longest without a connection, as it is now. */
  get patience_ms(): number {
    return this.#patience_us / US_PER_MS;
  }

  /** It is connected only to log out from now on; said again it changes nothing. */
  leaves(now_us: number): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#patience_us = Math.min(this.#patience_us, LEAVING_PATIENCE_US);
    this.#trouble_us = now_us;
  }

  /** How long to wait before `duty` is asked again, often enough for both. */
  get dutyInterval_ms(): number {
    return Math.max(1, Math.floor(this.#heartbeat_us / US_PER_MS / 4));
  }

  /**
   * What is due; `reads` and `writes` count what came and went. Who reads nothing on purpose can't call the other silent, and who stood
   * still himself (a paused machine, a program that computes) has not read yet what came meanwhile.
   */
  duty(now_us: number, reads: number, writes: number, isPaused: boolean): SessionDuty {
    const stoodStill_us = now_us - this.#asked_us - LATE_MAX * this.dutyInterval_ms * US_PER_MS;
    this.#asked_us = now_us;
    if (stoodStill_us > 0) this.#heard_us += stoodStill_us;
    if (reads !== this.#reads || isPaused) this.#heard_us = now_us;
    if (writes !== this.#writes) this.#said_us = now_us;
    this.#reads = reads;
    this.#writes = writes;
    if (now_us - this.#heard_us >= SILENT_HEARTBEATS * this.#heartbeat_us) return SessionDuty.GiveUp;
    return now_us - this.#said_us >= this.#heartbeat_us - this.#heartbeat_us / 4
      ? SessionDuty.Heartbeat
      : SessionDuty.None;
  }

  /** The connection is lost or never came about: how long to wait before `address` is tried; undefined: it is over. */
  lost(now_us: number): number | undefined {
    if (this.#loggedOn_us !== undefined && now_us - this.#loggedOn_us >= STEADY_US) {
      this.#rounds.gotOn();
      this.#trouble_us = now_us;
    }
    this.#loggedOn_us = undefined;
    this.#reads = 0;
    this.#writes = 0;
    const left_us = this.#trouble_us + this.#patience_us - now_us;
    if (left_us <= 0) return undefined;
    const rounds = this.#rounds.failed();
    if (rounds === 0) return 0;
    return Math.min(Math.ceil(left_us / US_PER_MS), retryDelay_ms(rounds, this.#chance()));
  }
}
