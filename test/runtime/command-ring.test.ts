// What waits for the journal when its disk turns out to be full still fits the current segment, whatever its size: with small
// segments and a ring of 65,536 it did not, and the node ended.

import { expect, test } from "vitest";
import { JournalAgent, openJournal } from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { COMMAND_BYTES } from "../../src/protocol/index.ts";
import { createRing, RingConsumer, RingProducer } from "../../src/ring/index.ts";
import { commandRingRecords } from "../../src/runtime/command-ring.ts";
import { journalOptions, ordersFrom } from "../journal/support.ts";

const MIB = 1024 * 1024;

test.each([
  [2 * MIB, 2_048],
  [8 * MIB, 8_192],
  [20 * MIB, 32_768],
  [64 * MIB, 65_536],
  [1024 * MIB, 65_536],
])("segments of %d bytes: %d commands may wait", (segmentBytes, records) => {
  expect(commandRingRecords(segmentBytes)).toBe(records);
});

test.each([
  [2, "all that fits at once"],
  [2, "one by one"],
  [3, "all that fits at once"],
  [11, "all that fits at once"],
])("a disk that is full during a segment of %d MiB: what is under way is written, %s", (mib, how) => {
  const segmentBytes = mib * MIB;
  const disk = new SimulatedDisk({ capacity_bytes: segmentBytes * 1.4 });
  const options = { ...journalOptions(disk), segmentBytes, frameBytesMax: MIB, mode: "flush" as const };
  const { journal } = openJournal(options, () => {});
  const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: commandRingRecords(segmentBytes) });
  const producer = new RingProducer(ring);
  const agent = new JournalAgent(journal, ring, new RingConsumer(ring));
  let position = journal.position;
  const fill = (): void => {
    for (let at = producer.claim(); at >= 0; at = producer.claim()) {
      ring.bytes.set(ordersFrom(++position, 1), at * 4);
      producer.commit();
      if (how === "one by one") break;
    }
    producer.publish();
  };
  while (agent.preallocationFailure === undefined) {
    fill();
    expect(agent.doWork()).toBeGreaterThan(0);
  }
  // Nobody has heard of it yet: the ring is filled once more.
  for (let i = 0; i < (how === "one by one" ? ring.capacity : 1); i++) {
    fill();
    while (journal.position < position && agent.failure === undefined) agent.doWork();
  }
  expect([agent.failure, journal.position]).toEqual([undefined, position]);
});
