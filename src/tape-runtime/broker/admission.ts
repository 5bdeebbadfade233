// Lets in who has proved what it may: a publisher when its topic is made and open and its session is, a subscriber when its topic is
// open, an administrator at once. Each step may take its time, and the connection may be gone when it is over.

import {
  TAPE_ORDER_ANY,
  TapeAccepted,
  type TapeHelloFields,
  TapeReason,
  TapeRole,
  type TopicGrant,
  tapeMemory,
  writeAccepted,
} from "../../protocol/index.ts";
import {
  type AdministratorService,
  ByteRate,
  type CommitResult,
  mayAdminister,
  type PublisherService,
  type SubscriberService,
  type TapeAccess,
  type TopicDirectory,
} from "../../tape/index.ts";
import type { CommitWorkers } from "./commit-workers.ts";
import type { OpenTopic, OpenTopics } from "./open-topics.ts";
import type { Opening } from "./opening.ts";
import type { Reception } from "./reception.ts";

export interface AdmissionOptions {
  readonly access: TapeAccess;
  readonly topics: TopicDirectory;
  readonly open: OpenTopics;
  readonly workers: CommitWorkers;
  readonly publishers: PublisherService;
  readonly subscribers: SubscriberService;
  readonly administrators: AdministratorService;
  /** Of topics that are made by the first publisher who names them. */
  readonly retainBytes: number;
  readonly retain_us: number;
  readonly lease_ms: number;
  /** A bug: the broker ends. */
  readonly failed: (error: unknown) => void;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #reception: Reception;
  /** By key, of those with a limit: as many as there are such keys. */
  readonly #rates = new Map<string, ByteRate>();
  /** Connections whose session is being opened, and their topics. */
  readonly #sessions = new Map<number, OpenTopic>();

  constructor(options: AdmissionOptions, reception: Reception) {
    this.#options = options;
    this.#reception = reception;
  }

  /** Its handshake is over. */
  admit(opening: Opening): void {
    const { hello, grant } = opening.handshake;
    if (hello === undefined || grant === undefined) return;
    switch (hello.role) {
      case TapeRole.Publisher:
        return this.#publisher(opening, hello);
      case TapeRole.Subscriber:
        return this.#subscriber(opening, hello);
      default:
        return this.#administrator(opening, grant);
    }
  }

  /** The commit stage's answer. */
  sessionOpened(result: CommitResult): void {
    const { connection, reason, epoch, detail: lastBatch } = result;
    const opening = this.#reception.find(connection);
    const topic = this.#sessions.get(connection);
    this.#sessions.delete(connection);
    if (opening === undefined || opening.isOver || topic === undefined) return;
    if (reason !== TapeReason.None) return this.#reception.refuse(opening, reason as TapeReason, lastBatch);
    const { hello, grant } = opening.handshake;
    if (hello === undefined || grant === undefined) return;
    const { publishers } = this.#options;
    const greeting = this.#accepted(topic, hello.ack, epoch, lastBatch);
    const rate = this.#rateOf(grant);
    const terms = { topic, ackLevel: hello.ack, lastBatch, rate, greeting, isHeld: opening.isHeld };
    publishers.open({ connection, publisher: hello.publisher, epoch }, terms);
    this.#reception.takeOver(opening, publishers);
  }

  /** A connection is gone, or is refused, before it was let in. */
  gone({ connection, whenGone }: Opening): void {
    whenGone?.();
    const topic = this.#sessions.get(connection);
    this.#sessions.delete(connection);
    if (topic !== undefined) this.#options.workers.closeConnection(connection, topic.id);
  }

  #publisher(opening: Opening, hello: TapeHelloFields): void {
    const { topics, retainBytes, retain_us, workers, failed } = this.#options;
    const settings = { order: hello.order, retainBytes, retain_us };
    topics.getOrCreate(hello.topic, settings).then((topic) => {
      if (typeof topic === "number")
        return this.#reception.refuse(opening, topic, 0, topics.get(hello.topic)?.order);
      // Who is gone by now would wait for a topic that nobody takes it out of the line of.
      if (this.#reception.find(opening.connection) !== opening) return;
      opening.whenGone = this.#options.open.open(topic, (open) => {
        if (opening.isOver || this.#reception.find(opening.connection) !== opening) return;
        if (typeof open === "number") return this.#reception.refuse(opening, open);
        this.#sessions.set(opening.connection, open);
        workers.openSession(opening.connection, open.id, hello.publisher, hello.epoch, hello.ack);
      });
    }, failed);
  }

  #subscriber(opening: Opening, hello: TapeHelloFields): void {
    const topic = this.#options.topics.get(hello.topic);
    if (topic === undefined) return this.#reception.refuse(opening, TapeReason.TopicUnknown);
    if (hello.order !== TAPE_ORDER_ANY && hello.order !== topic.order) {
      return this.#reception.refuse(opening, TapeReason.OrderLevel, 0, topic.order);
    }
    opening.whenGone = this.#options.open.openToRead(topic, (open) => {
      if (typeof open === "number") return this.#reception.refuse(opening, open);
      this.#whenFree(opening, () => {
        const { group, fromKind, from, credit } = hello;
        const { subscribers } = this.#options;
        subscribers.open(opening.connection, { topic, group, fromKind, from, credit }, { ...open });
        this.#reception.takeOver(opening, subscribers);
      });
    });
  }

  #administrator(opening: Opening, grant: TopicGrant): void {
    this.#whenFree(opening, () => {
      const { administrators, access } = this.#options;
      administrators.open(opening.connection, (topic, request) =>
        mayAdminister(access, grant, topic, request),
      );
      this.#reception.takeOver(opening, administrators);
    });
  }

  /** `then`, once nothing that was sent is held, if it is still there. */
  #whenFree(opening: Opening, then: () => void): void {
    const act = () => {
      opening.whenDrained = undefined;
      if (!opening.isOver && this.#reception.find(opening.connection) === opening) then();
    };
    if (opening.isHeld) opening.whenDrained = act;
    else act();
  }

  #accepted(open: OpenTopic, ack: number, epoch: number, lastBatch: number): Uint8Array {
    const memory = tapeMemory(new ArrayBuffer(TapeAccepted.bytes));
    const { nextRecord, oldestRecord, topic } = open;
    const session = { ack, epoch, lastBatch, lease_ms: this.#options.lease_ms };
    writeAccepted(memory, 0, { topic: topic.id, order: topic.order, nextRecord, oldestRecord, ...session });
    return memory.bytes;
  }

  #rateOf({ name, bytesPerSecond }: TopicGrant): ByteRate | undefined {
    if (bytesPerSecond === undefined) return undefined;
    const known = this.#rates.get(name);
    if (known !== undefined) return known;
    const rate = new ByteRate(bytesPerSecond);
    this.#rates.set(name, rate);
    return rate;
  }
}
