// Which connections are read. One stops at a full ring of the sequencer, and goes on in the order in which it stopped; or
// because too many answers or reports wait for it, and goes on when half of them are out; or because it has had its share of a
// turn, and goes on in the next one, behind those that stopped before it.

import type { Transport } from "../../base/index.ts";
import type { Connection } from "../connection.ts";
import { SessionState } from "../order-session.ts";

/**
 * Reports that a session may be behind and still be read: half of what its account's stream keeps, so whoever reads slowly can
 * cancel, and nobody falls behind what is kept by requests of his own.
 */
const UNWRITTEN_MAX = 65_536;

export class Reading {
  readonly #transport: Transport;
  readonly #soft_bytes: number;
  /** Stopped at a full ring, the one that waits longest first. */
  readonly #stalled: Connection[] = [];
  /** Who have had their share of the turn, the one that stopped first ahead. */
  readonly #inTurn: Connection[] = [];
  /** Whose output has room again and whose session was stopped for it. */
  readonly #relieved: Connection[] = [];

  /** `soft_bytes`: waiting answers above which a connection is not read. */
  constructor(transport: Transport, soft_bytes: number) {
    this.#transport = transport;
    this.#soft_bytes = soft_bytes;
  }

  /** Connections that wait for the sequencer's ring. */
  get stalled(): number {
    return this.#stalled.length;
  }

  /** Pauses and resumes: a stalled session's reading until it has gone on, others by what waits to be sent. */
  settle(connection: Connection): void {
    const { session, output, paused, loggedOn } = connection;
    if (session.state === SessionState.SinkFull && !connection.isStalled) {
      connection.isStalled = true;
      this.#stalled.push(connection);
    }
    if (session.state === SessionState.TurnOver && !connection.isInTurn) {
      connection.isInTurn = true;
      this.#inTurn.push(connection);
    }
    const part = paused ? 1 / 2 : 1;
    const full = output.pending_bytes > this.#soft_bytes * part;
    const isBehind = (loggedOn?.unwritten ?? 0) > UNWRITTEN_MAX * part;
    const stop = session.state !== SessionState.Open || full || isBehind;
    if (stop) this.stop(connection);
    else if (paused) this.#resume(connection);
    if (session.state === SessionState.OutputFull && output.pending_bytes <= this.#soft_bytes / 2) {
      this.#relieved.push(connection);
    }
  }

  stop(connection: Connection): void {
    if (connection.paused) return;
    connection.paused = true;
    this.#transport.pause(connection.number);
  }

  #resume(connection: Connection): void {
    connection.paused = false;
    this.#transport.resume(connection.number);
  }

  /** The connection is gone: nobody waits for it any more. */
  forget(connection: Connection): void {
    if (connection.isStalled) this.#stalled.splice(this.#stalled.indexOf(connection), 1);
    if (connection.isInTurn) this.#inTurn.splice(this.#inTurn.indexOf(connection), 1);
  }

  /** Connections whose input waits for the next turn. */
  get inTurn(): number {
    return this.#inTurn.length;
  }

  /** The next one whose turn it is. */
  takeInTurn(): Connection | undefined {
    const connection = this.#inTurn.shift();
    if (connection !== undefined) connection.isInTurn = false;
    return connection;
  }

  /** The next one that waits for the ring, no longer counted as waiting. */
  takeStalled(): Connection | undefined {
    const connection = this.#stalled.shift();
    if (connection !== undefined) connection.isStalled = false;
    return connection;
  }

  /** The next one whose session may go on because its answers are out. */
  takeRelieved(): Connection | undefined {
    for (;;) {
      const connection = this.#relieved.shift();
      if (connection === undefined || connection.session.state === SessionState.OutputFull) return connection;
    }
  }
}
