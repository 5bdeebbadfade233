import { expect, test } from "vitest";
import { type Agent, createRing, RingConsumer, RingProducer, runAgent } from "../../src/ring/index.ts";

/** An agent that takes one record per duty cycle and notes what happens to it. */
function noter(input: RingConsumer, trouble?: Error) {
  const notes: string[] = [];
  const agent: Agent = {
    name: "noter",
    doWork() {
      if (input.available() === 0) return 0;
      if (trouble !== undefined) throw trouble;
      input.release(1);
      notes.push("record");
      return 1;
    },
    onClose: () => notes.push("closed"),
  };
  return { agent, notes };
}

function closedRing(records: number) {
  const ring = createRing({ recordBytes: 8, capacity: 8 });
  const producer = new RingProducer(ring);
  for (let i = 0; i < records && producer.claim() >= 0; i++) producer.commit();
  producer.close();
  return { producer, input: new RingConsumer(ring) };
}

test("an agent works until its input has ended, then is closed once", () => {
  const { input } = closedRing(3);
  const { agent, notes } = noter(input);
  runAgent(agent, input);
  expect(notes).toEqual(["record", "record", "record", "closed"]);
});

test("work that is left when the input has ended is done before the agent is closed", () => {
  const { input } = closedRing(0);
  const notes: string[] = [];
  let left = 2;
  runAgent(
    { name: "flusher", doWork: () => (left > 0 ? left-- : 0), onClose: () => notes.push(`left ${left}`) },
    input,
  );
  expect(notes).toEqual(["left 0"]);
});

test("an idle agent is called again after its idle time", () => {
  const ring = createRing({ recordBytes: 8, capacity: 8 });
  const producer = new RingProducer(ring);
  let calls = 0;
  const doWork = (): number => {
    if (++calls === 3) producer.close();
    return 0;
  };
  runAgent({ name: "timed", doWork, onClose: () => {} }, new RingConsumer(ring), 1);
  expect(calls).toBeGreaterThanOrEqual(3);
});

test("what an agent throws closes it, fails its input and is thrown on", () => {
  const { producer, input } = closedRing(1);
  const { agent, notes } = noter(input, new Error("disk on fire"));
  expect(() => runAgent(agent, input)).toThrow("disk on fire");
  expect(notes).toEqual(["closed"]);
  expect(producer.consumerFailed()).toBe(true);
});
