// When a message that a WebSocket's peer has begun has had its time.

import { expect, test } from "vitest";
import { MessageClock } from "../../../../src/node/web/sockets/message-clock.ts";

type Act = (clock: MessageClock) => void;
const read: (bytes: number) => Act = (bytes) => (clock) => clock.read(bytes);
const message: Act = (clock) => clock.message();
const control: (bytes: number) => Act = (bytes) => (clock) => clock.control(bytes);

/** What happens in each second, and whether the time is over by then; it is five seconds. */
test.each<[string, [Act[], boolean][]]>([
  ["nothing", Array.from({ length: 9 }, () => [[], false])],
  ["whole messages", Array.from({ length: 9 }, () => [[read(50), message], false])],
  ["pings", Array.from({ length: 9 }, () => [[read(10), control(4)], false])],
  [
    "a ping in one read with a message, and then nothing",
    [
      [[read(66), message, control(0)], false],
      ...Array.from({ length: 8 }, (): [Act[], boolean] => [[], false]),
    ],
  ],
  [
    "a beginning alone",
    [[[read(10)], false], ...Array.from({ length: 4 }, (): [Act[], boolean] => [[], false]), [[], true]],
  ],
  [
    "a byte a second, pings between",
    [
      ...Array.from({ length: 5 }, (): [Act[], boolean] => [[read(7), control(0)], false]),
      [[read(7), control(0)], true],
    ],
  ],
  [
    "messages with long ways between their ends",
    Array.from({ length: 12 }, (_, second) => [second % 4 === 3 ? [read(9), message] : [read(9)], false]),
  ],
  [
    "a beginning in one read with a whole message, and more of it later",
    [
      [[read(60), message], false],
      ...Array.from({ length: 5 }, (): [Act[], boolean] => [[read(1)], false]),
      [[read(1)], true],
    ],
  ],
])("of %s", (_what, seconds) => {
  const clock = new MessageClock(5_000_000);
  for (const [second, [acts, isOver]] of seconds.entries()) {
    for (const act of acts) act(clock);
    expect(clock.isOver(second * 1_000_000, true), `second ${second}`).toBe(isOver);
  }
});

test("a message's time stands still while its peer is not read", () => {
  const clock = new MessageClock(5_000_000);
  clock.read(10);
  for (let second = 0; second < 20; second++) expect(clock.isOver(second * 1_000_000, false)).toBe(false);
  expect(clock.isOver(20_000_000, true)).toBe(false);
  expect(clock.isOver(25_000_000, true)).toBe(true);
});
