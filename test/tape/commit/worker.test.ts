// A commit worker, event by event: what is told of each command, and what is in the log.

import { expect, test } from "vitest";
import { batchBytes, batchesOf, logOf, Workbench } from "./support.ts";

test("a topic is opened, a session begins in the log, parts are written, told and acknowledged", () => {
  const bench = new Workbench();
  bench.stage.commands.openTopic(1, 1, { bytes: 0, age_us: 0 });
  expect(bench.turn()).toEqual(["TopicOpened"]);
  bench.open(10);
  expect(bench.turn()).toEqual(["SessionOpened 10 epoch 1 last 0"]);
  bench.part(10, [batchBytes(1, { values: ["a", "b"] }), batchBytes(2)]);
  bench.stage.publish();
  bench.stage.work();
  expect(bench.told(true)).toEqual(["Released 0", "Visible 4", "Ack 10 batch 2 next 4"]);
  expect(logOf(bench.disk, 1)).toEqual(["checkpoint", "session", "7.1.1", "7.1.2"]);

  expect(batchesOf(bench.disk, 1)).toEqual(["7.1.1", "7.1.2"]);
});
