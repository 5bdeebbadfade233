// A publisher on the wire that keeps its number over everything: it sends marked batches as fast as its window, its allowance and
// the broker let it, over one connection or, at order level 2, several; comes back when they break, and sends again what the broker
// does not have, and now and then what it has. What it knows it writes into its ledger first. At ack level 0 it keeps no batches,
// and goes on behind what it sent last.

import type { Prng } from "../../src/base/index.ts";
import {
  readTapeAck,
  TapeReason,
  TapeRole,
  TapeType,
  tapeMemoryOf,
  writePlain,
} from "../../src/protocol/index.ts";
import { type BatchMaker, drawSizes } from "./marked-batch.ts";
import type { LedgerWriter } from "./publisher-ledger.ts";
import { WireConnection, type WireEnd } from "./wire-connection.ts";

/** Batches on their way: below what a broker holds back of a session. */
const WINDOW_BATCHES = 24;
const RETRY_MS = 20;
/** Of so many batches one is sent twice: the topic must have it once. */
const TWICE_ONE_IN = 40;

export interface PublisherPlan {
  readonly publisher: number;
  readonly topic: string;
  readonly order: 0 | 1 | 2;
  readonly ack: 0 | 1 | 2;
  /** More than one at order level 2, and on the wire, alone. */
  readonly connections: number;
  /** Whether it is our client library's publisher, with batches as they are or compressed; left out: one on the wire. */
  readonly library?: "plain" | "zstd";
}

export interface PublisherTools {
  readonly port: number;
  readonly prng: Prng;
  readonly maker: BatchMaker;
  /** Left out where nobody dies. */
  readonly ledger?: LedgerWriter;
  /** Bytes on their way. */
  readonly windowBytes: number;
  /** Of so many batches one is the largest there can be. */
  readonly largestOneIn: number;
  /** Whether a batch of so many bytes may be made now; the publisher asks again when it is called. */
  mayMake(): boolean;
  made(bytes: number): void;
  /** What a broker should not have said. */
  complain(what: string): void;
}

export class WirePublisher {
  readonly plan: PublisherPlan;
  /** Acknowledged; at ack level 0 sent. */
  batches = 0;
  bytes = 0;
  readonly #tools: PublisherTools;
  #connections: WireConnection[] = [];
  #accepted = 0;
  #epoch = 0;
  #sent = 0;
  #acknowledged = 0;
  #unacknowledgedBytes = 0;
  readonly #unacknowledged = new Map<number, Uint8Array>();
  #retry: NodeJS.Timeout | undefined;
  #isEnding = false;
  readonly #ended = Promise.withResolvers<void>();

  constructor(plan: PublisherPlan, tools: PublisherTools) {
    this.plan = plan;
    this.#tools = tools;
    this.#connect();
  }

  /** The first connection opens the session; the others join it. */
  #connect(): void {
    const { publisher, topic, order, ack } = this.plan;
    const hello = { role: TapeRole.Publisher, publisher, topic, order, ack, epoch: this.#epoch };
    const connection = new WireConnection(this.#tools.port, hello, {
      accepted: ({ epoch, lastBatch }) => this.#welcome(epoch, lastBatch),
      message: (type, { view }) => {
        if (type === TapeType.Ack) this.#acknowledge(readTapeAck(view, 0).batch);
        this.pump();
      },
      drained: () => this.pump(),
      over: (end) => this.#over(end),
    });
    this.#connections.push(connection);
  }

  #welcome(epoch: number, lastBatch: number): void {
    if (this.#epoch !== epoch) this.#begin(epoch);
    this.#accepted++;
    if (this.#accepted < this.plan.connections) return this.#connect();
    this.#resume(lastBatch);
  }

  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#sent = 0;
    this.#acknowledged = 0;
    this.#unacknowledged.clear();
    this.#unacknowledgedBytes = 0;
  }

  /** What the broker has is acknowledged; what it lacks is sent again, in its order, and every second time what it has as well. */
  #resume(lastBatch: number): void {
    const { prng } = this.#tools;
    const needless = prng.between(1, 2) === 1 ? [...this.#unacknowledged.values()] : [];
    if (this.plan.ack === 0) this.#sent = Math.max(this.#sent, lastBatch);
    else if (lastBatch < this.#acknowledged)
      this.#complain(`${this.#acknowledged} was acknowledged, the session resumes behind ${lastBatch}`);
    else this.#acknowledge(lastBatch);
    for (const bytes of needless) this.#anyConnection().send(bytes);
    for (const bytes of this.#unacknowledged.values()) this.#anyConnection().send(bytes);
    this.pump();
  }

  #acknowledge(batch: number): void {
    if (batch > this.#sent) return this.#complain(`ack of ${batch}, ${this.#sent} was the last one sent`);
    if (batch <= this.#acknowledged || this.plan.ack === 0) return;
    for (let known = this.#acknowledged + 1; known <= batch; known++) {
      const bytes = this.#unacknowledged.get(known)?.length ?? 0;
      this.#unacknowledged.delete(known);
      this.#unacknowledgedBytes -= bytes;
      this.batches++;
      this.bytes += bytes;
    }
    this.#acknowledged = batch;
    this.#tools.ledger?.acknowledged(this.#epoch, batch);
    if (this.#isEnding) this.#leaveWhenDone();
  }

  /** Sends what may be sent. */
  pump(): void {
    while (this.#mayMake()) this.#make();
    if (this.#isEnding) this.#leaveWhenDone();
  }

  #mayMake(): boolean {
    if (this.#isEnding || this.#accepted < this.plan.connections) return false;
    if (this.#connections.some(({ isBlocked }) => isBlocked)) return false;
    const isInWindow =
      this.#unacknowledged.size < WINDOW_BATCHES && this.#unacknowledgedBytes < this.#tools.windowBytes;
    return isInWindow && this.#tools.mayMake();
  }

  #make(): void {
    const { prng, maker, ledger, largestOneIn } = this.#tools;
    const batch = this.#sent + 1;
    const { payloadBytes, records } = drawSizes(prng, largestOneIn);
    const bytes = maker.make({ ...this.plan, epoch: this.#epoch, batch }, payloadBytes, records);
    ledger?.sent(this.#epoch, batch);
    this.#sent = batch;
    this.#tools.made(bytes.length);
    if (this.plan.ack === 0) {
      this.batches++;
      this.bytes += bytes.length;
    } else {
      this.#unacknowledged.set(batch, bytes);
      this.#unacknowledgedBytes += bytes.length;
    }
    this.#anyConnection().send(bytes);
    if (prng.between(1, TWICE_ONE_IN) === 1) this.#anyConnection().send(bytes);
  }

  #anyConnection(): WireConnection {
    const { length } = this.#connections;
    return this.#connections[length === 1 ? 0 : this.#tools.prng.between(0, length - 1)];
  }

  /** All connections begin anew together. */
  #over({ reason, text }: WireEnd): void {
    for (const connection of this.#connections.splice(0)) connection.drop();
    this.#accepted = 0;
    if (this.#isEnding && this.#unacknowledged.size === 0) return this.#ended.resolve();
    // Of these only what ends a broker, or a session's older connection, is to be expected.
    const isExpected = reason === TapeReason.None || reason === TapeReason.ShuttingDown;
    if (!isExpected) this.#complain(text);
    if (reason === TapeReason.Epoch || reason === TapeReason.LeaseOver) this.#epoch = 0;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), RETRY_MS);
  }

  #complain(what: string): void {
    this.#tools.complain(`publisher ${this.plan.publisher}, epoch ${this.#epoch}: ${what}`);
  }

  /** Makes no more batches; resolves when all are acknowledged and the broker has let it go. */
  end(): Promise<void> {
    this.#isEnding = true;
    this.#leaveWhenDone();
    return this.#ended.promise;
  }

  #leaveWhenDone(): void {
    if (this.#accepted < this.plan.connections || this.#unacknowledged.size > 0) return;
    const bye = tapeMemoryOf(new Uint8Array(8));
    writePlain(bye.view, 0, TapeType.Bye);
    this.#accepted = 0;
    for (const connection of this.#connections) connection.send(bye.bytes);
  }
}
