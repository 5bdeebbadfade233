// An administrator's connection: requests and their answers, in order, one connection and no second one.
//
// Bound: REQUESTS_MAX requests wait for their answers; one more is refused.

import { checkOptions, SeriatimError } from "../../base/index.ts";
import {
  decodeText,
  encodeText,
  TAPE_ORDER_ANY,
  TapeFrom,
  type TapeGroupInfo,
  type TapeMemory,
  TapeReason,
  type TapeReply,
  type TapeRequest,
  type TapeRetention,
  TapeRole,
  type TapeTopicInfo,
  TapeType,
} from "../../protocol/index.ts";
import { TapeRefusedError } from "./errors.ts";
import { checkedInteger, checkedName, checkedPeer, PEER_OPTIONS, type TapePeerOptions } from "./options.ts";
import type { TapeOrder } from "./publisher-options.ts";
import { AfterLoss, ReconnectingLink } from "./reconnecting.ts";

export type TapeAdministratorOptions = TapePeerOptions;

const RETENTION_OPTIONS: Record<keyof TapeRetention, true> = { retainBytes: true, retainMs: true };

const REQUESTS_MAX = 64;

/** Lists, creates, deletes and bounds topics of a tape, and tells of their groups. */
export class TapeAdministrator {
  readonly #peer: string;
  readonly #link: ReconnectingLink;
  readonly #closed = Promise.withResolvers<void>();
  readonly #waiting: PromiseWithResolvers<TapeReply>[] = [];
  #failure: SeriatimError | undefined;
  #isClosing = false;

  /** Connects. Rejects with SeriatimError: `INVALID_ARGUMENT`, `CONNECT_FAILED`, or why the broker refused. */
  static async connect(options: TapeAdministratorOptions = {}): Promise<TapeAdministrator> {
    const administrator = new TapeAdministrator(options);
    await administrator.#link.first;
    return administrator;
  }

  private constructor(options: TapeAdministratorOptions) {
    checkOptions("TapeAdministrator.connect", options, PEER_OPTIONS);
    const peer = checkedPeer(options);
    this.#peer = `${peer.host}:${peer.port}`;
    const hello = {
      role: TapeRole.Administrator,
      topic: "",
      group: "",
      order: TAPE_ORDER_ANY,
      ack: 0,
    } as const;
    const none = {
      replicas: 1,
      publisher: 0,
      epoch: 0,
      fromKind: TapeFrom.None,
      from: 0,
      credit: 0,
    } as const;
    this.#link = new ReconnectingLink(peer, 0, {
      hello: () => ({ ...hello, ...none }),
      accepted: () => {},
      message: (type, memory, length) => this.#take(type, memory, length),
      lost: () => AfterLoss.Done,
      again: () => {},
      over: (failure) => this.#over(failure),
    });
  }

  /** All topics that the key may see. */
  async topics(): Promise<readonly TapeTopicInfo[]> {
    return (await this.#ask({ do: "topics" }, "topics")).topics;
  }

  /** Makes a topic. Rejects with `TOPIC_EXISTS`, `TOPIC_LIMIT`, `NOT_ALLOWED`, ... */
  async create(
    topic: string,
    options: { readonly order: TapeOrder } & Partial<TapeRetention>,
  ): Promise<TapeTopicInfo> {
    checkOptions("TapeAdministrator.create", options, { order: true, ...RETENTION_OPTIONS });
    checkedInteger("order", options.order, 0, 2);
    const request = { do: "create", topic: checkedName("topic", topic), ...options } as const;
    return (await this.#ask(request, "topic")).topic;
  }

  /** Deletes a topic with all of its records; its publishers and subscribers are told. */
  async delete(topic: string): Promise<void> {
    await this.#ask({ do: "delete", topic: checkedName("topic", topic) }, "deleted");
  }

  /** Sets how much of a topic is kept; null: no bound of that kind. */
  async retain(topic: string, retention: TapeRetention): Promise<TapeTopicInfo> {
    checkOptions("TapeAdministrator.retain", retention, RETENTION_OPTIONS);
    const request = { do: "retain", topic: checkedName("topic", topic), ...retention } as const;
    return (await this.#ask(request, "topic")).topic;
  }

  /** The groups of a topic, and how far each is. */
  async groups(topic: string): Promise<readonly TapeGroupInfo[]> {
    return (await this.#ask({ do: "groups", topic: checkedName("topic", topic) }, "groups")).groups;
  }

  /** Forgets what a group without members has done: it begins anew when somebody names it again. Rejects with `GROUP_UNKNOWN`, ... */
  async forget(topic: string, group: string): Promise<void> {
    const names = { topic: checkedName("topic", topic), group: checkedName("group", group) };
    await this.#ask({ do: "forget", ...names }, "forgotten");
  }

  /** The broker's figures. */
  async status(): Promise<object> {
    return (await this.#ask({ do: "status" }, "status")).status;
  }

  async close(): Promise<void> {
    if (!this.#isClosing && this.#failure === undefined) {
      this.#isClosing = true;
      if (this.#waiting.length === 0) this.#finish();
    }
    await this.#closed.promise;
  }

  async #ask<K extends string>(
    request: TapeRequest,
    want: K,
  ): Promise<Extract<TapeReply, Record<K, unknown>>> {
    const connection = this.#link.accepted;
    if (this.#isClosing || connection === undefined)
      throw this.#failure ?? new SeriatimError("CLOSED", "the administrator's connection is closed");
    if (this.#waiting.length >= REQUESTS_MAX)
      throw new SeriatimError("TOO_MANY_REQUESTS", `${REQUESTS_MAX} requests wait for their answers`);
    const waiting = Promise.withResolvers<TapeReply>();
    this.#waiting.push(waiting);
    connection.send(encodeText(TapeType.Request, JSON.stringify(request)));
    const reply = await waiting.promise;
    if ("error" in reply) {
      const reason = TapeReason[reply.error] ?? TapeReason.None;
      throw new TapeRefusedError(this.#peer, { reason, detail: 0, text: reply.text });
    }
    if (!(want in reply))
      throw new SeriatimError("PROTOCOL", `the tape at ${this.#peer} answered something else`);
    return reply as Extract<TapeReply, Record<K, unknown>>;
  }

  #take(type: TapeType, memory: TapeMemory, length: number): string | undefined {
    if (type === TapeType.BrokerHeartbeat) return undefined;
    if (type !== TapeType.Reply) return `a message of type ${type} to an administrator`;
    const waiting = this.#waiting.shift();
    const reply = parseReply(decodeText(memory, 0, length));
    if (waiting === undefined || reply === undefined) return "an answer that nobody can read";
    waiting.resolve(reply);
    if (this.#isClosing && this.#waiting.length === 0) this.#finish();
    return undefined;
  }

  #finish(): void {
    const { accepted } = this.#link;
    if (accepted === undefined) this.#link.stop(undefined);
    else accepted.finish(false);
  }

  #over(failure: SeriatimError | undefined): void {
    this.#failure = failure ?? new SeriatimError("CLOSED", `the tape at ${this.#peer} closed the connection`);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#failure);
    this.#closed.resolve();
  }
}

function parseReply(text: string | undefined): TapeReply | undefined {
  try {
    const reply: unknown = JSON.parse(text ?? "");
    return typeof reply === "object" && reply !== null ? (reply as TapeReply) : undefined;
  } catch {
    return undefined;
  }
}
