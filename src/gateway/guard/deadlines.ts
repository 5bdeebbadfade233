// Until when a connection must have done something: proved who it is, finished a frame it began, said anything at all. The
// gateway looks at every connection once a round (rounds.ts: a tick, or several where there are very many) and says what it sees;
// when it was seen is reckoned here. So bytes that come in set no timer and read no clock. The time to log on is over up to a round
// late; a frame's and a silence's, which begin when a look first sees them, up to two.
//
// A frame's time runs only while the connection is read: whoever is pushed back can't finish it.

import { CloseReason } from "../limits.ts";

export interface DeadlineLimits {
  /** From the first challenge to the logon; where everybody must log on, from the connection. */
  readonly logon_us: number;
  /** From a frame's first byte to its last. */
  readonly frame_us: number;
  /** Without a byte, of a connection that has proved nothing; 0: as long as it likes. */
  readonly idle_us: number;
}

/** What is seen of a connection at a look. */
export interface Seen {
  /** Bytes received, and whole frames handled, so far. */
  readonly received_bytes: number;
  readonly frames: number;
  /** The rest of a frame is awaited, and read when it comes. */
  readonly isMidFrame: boolean;
}

const NEVER = -1;

export class Deadlines {
  readonly #limits: DeadlineLimits;
  readonly #logonBy_us: Float64Array;
  readonly #idle_us: Float64Array;
  /** When what was last seen of a connection was first seen so. */
  readonly #received_bytes: Float64Array;
  readonly #receivedSince_us: Float64Array;
  readonly #frames: Float64Array;
  readonly #frameSince_us: Float64Array;

  constructor(limits: DeadlineLimits, connectionsMax: number) {
    this.#limits = limits;
    this.#logonBy_us = new Float64Array(connectionsMax);
    this.#idle_us = new Float64Array(connectionsMax);
    this.#received_bytes = new Float64Array(connectionsMax);
    this.#receivedSince_us = new Float64Array(connectionsMax);
    this.#frames = new Float64Array(connectionsMax);
    this.#frameSince_us = new Float64Array(connectionsMax);
  }

  opened(slot: number, now_us: number): void {
    this.#logonBy_us[slot] = NEVER;
    this.#idle_us[slot] = this.#limits.idle_us;
    this.#received_bytes[slot] = 0;
    this.#receivedSince_us[slot] = now_us;
    this.#frameSince_us[slot] = NEVER;
  }

  /** The connection must log on; asking again does not give it more time. */
  mustLogOn(slot: number, now_us: number): void {
    if (this.#logonBy_us[slot] === NEVER) this.#logonBy_us[slot] = now_us + this.#limits.logon_us;
  }

  /** It has. How long it may be silent, its session has said itself. */
  loggedOn(slot: number): void {
    this.#logonBy_us[slot] = NEVER;
    this.#idle_us[slot] = 0;
  }

  /** What `now_us` makes of the connection: why it is to be closed, or undefined. */
  look(slot: number, seen: Seen, now_us: number): CloseReason | undefined {
    this.#see(slot, seen, now_us);
    const logonBy_us = this.#logonBy_us[slot];
    if (logonBy_us !== NEVER && now_us >= logonBy_us) return CloseReason.LogonTimeout;
    const frameSince_us = this.#frameSince_us[slot];
    if (frameSince_us !== NEVER && now_us - frameSince_us >= this.#limits.frame_us)
      return CloseReason.FrameTimeout;
    const idle_us = this.#idle_us[slot];
    if (idle_us > 0 && now_us - this.#receivedSince_us[slot] >= idle_us) return CloseReason.Idle;
    return undefined;
  }

  #see(slot: number, { received_bytes, frames, isMidFrame }: Seen, now_us: number): void {
    if (received_bytes !== this.#received_bytes[slot]) {
      this.#received_bytes[slot] = received_bytes;
      this.#receivedSince_us[slot] = now_us;
    }
    if (!isMidFrame) this.#frameSince_us[slot] = NEVER;
    else if (this.#frameSince_us[slot] === NEVER || frames !== this.#frames[slot])
      this.#frameSince_us[slot] = now_us;
    this.#frames[slot] = frames;
  }
}
