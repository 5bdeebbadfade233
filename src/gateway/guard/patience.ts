// Which peers take what is sent to them. A held send whose bytes nobody acknowledges for a while means that its peer does not
// read; at the cap of its waiting answers that while is shorter. There, and when a connection has ended, there is an end to it even for one
// that reads slowly: it has a place that nobody else gets.
// Time is what the gateway's ticks say.

import type { Transport } from "../../base/index.ts";
import type { Connection } from "../connection.ts";
import type { GatewayLimits } from "../limits.ts";

/** Looks within the shortest time a peer may take nothing: each of them costs the kernel some milliseconds. */
const LOOKS = 8;

export class Patience {
  readonly #transport: Transport;
  readonly #limits: GatewayLimits;
  /** Least time between two looks. */
  readonly #look_us: number;
  #now_us = 0;
  #looked_us = Number.NEGATIVE_INFINITY;
  /** In this round it is looked. */
  #isLook = false;

  constructor(transport: Transport, limits: GatewayLimits) {
    this.#transport = transport;
    this.#limits = limits;
    this.#look_us = Math.min(limits.blocked_us, limits.still_us) / LOOKS;
  }

  /** `roundBegins`: at which connection after connection is asked for, over one tick or several. */
  tick(now_us: number, roundBegins: boolean): void {
    this.#now_us = now_us;
    if (!roundBegins) return;
    this.#isLook = now_us - this.#looked_us >= this.#look_us;
    if (this.#isLook) this.#looked_us = now_us;
  }

  /** At a tick: whether its peer has had all the time it gets to take what is sent to it. */
  isOver(connection: Connection): boolean {
    if (!isLeaving(connection)) connection.lastSince_us = -1;
    else if (connection.lastSince_us < 0) connection.lastSince_us = this.#now_us;
    if (this.#isLook && connection.output.held) this.#look(connection);
    const { isFull, lastSince_us, heldSince_us } = connection;
    const { still_us, blocked_us, lastAnswers_us } = this.#limits;
    if (heldSince_us >= 0 && this.#now_us - heldSince_us >= (isFull ? still_us : blocked_us)) return true;
    return lastSince_us >= 0 && this.#now_us - lastSince_us >= lastAnswers_us;
  }

  /** At any time: whether its peer has stopped reading, as far as the last ticks have seen. */
  hasStopped({ heldSince_us }: Connection): boolean {
    return heldSince_us >= 0 && this.#now_us - heldSince_us >= this.#limits.still_us;
  }

  // The kernel takes the next bytes of a held send in large steps; what the peer acknowledges moves in small ones.
  #look(connection: Connection): void {
    const unacknowledged_bytes = this.#transport.unacknowledgedBytes(connection.number);
    const isMoving = unacknowledged_bytes !== connection.heldUnacknowledged_bytes;
    connection.heldUnacknowledged_bytes = unacknowledged_bytes;
    if (connection.heldSince_us < 0 || isMoving) connection.heldSince_us = this.#now_us;
  }
}

/** Whether what it is sent from now on is the last, and it is up to its peer: one that waits for the log has all the time that needs. */
function isLeaving({ isFull, ending, output }: Connection): boolean {
  return isFull || (ending && output.held);
}
