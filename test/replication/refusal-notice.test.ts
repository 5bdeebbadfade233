// What is said of nodes that are refused for who they are, and how often.

import { expect, test } from "vitest";
import { RefusalCode } from "../../src/protocol/index.ts";
import { NOTICE_EVERY_US, RefusalNotice } from "../../src/replication/index.ts";

test("each kind of refusal is told at once, then once a minute, with how many were not", () => {
  const notice = new RefusalNotice();
  const { NotAuthorised, NameInUse, NotPrimary } = RefusalCode;
  const say = (code: RefusalCode, now_us: number) => notice.of(code, "south", "10.0.0.7", now_us);
  expect(say(NotAuthorised, 0)).toMatch(
    /^a node that calls itself south was refused, at 10\.0\.0\.7: .* key$/,
  );
  expect(say(NotAuthorised, 1)).toBeUndefined();
  expect(say(NameInUse, 2)).toMatch(/^the name south is used twice: /);
  expect(say(NotPrimary, 3)).toBeUndefined();
  expect(say(NotAuthorised, NOTICE_EVERY_US - 1)).toBeUndefined();
  expect(say(NotAuthorised, NOTICE_EVERY_US)).toMatch(/ \(and 2 times before\)$/);
  expect(say(NotAuthorised, 2 * NOTICE_EVERY_US)).toMatch(/ key$/);
});
