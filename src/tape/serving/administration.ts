// What administrators ask of a broker, carried out: one request after the other, each answered with what it asked for or with why
// not. It knows no connection (administrator-service.ts); what it can't do itself is the broker's (TopicControl).

import {
  parseTapeRequest,
  type TapeGroupInfo,
  TapeReason,
  type TapeReply,
  type TapeRequest,
  type TapeRetention,
  type TapeTopicInfo,
  tapeReasonName,
  tapeReasonText,
  tapeReservedText,
  tapeTopicReasonText,
} from "../../protocol/index.ts";
import type { CatalogTopic, TopicDirectory, TopicRetention } from "../catalog/index.ts";
import type { TopicProgress } from "./progress.ts";
import type { SubscriberService } from "./subscriber-service.ts";

/** What the broker does for an administrator. */
export interface TopicControl {
  /** So many requests wait for a log to be opened or closed, those of administrators that are gone included, that no more can. */
  readonly isBusy: boolean;
  /** How far the topic has come, when its log is open, or was. */
  known(topic: CatalogTopic): TopicProgress | undefined;
  /** How far the topic has come; it is opened for that when it is not. Or why it can't be. */
  opened(topic: CatalogTopic): Promise<TopicProgress | TapeReason>;
  /** Its retention is another from now on. */
  retain(topic: CatalogTopic): void;
  /** It is in the catalog no more: its publishers are told, its log is closed and its files removed when this resolves. */
  delete(topic: CatalogTopic): Promise<void>;
  /** The broker's figures, of topics those alone that `may` answers true for. */
  status(may: MayAdminister): object;
}

export interface AdministrationOptions {
  readonly topics: TopicDirectory;
  readonly subscribers: SubscriberService;
  readonly control: TopicControl;
  /** Of a topic that is made without saying how much of it is kept. */
  readonly retention: TopicRetention;
}

/** Whether the administrator may have a request carried out on the topic. */
export type MayAdminister = (topic: string, request: TapeRequest["do"]) => boolean;

type TopicRequest = Extract<TapeRequest, { readonly topic: string }>;

const MS_us = 1_000;
/** Logs that a list opens: each is read for up to a tenth of a second, by the worker that others' batches wait for. */
const LIST_OPENED_MAX = 16;

const WORDS = `a request is one JSON object with "do": topics, status, create, delete, retain, groups or forget`;

export class Administration {
  readonly #topics: TopicDirectory;
  readonly #subscribers: SubscriberService;
  readonly #control: TopicControl;
  readonly #retention: TopicRetention;

  constructor({ topics, subscribers, control, retention }: AdministrationOptions) {
    this.#topics = topics;
    this.#subscribers = subscribers;
    this.#control = control;
    this.#retention = retention;
  }

  /** The answer to the request in `text`, once it is carried out. */
  async carryOut(text: string, may: MayAdminister): Promise<TapeReply> {
    const request = parseTapeRequest(text);
    if (typeof request === "number")
      return refused(request, request === TapeReason.Malformed ? WORDS : undefined);
    if (request.do === "status") return { status: this.#control.status(may) };
    if (this.#control.isBusy) return refused(TapeReason.Busy);
    if (request.do === "topics") return this.#list(may);
    if (!may(request.topic, request.do)) return notAllowed(request.topic, may);
    return this.#ofTopic(request);
  }

  async #list(may: MayAdminister): Promise<TapeReply> {
    const topics: TapeTopicInfo[] = [];
    let opened = 0;
    for (const topic of this.#topics.list()) {
      if (!may(topic.name, "topics")) continue;
      const isOpened = this.#control.known(topic) === undefined && opened++ < LIST_OPENED_MAX;
      const progress = isOpened ? await this.#progressOf(topic) : this.#control.known(topic);
      if (progress === TapeReason.TopicDeleted) continue;
      // One that is damaged is there all the same: it says so when it is used.
      topics.push(infoOf(topic, progress));
    }
    return { topics };
  }

  #ofTopic(request: TopicRequest): Promise<TapeReply> | TapeReply {
    switch (request.do) {
      case "create":
        return this.#create(request);
      case "retain":
        return this.#retain(request);
      case "delete":
        return this.#delete(request.topic);
      case "groups":
        return this.#groups(request.topic);
      case "forget":
        return this.#forget(request.topic, request.group);
    }
  }

  async #create(request: TopicRequest & { readonly do: "create" }): Promise<TapeReply> {
    const { topic: name, order, retainBytes, retainMs } = request;
    const settings = {
      order,
      retainBytes: retainBytes === undefined ? this.#retention.retainBytes : (retainBytes ?? 0),
      retain_us: retainMs === undefined ? this.#retention.retain_us : micros(retainMs),
    };
    return this.#told(name, await this.#topics.create(name, settings));
  }

  async #retain(request: TapeRetention & { readonly topic: string }): Promise<TapeReply> {
    const retention = { retainBytes: request.retainBytes ?? 0, retain_us: micros(request.retainMs) };
    const topic = await this.#topics.retain(request.topic, retention);
    if (typeof topic !== "number") this.#control.retain(topic);
    return this.#told(request.topic, topic);
  }

  async #delete(name: string): Promise<TapeReply> {
    const topic = await this.#topics.delete(name);
    if (typeof topic === "number") return refusedOf(name, topic);
    this.#subscribers.onTopicOver(topic.id, TapeReason.TopicDeleted);
    await this.#control.delete(topic);
    return { deleted: name };
  }

  async #groups(name: string): Promise<TapeReply> {
    const topic = this.#topics.get(name);
    if (topic === undefined) return refusedOf(name, TapeReason.TopicUnknown);
    const progress = await this.#progressOf(topic);
    if (typeof progress === "number") return refusedOf(name, progress);
    const groups = this.#subscribers.groupsOf(topic.id).map(({ name: group, committed, members }) => {
      const record = Math.max(committed, progress.oldestRecord);
      const lag = Math.max(0, progress.nextRecord - record);
      return { topic: name, group, record, lag, members } satisfies TapeGroupInfo;
    });
    return { groups };
  }

  #forget(name: string, group: string): TapeReply {
    const topic = this.#topics.get(name);
    if (topic === undefined) return refusedOf(name, TapeReason.TopicUnknown);
    const reason = this.#subscribers.forgetGroup(topic.id, group);
    return reason === TapeReason.None ? { forgotten: group } : refusedOf(name, reason);
  }

  async #told(name: string, topic: CatalogTopic | TapeReason): Promise<TapeReply> {
    if (typeof topic === "number") return refusedOf(name, topic);
    const progress = await this.#progressOf(topic);
    // It is made, or kept differently, though its log can't be opened now: that is no refusal, but who asked is told.
    return progress === TapeReason.TopicDeleted
      ? refusedOf(name, progress)
      : { topic: infoOf(topic, progress) };
  }

  /** Never opens what was deleted meanwhile: that would make its files again. */
  async #progressOf(topic: CatalogTopic): Promise<TopicProgress | TapeReason> {
    if (this.#topics.at(topic.id) === undefined) return TapeReason.TopicDeleted;
    return this.#subscribers.progressOf(topic.id) ?? this.#control.opened(topic);
  }
}

function infoOf(topic: CatalogTopic, progress: TopicProgress | TapeReason | undefined): TapeTopicInfo {
  const isUnopened = typeof progress === "number";
  const { nextRecord = null, oldestRecord = null, bytes = null } = isUnopened ? {} : (progress ?? {});
  const { id, name, order, retainBytes, retain_us } = topic;
  const retained = { retainBytes: retainBytes || null, retainMs: Math.ceil(retain_us / MS_us) || null };
  const figures = { nextRecord, oldestRecord, bytes };
  const unopened = isUnopened && { unopened: tapeReasonText(progress) };
  return { topic: name, id, order, ...retained, ...figures, ...unopened };
}

function micros(milliseconds: number | null): number {
  return Math.min((milliseconds ?? 0) * MS_us, Number.MAX_SAFE_INTEGER);
}

function refused(reason: TapeReason, text = tapeReasonText(reason)): TapeReply {
  return { error: tapeReasonName(reason) as TapeErrorName, text };
}

/** Who may bound a topic, and not make or delete it, meets one that is another's own. */
function notAllowed(topic: string, may: MayAdminister): TapeReply {
  const text = may(topic, "retain") ? tapeReservedText(topic) : undefined;
  return text === undefined ? refusedOf(topic, TapeReason.NotAllowed) : refused(TapeReason.NotAllowed, text);
}

function refusedOf(topic: string, reason: TapeReason): TapeReply {
  return refused(reason, tapeTopicReasonText(reason, topic));
}

type TapeErrorName = Extract<TapeReply, { readonly error: unknown }>["error"];
