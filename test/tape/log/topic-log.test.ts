// A topic's log on a simulated disk: what is appended, what is known after opening it again, and what retention leaves.

import { expect, test } from "vitest";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { TopicLog } from "../../../src/tape/index.ts";
import { append, SMALL, START_us, topicPlace } from "./support.ts";

/** What is known of a log. */
function stateOf(log: TopicLog): object {
  const { nextRecord, oldestRecord, position, bytes } = log;
  return { nextRecord, oldestRecord, position, bytes, sessions: [...log.sessions()] };
}

test("records are numbered through all batches of all publishers, and entries are counted", () => {
  const log = TopicLog.open(topicPlace(new SimulatedDisk()), SMALL);
  expect(stateOf(log)).toMatchObject({ nextRecord: 1, oldestRecord: 1, position: 1, sessions: [] });
  log.openSession(7, 1, START_us);
  log.openSession(8, 3, START_us + 1);
  append(log, [{ batch: 1 }, { batch: 2, records: 5 }], START_us + 2);
  append(log, [{ batch: 1, publisher: 8, epoch: 3 }], START_us + 3);
  expect(stateOf(log)).toMatchObject({
    nextRecord: 10,
    position: 5,
    sessions: [
      { publisher: 7, epoch: 1, lastBatch: 2, last_us: START_us + 2 },
      { publisher: 8, epoch: 3, lastBatch: 1, last_us: START_us + 3 },
    ],
  });
});

test("a log that is opened again knows what it knew, closed in order or not, wherever its segments begin", () => {
  const disk = new SimulatedDisk();
  let log = TopicLog.open(topicPlace(disk), SMALL);
  log.openSession(7, 1, START_us);
  for (let batch = 1; batch <= 150; batch++) {
    append(log, [{ batch, records: 1 + (batch % 3) }], START_us + batch);
    if (batch % 40 === 0) log.openSession(batch, 1, START_us + batch);
    const known = stateOf(log);
    if (batch % 3 === 0) log.close();
    else disk.restart();
    log = TopicLog.open(topicPlace(disk), SMALL);
    expect({ batch, ...stateOf(log) }).toEqual({ batch, ...known });
  }
  expect(disk.list("t").length).toBeGreaterThan(3);
});
