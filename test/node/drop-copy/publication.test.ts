// Publishing to a real broker over real sockets: whoever publishes is ended in the middle, again and again, and another one goes on.

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { Prng, type SeriatimError } from "../../../src/base/index.ts";
import type { TopicGap } from "../../../src/node/drop-copy/journal-course.ts";
import { Publication } from "../../../src/node/drop-copy/publication.ts";
import { createReleased, ReleasedPosition } from "../../../src/node/drop-copy/released-position.ts";
import { type DropCopyStream, dropCopyTopic } from "../../../src/node/drop-copy/topic-source.ts";
import { SystemClock } from "../../../src/platform/index.ts";
import { DropCopyKind } from "../../../src/protocol/index.ts";
import { TapeAdministrator, type TapeBroker, TapePublisher } from "../../../src/tape-runtime/index.ts";
import { startBroker } from "../../tape-runtime/broker/support.ts";
import { expectReports, LoggedFlow, readTopic } from "./support.ts";

/** A publisher of a flow's log, as a thread of a node runs it. */
class Running {
  readonly released = new ReleasedPosition(createReleased());
  readonly gaps: TopicGap[] = [];
  readonly lost: SeriatimError[] = [];
  readonly begun: number[] = [];
  readonly publication: Publication;
  readonly #run: Promise<void>;

  constructor(flow: LoggedFlow, broker: TapeBroker, streams: readonly DropCopyStream[]) {
    this.released.move(flow.journal.durablePosition);
    this.publication = new Publication({
      ...{ place: flow.place, streams, released: this.released, clock: new SystemClock() },
      peer: { port: broker.ports[0] },
      onGap: (gap) => this.gaps.push(gap),
      onBegun: (position) => this.begun.push(position),
      onLost: (error) => this.lost.push(error),
    });
    this.#run = this.publication.run();
    running.push(this);
  }

  /** Ends in order. */
  async stop(): Promise<void> {
    this.publication.stop();
    await this.#run;
  }
}

const running: Running[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

test("each report is in the topic once and in order when publishers are fenced in the middle, again and again", async () => {
  const broker = await startBroker();
  const flow = new LoggedFlow("sessions", 3, 1_200);
  const random = new Prng(3);
  let publishers = 0;
  while (flow.left > 0) {
    // The one before is still at work: the new one's session ends it wherever it is.
    const now = new Running(flow, broker, ["reports"]);
    publishers++;
    for (let frames = 0; frames < 10; frames++) {
      flow.trade(random.between(1, 30));
      now.released.move(flow.journal.durablePosition);
      if (random.between(0, 3) === 0) await sleep(random.between(0, 4));
    }
    if (random.between(0, 1) === 0) flow.snap();
    const before = running.splice(0, running.length - 1);
    for (const one of before) one.publication.stop();
  }
  await running[0].stop();
  expect(publishers).toBeGreaterThan(5);
  expectReports(await readTopic(broker.ports[0], "reports"), flow);
});

test("a publisher that goes on says from where, though it reads the log from its beginning for the state", async () => {
  const broker = await startBroker();
  const flow = new LoggedFlow("sessions", 5, 200);
  const stretches: [begun: number, durable: number][] = [];
  while (flow.left > 0) {
    const now = new Running(flow, broker, ["reports", "top"]);
    for (let frames = 0; frames < 5; frames++) flow.trade(20);
    now.released.move(flow.journal.durablePosition);
    await expect.poll(() => now.publication.position).toBe(flow.journal.durablePosition);
    await now.stop();
    running.pop();
    stretches.push([now.begun[0], flow.journal.durablePosition]);
  }
  const [first, ...later] = stretches;
  expect(first[0]).toBe(0);
  expect(later.length).toBeGreaterThan(0);
  // The last commands of a stretch may have had nothing to tell, so that no record names them.
  for (const [i, [begun]] of later.entries()) expect(begun).toBeGreaterThan(stretches[i][1] - 20);
});

test("a topic of somebody else's is refused by name, and when it is deleted publishing begins", async () => {
  const broker = await startBroker();
  const port = broker.ports[0];
  const topic = dropCopyTopic("reports");
  const stranger = await TapePublisher.connect({ port, topic, publisher: 9, order: 2, ack: 2 });
  await stranger.publish("hello");
  await stranger.close();
  const flow = new LoggedFlow("sessions", 1, 300);
  while (flow.left > 0) flow.trade(20);
  const now = new Running(flow, broker, ["reports"]);
  await expect.poll(() => now.lost[0]?.code).toBe("DROP_COPY_FOREIGN");
  expect(now.lost[0].message).toContain("exchange.reports");
  const administrator = await TapeAdministrator.connect({ port });
  await administrator.delete(topic);
  await administrator.close();
  await expect.poll(() => now.publication.position).toBe(flow.journal.durablePosition);
  await now.stop();
  expectReports(await readTopic(broker.ports[0], "reports"), flow);
});

test("what the journal had retired is told in the topics and to the node, and what follows is there", async () => {
  const broker = await startBroker();
  const flow = new LoggedFlow("sessions", 2, 1_000);
  flow.trade(400);
  const older = flow.snap();
  while (flow.left > 0) flow.trade(200);
  flow.snap();
  flow.retire();
  const now = new Running(flow, broker, ["reports", "top"]);
  await now.stop();
  expect(now.gaps).toEqual([
    { topic: "exchange.reports", first: 1, last: older },
    { topic: "exchange.top", first: 1, last: older },
  ]);
  const reports = await readTopic(broker.ports[0], "reports");
  expect(reports.places[0]).toMatchObject({ kind: DropCopyKind.Gap, position: older });
  expectReports(reports, flow, (position) => position > older);
  expect((await readTopic(broker.ports[0], "top")).places[0].kind).toBe(DropCopyKind.Gap);
});

test("a topic that retention has emptied goes on with what is released by then, and says so", async () => {
  const broker = await startBroker();
  const port = broker.ports[0];
  const flow = new LoggedFlow("sessions", 6, 300);
  flow.trade(100);
  await new Running(flow, broker, ["reports"]).stop();
  const administrator = await TapeAdministrator.connect({ port });
  const topic = dropCopyTopic("reports");
  await administrator.retain(topic, { retainBytes: null, retainMs: 1 });
  const isEmpty = async () => {
    const [{ oldestRecord, nextRecord }] = await administrator.topics();
    return oldestRecord === nextRecord;
  };
  await expect.poll(isEmpty).toBe(true);
  await administrator.retain(topic, { retainBytes: null, retainMs: null });
  await administrator.close();
  const released = flow.journal.durablePosition;
  const now = new Running(flow, broker, ["reports"]);
  await expect.poll(() => now.gaps).toEqual([{ topic, first: 1, last: released }]);
  flow.trade(200);
  now.released.move(flow.journal.durablePosition);
  await now.stop();
  const read = await readTopic(port, "reports");
  expect(read.places[0]).toMatchObject({ kind: DropCopyKind.Gap, position: released });
  expectReports(read, flow, (position) => position > released);
});
