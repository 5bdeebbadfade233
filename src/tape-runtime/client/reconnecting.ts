// A connection that is made again when it is lost: one at a time, after waits that double, until it was away for too long or what ended it
// is final. The first one is tried once, so that who connects is told at once.

import { type BackoffTerms, backoff, SeriatimError } from "../../base/index.ts";
import type { TapeAcceptedFields, TapeHelloFields, TapeMemory, TapeType } from "../../protocol/index.ts";
import { TapeConnection } from "./connection.ts";
import { isPassing } from "./errors.ts";
import type { TapePeer } from "./options.ts";

/** A connection that stood for so long got on, also when there was nothing to do. */
const STOOD_US = 5_000_000;
/** In milliseconds. */
const TERMS: BackoffTerms = { min: 50, max: 5_000, spreadFrom: 0.5 };

/** What its owner thinks of a connection's end. */
export const AfterLoss = {
  /** Whatever the failure allows. */
  Usual: 0,
  /** What was asked for is done. */
  Done: 1,
  /** The owner can go on although the failure is final for what it asked before. */
  Again: 2,
} as const;
export type AfterLoss = (typeof AfterLoss)[keyof typeof AfterLoss];

export interface ReconnectingOwner {
  /** What the next connection asks for. */
  hello(): Omit<TapeHelloFields, "key">;
  accepted(accepted: TapeAcceptedFields): void;
  /** As a connection's. */
  message(type: TapeType, memory: TapeMemory, length: number): string | undefined;
  /** The connection is gone. */
  lost(failure: SeriatimError | undefined): AfterLoss;
  /** There will be another one. */
  again(failure: SeriatimError | undefined): void;
  /** The last call: there will be no other connection. */
  over(failure: SeriatimError | undefined): void;
}

export class ReconnectingLink {
  /** The one at work; none between two. */
  connection: TapeConnection | undefined;
  /** Resolves with what the first one was accepted with; rejects with why there is none. */
  readonly first: Promise<TapeAcceptedFields>;
  /** Connections that were accepted. */
  connections = 0;
  readonly #peer: TapePeer;
  readonly #owner: ReconnectingOwner;
  readonly #reconnectFor_us: number;
  readonly #first = Promise.withResolvers<TapeAcceptedFields>();
  #timer: NodeJS.Timeout | undefined;
  /** Connections in a row that did not get on, and when the first of them was lost. */
  #failures = 0;
  #lostAt_us = 0;
  #acceptedAt_us = Number.POSITIVE_INFINITY;
  /** Set by `stop`. */
  #end: { readonly failure: SeriatimError | undefined } | undefined;
  #isOver = false;

  constructor(peer: TapePeer, reconnectFor_us: number, owner: ReconnectingOwner) {
    this.#peer = peer;
    this.#owner = owner;
    this.#reconnectFor_us = reconnectFor_us;
    this.first = this.#first.promise;
    this.#open();
  }

  /** The connection, when messages may be sent. */
  get accepted(): TapeConnection | undefined {
    return this.connection?.isAccepted === true ? this.connection : undefined;
  }

  /** The connection got on: what failed before counts no more. To be accepted is not enough: the next message may end it again. */
  gotOn(): void {
    this.#failures = 0;
  }

  /** Ends it, whether there is a connection or not. */
  stop(failure: SeriatimError | undefined): void {
    if (this.#isOver) return;
    this.#end ??= { failure };
    clearTimeout(this.#timer);
    if (this.connection === undefined) this.#over(failure);
    else this.connection.destroy();
  }

  #open(): void {
    this.connection = new TapeConnection(this.#peer, this.#owner.hello(), {
      accepted: (accepted) => {
        this.#acceptedAt_us = this.#peer.clock.monotonicMicros();
        this.connections++;
        this.#owner.accepted(accepted);
        this.#first.resolve(accepted);
      },
      message: (type, memory, length) => this.#owner.message(type, memory, length),
      closed: (failure) => this.#closed(failure),
    });
  }

  #closed(failure: SeriatimError | undefined): void {
    this.connection = undefined;
    const after = this.#owner.lost(this.#end === undefined ? failure : this.#end.failure);
    if (this.#end !== undefined) this.#over(this.#end.failure);
    else if (!this.#mayTryAgain(failure, after)) this.#over(failure);
    else {
      this.#owner.again(failure);
      const wait_ms = backoff(this.#failures, TERMS, this.#peer.chance());
      this.#failures++;
      this.#timer = setTimeout(() => this.#open(), wait_ms);
    }
  }

  #mayTryAgain(failure: SeriatimError | undefined, after: AfterLoss): boolean {
    if (after === AfterLoss.Done || this.connections === 0 || this.#reconnectFor_us === 0) return false;
    const now_us = this.#peer.clock.monotonicMicros();
    if (now_us - this.#acceptedAt_us >= STOOD_US) this.gotOn();
    this.#acceptedAt_us = Number.POSITIVE_INFINITY;
    if (this.#failures === 0) this.#lostAt_us = now_us;
    if (now_us - this.#lostAt_us >= this.#reconnectFor_us) return false;
    return after === AfterLoss.Again || failure === undefined || isPassing(failure);
  }

  #over(failure: SeriatimError | undefined): void {
    this.#isOver = true;
    const never = new SeriatimError(
      "CONNECTION_LOST",
      "the client was closed before the tape had accepted it",
    );
    this.#first.reject(failure ?? never);
    // Who has it already, or never asks, need not hear of it.
    this.#first.promise.catch(() => {});
    this.#owner.over(failure);
  }
}
