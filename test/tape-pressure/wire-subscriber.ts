// A subscriber on the wire that reads a topic for a judge, from where the judge is: it comes back when its connection breaks, and gives
// credit for what it has judged.

import {
  readBrokerHeartbeat,
  TapeFrom,
  TapeHead,
  type TapeMemory,
  TapeReason,
  TapeRole,
  TapeType,
  tapeMemoryOf,
  writeCredit,
  writePlain,
} from "../../src/protocol/index.ts";
import { seenBatch } from "./marked-batch.ts";
import type { TopicJudge } from "./topic-judge.ts";
import { WireConnection } from "./wire-connection.ts";

const CREDIT_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 20;
const HEARTBEAT_MS = 1_000;

export interface SubscriberPlan {
  readonly port: number;
  readonly topic: string;
  /** What a broker should not have said. */
  complain(what: string): void;
}

export class WireSubscriber {
  readonly #plan: SubscriberPlan;
  readonly #judge: TopicJudge;
  #connection: WireConnection | undefined;
  /** Read and not given back as credit yet. */
  #spent = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #beating: NodeJS.Timeout;
  /** How far the topic goes, as far as it was told; 0 while it does not know. */
  #nextRecord = 0;
  #caughtUp = Promise.withResolvers<void>();

  constructor(plan: SubscriberPlan, judge: TopicJudge) {
    this.#plan = plan;
    this.#judge = judge;
    this.#connect();
    const heartbeat = tapeMemoryOf(new Uint8Array(TapeHead.bytes));
    writePlain(heartbeat.view, 0, TapeType.Heartbeat);
    this.#beating = setInterval(() => this.#connection?.send(heartbeat.bytes), HEARTBEAT_MS);
  }

  #connect(): void {
    const { port, topic } = this.#plan;
    const wish = { fromKind: TapeFrom.Record, from: this.#judge.nextRecord, credit: CREDIT_BYTES };
    this.#spent = 0;
    this.#connection = new WireConnection(
      port,
      { role: TapeRole.Subscriber, topic, ...wish },
      {
        accepted: ({ nextRecord, oldestRecord }) => {
          if (oldestRecord > this.#judge.nextRecord)
            this.#plan.complain(`${topic}: ${this.#judge.nextRecord} is gone, ${oldestRecord} is the oldest`);
          this.#isBehind(nextRecord);
        },
        message: (type, memory, length) => this.#message(type, memory, length),
        over: ({ reason, text }) => {
          // Nobody has published to it yet, or the broker is gone.
          const isExpected = reason === TapeReason.None || reason === TapeReason.TopicUnknown;
          if (!isExpected && reason !== TapeReason.ShuttingDown)
            this.#plan.complain(`subscriber of ${topic}: ${text}`);
          this.#retry = setTimeout(() => this.#connect(), RETRY_MS);
        },
      },
    );
  }

  #message(type: TapeType, memory: TapeMemory, length: number): void {
    if (type === TapeType.BrokerHeartbeat) this.#isBehind(readBrokerHeartbeat(memory.view, 0));
    if (type !== TapeType.Batch) return;
    this.#judge.take(seenBatch(memory, 0, length));
    this.#spent += length;
    if (this.#spent > CREDIT_BYTES / 2) {
      const credit = tapeMemoryOf(new Uint8Array(16));
      writeCredit(credit.view, 0, this.#spent);
      this.#connection?.send(credit.bytes);
      this.#spent = 0;
    }
    this.#isBehind(this.#nextRecord);
  }

  #isBehind(nextRecord: number): void {
    this.#nextRecord = nextRecord;
    if (nextRecord > 0 && this.#judge.nextRecord >= nextRecord) this.#caughtUp.resolve();
  }

  /** Connects anew, and resolves when it has read everything that is there then. */
  async readAll(): Promise<void> {
    clearTimeout(this.#retry);
    this.#connection?.drop();
    this.#nextRecord = 0;
    this.#caughtUp = Promise.withResolvers();
    this.#connect();
    await this.#caughtUp.promise;
  }

  end(): void {
    clearTimeout(this.#retry);
    clearInterval(this.#beating);
    this.#connection?.drop();
  }
}
