// How much of one turn of the event loop a connection has. A turn has so much for all together: however many send without end, it
// is over soon, and who sends little waits no longer than for it. It is shared out evenly among as many as had something in the turn
// before; when it is used up all the same, who comes then has the smallest share, which is more than one who sends little needs.
//
//   a turn takes at most: what there is for all + one share + the smallest share of each connection

import type { Connection } from "../connection.ts";
import type { GatewayCounters, GatewayLimits } from "../limits.ts";

export class TurnShare {
  readonly #limits: GatewayLimits;
  readonly #counters: GatewayCounters;
  /** Bytes that go with a frame of a share. */
  readonly #frame_bytes: number;
  /** Counts turns in which something was read. */
  #turn = 0;
  /** Connections that had something in this turn. */
  #active = 0;
  /** Frames taken in all before it. */
  #before_frames = 0;
  #share_frames: number;

  constructor(limits: GatewayLimits, counters: GatewayCounters) {
    this.#limits = limits;
    this.#counters = counters;
    this.#frame_bytes = limits.turn_bytes / limits.turn_frames;
    this.#share_frames = limits.turn_frames;
  }

  /** Another turn begins. */
  begin(): void {
    const { turn_frames, turnAll_frames } = this.#limits;
    const even_frames = Math.floor(turnAll_frames / Math.max(1, this.#active));
    this.#share_frames = Math.max(this.#least_frames, Math.min(turn_frames, even_frames));
    this.#turn++;
    this.#active = 0;
    this.#before_frames = this.#counters.frames;
  }

  /** Bytes of `connection` are looked at: its share is fresh if it has had nothing of this turn yet. */
  enter(connection: Connection): void {
    if (connection.turn === this.#turn) return;
    connection.turn = this.#turn;
    this.#active++;
    const isUsedUp = this.#counters.frames - this.#before_frames >= this.#limits.turnAll_frames;
    const frames = isUsedUp ? this.#least_frames : this.#share_frames;
    connection.session.beginTurn(frames, Math.ceil(frames * this.#frame_bytes));
  }

  get #least_frames(): number {
    return Math.min(this.#limits.turn_frames, this.#limits.turnLeast_frames);
  }
}
