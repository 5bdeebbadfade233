// What an administrator changes of a topic reaches its commit worker, in whatever state the topic is there.

import { expect, test } from "vitest";
import { TapeReason } from "../../../src/protocol/index.ts";
import type { CatalogTopic, PublisherService, SubscriberService } from "../../../src/tape/index.ts";
import { CommitWorkers } from "../../../src/tape-runtime/broker/commit-workers.ts";
import { OpenTopics } from "../../../src/tape-runtime/broker/open-topics.ts";
import { REQUESTS_WAITING_MAX, TopicDesk } from "../../../src/tape-runtime/broker/topic-desk.ts";
import { batchBytes, Workbench } from "../../tape/commit/support.ts";

// It was kept back until the topic is open, and opened with what it was asked for before: so it was never applied.
test("a retention that is said while its topic is being opened is applied", () => {
  const bench = new Workbench();
  const workers = new CommitWorkers([bench.stage]);
  const open = new OpenTopics((topic) => workers.openTopic(topic));
  const nobody = { publishers: {} as PublisherService, subscribers: {} as SubscriberService };
  const desk = new TopicDesk({ open, workers, ...nobody, remove: async () => {}, status: () => ({}) });
  const kept = { retainBytes: 0, retain_us: 0, created_us: 1 };
  const topic: CatalogTopic = { id: 1, name: "trades", order: 1, ...kept };
  open.open(topic, () => {});
  desk.retain({ ...topic, retainBytes: 400_000 });
  bench.open(10);
  for (let number = 1; number <= 24; number++) {
    bench.part(10, [batchBytes(number, { values: ["v".repeat(50_000)] })]);
    bench.turn();
  }
  bench.pass(1_100_000);
  expect(bench.disk.list("/tape/topics/00000001").length).toBeLessThan(4);
});

// Each request of an administrator that came, asked and went waited for ever.
test("requests that wait for a worker that answers nothing are bounded, and taken again when it does", async () => {
  const asked: CatalogTopic[] = [];
  const open = new OpenTopics((topic) => asked.push(topic));
  const nobody = { publishers: {} as PublisherService, subscribers: {} as SubscriberService };
  const workers = new CommitWorkers([]);
  const desk = new TopicDesk({ open, workers, ...nobody, remove: async () => {}, status: () => ({}) });
  const topic: CatalogTopic = { id: 1, name: "t", order: 1, retainBytes: 0, retain_us: 0, created_us: 1 };
  const answers = Array.from({ length: REQUESTS_WAITING_MAX }, () => desk.opened(topic));
  expect([asked.length, desk.isBusy]).toEqual([1, true]);
  open.opened(1, TapeReason.None);
  await Promise.all(answers);
  expect(desk.isBusy).toBe(false);
});
