// A replica's application and who watches it: every record once, in order, and shown no further than the primary says.

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { COMMAND_WORDS } from "../../src/protocol/index.ts";
import { Ring, RingProducer } from "../../src/ring/index.ts";
import { Applying } from "../../src/runtime/replication/applying.ts";
import { add, Counter } from "./counter.ts";

/** What a tap is told, in order. */
class Heard {
  readonly lines: string[] = [];
  committed(words: Int32Array, at: number): void {
    this.lines.push(`+${words[at + 1]}`);
  }
  released(position: number): void {
    this.lines.push(`seen ${position}`);
  }
}

async function applied(applying: Applying, position: number): Promise<void> {
  await applying.whenApplied(position);
}

test("a tap hears every record once, in order, and how much of what is applied may be seen", async () => {
  const counter = new Counter();
  const applying = new Applying(counter, undefined);
  const ring = Ring.attach(applying.shared);
  const producer = new RingProducer(ring);
  const send = (...amounts: number[]): void => {
    for (const amount of amounts) {
      const at = producer.claim();
      ring.words.fill(0, at, at + COMMAND_WORDS);
      add(amount)(ring.words, at);
      producer.commit();
    }
    producer.publish();
  };
  const ended = applying.run();
  send(1, 2);
  await applied(applying, 2);
  expect([counter.sum, applying.releasedPosition]).toEqual([3, 0]);

  const heard = new Heard();
  applying.tap(heard);
  // The primary is ahead: what is not applied yet may be seen once it is.
  applying.release(4);
  expect(applying.releasedPosition).toBe(2);
  send(3);
  await applied(applying, 3);
  send(4, 5);
  await applied(applying, 5);
  expect(applying.releasedPosition).toBe(4);
  applying.release(5);
  expect(heard.lines).toEqual(["seen 2", "+3", "seen 3", "+4", "+5", "seen 4", "seen 5"]);
  producer.close();
  await ended;
});

test("who waits for a position is told when it will never be applied", async () => {
  const applying = new Applying(new Counter(), undefined);
  const waited = applying.whenApplied(5);
  applying.end();
  expect([await waited, await applying.whenApplied(5)]).toEqual([false, false]);
});

test("an end ends the wait for records too: what it waits behind, the application first of all, is let go", async () => {
  const applying = new Applying(new Counter(), undefined);
  const over = applying.run().then(() => "over");
  applying.end();
  expect(await Promise.race([over, sleep(5_000, "still waits")])).toBe("over");
});

test("an application that counts otherwise than its log is a bug, and stops", async () => {
  const miscounting = Object.assign(new Counter(), { position: 5 });
  const applying = new Applying(miscounting, undefined);
  const ring = Ring.attach(applying.shared);
  const producer = new RingProducer(ring);
  const at = producer.claim();
  ring.words.fill(0, at, at + COMMAND_WORDS);
  add(1)(ring.words, at);
  producer.commit();
  producer.publish();
  await expect(applying.run()).rejects.toThrow("the state is of position 5, not 1");
});

// The first of all that came at once was named, some thousand positions before it.
test("a record that can't be applied is named by its own position", async () => {
  const counter = new Counter();
  const apply = vi.spyOn(counter, "apply");
  apply.mockImplementation((words, at) => {
    if (words[at + 1] === 3) throw new Error("no threes");
  });
  const applying = new Applying(counter, undefined);
  const ring = Ring.attach(applying.shared);
  const producer = new RingProducer(ring);
  for (const amount of [1, 2, 3, 4]) {
    const at = producer.claim();
    add(amount)(ring.words, at);
    producer.commit();
  }
  producer.publish();
  await expect(applying.run()).rejects.toMatchObject({
    code: "LOG_UNKNOWN",
    message: "the log can't be applied by this version from position 3 on: no threes",
  });
});
