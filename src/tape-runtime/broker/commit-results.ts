// What commit workers say, passed to whom it concerns: buffers and acks to the publishers, how far logs are to the subscribers, openings
// to whoever waits for them.

import { SeriatimError } from "../../base/index.ts";
import { TapeReason } from "../../protocol/index.ts";
import {
  type CommitResult,
  CommitResultKind,
  type PublisherService,
  type SubscriberService,
  type TopicDirectory,
} from "../../tape/index.ts";
import type { CommitListener } from "../threads/commit-stage.ts";
import type { Admission } from "./admission.ts";
import type { CommitWorkers } from "./commit-workers.ts";
import type { OpenTopics } from "./open-topics.ts";
import type { TopicDesk } from "./topic-desk.ts";

/** Who hears results. They are made with what results come from, so they are said afterwards. */
export interface ResultHearers {
  readonly workers: CommitWorkers;
  readonly open: OpenTopics;
  readonly publishers: PublisherService;
  readonly subscribers: SubscriberService;
  readonly admission: Admission;
  readonly desk: TopicDesk;
  readonly topics: Pick<TopicDirectory, "at">;
}

/** Nobody writes to it before a kill could bring its groups back no further than they are now. */
function topicOpened({ open, subscribers }: ResultHearers, result: CommitResult): void {
  const { topic, nextRecord } = result;
  const reason = result.reason as TapeReason;
  if (reason !== TapeReason.None) return open.opened(topic, reason);
  open.visible(result);
  const safe = subscribers.onOpened(topic, nextRecord);
  if (safe === undefined) open.opened(topic, reason);
  else void safe.then((outcome) => open.opened(topic, outcome));
}

export class CommitResults implements CommitListener {
  readonly #onNotice: (error: SeriatimError) => void;
  #hearers: ResultHearers | undefined;

  constructor(onNotice: (error: SeriatimError) => void) {
    this.#onNotice = onNotice;
  }

  /** Before the first command is given. */
  hearTo(hearers: ResultHearers): void {
    this.#hearers = hearers;
  }

  result(result: CommitResult): void {
    const hearers = this.#hearers;
    if (hearers === undefined) return;
    const { publishers, subscribers, admission, open, desk } = hearers;
    const { topic, connection, detail } = result;
    const reason = result.reason as TapeReason;
    switch (result.kind) {
      case CommitResultKind.Released:
        return publishers.released(result.buffer);
      case CommitResultKind.Ack:
        return publishers.acked(connection, detail, result.nextRecord);
      case CommitResultKind.Visible: {
        const progress = open.visible(result);
        if (progress !== undefined) subscribers.onVisible(topic, { ...progress });
        return;
      }
      case CommitResultKind.Fault:
        return publishers.fault(connection, reason, detail);
      case CommitResultKind.TopicOpened:
        return topicOpened(hearers, result);
      case CommitResultKind.SessionOpened:
        return admission.sessionOpened(result);
      case CommitResultKind.TopicFailed:
        return desk.failed(topic, reason);
      case CommitResultKind.TopicDeleted:
        return desk.deleted(topic);
    }
  }

  drained(): void {
    this.#hearers?.workers.settle();
    this.#hearers?.publishers.settle();
  }

  notice(topic: number, { code, message }: SeriatimError): void {
    const { name = `${topic}` } = this.#hearers?.topics.at(topic) ?? {};
    this.#onNotice(new SeriatimError(code, `topic ${name}: ${message}`));
  }
}
