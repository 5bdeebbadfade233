import { expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { RareNotices } from "../../src/node/rare-notices.ts";
import { TAPE_TOPICS_MAX } from "../../src/protocol/index.ts";

test("what is met again is said once a minute, each by itself, and no more is remembered than there are topics", () => {
  const said: string[] = [];
  let now_ms = 0;
  const notices = new RareNotices(
    (line) => said.push(line),
    () => now_ms,
  );
  const meet = (message: string) => notices.add(new SeriatimError("FULL", message));
  for (const at of [0, 1, 59_999]) {
    now_ms = at;
    meet("a is full");
    meet("b is full");
  }
  expect(said).toEqual(["a is full", "b is full"]);
  now_ms = 60_000;
  meet("a is full");
  expect(said).toHaveLength(3);
  for (let i = 0; i < TAPE_TOPICS_MAX; i++) meet(`topic ${i}`);
  meet("topic 0");
  expect(said.filter((line) => line === "topic 0")).toHaveLength(2);
});
