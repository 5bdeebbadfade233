import { describe, expect, test } from "vitest";
import { SAFE_MAX } from "../../src/base/index.ts";
import {
  AdminLayout,
  ALL_SYMBOLS,
  BOTH_SIDES,
  COMMAND_BYTES,
  COMMAND_WORDS,
  CommandKind,
  CommandLayout,
  firstUnknownCommand,
  SessionEndLayout,
  SessionOpenLayout,
  writeAdminCommand,
  writeCancel,
  writeMassCancel,
  writeModify,
  writeNewOrder,
  writeSessionCommand,
  writeTick,
  writeTimestamp,
} from "../../src/protocol/index.ts";

const COUNT = 8;

/** Eight commands of this version, one after the other. */
function commands(): { words: Int32Array; view: DataView } {
  const words = new Int32Array(COUNT * COMMAND_WORDS);
  writeNewOrder(words, 0, 1, 2, 3, 4, 1, 1, 1, 5, 0, 6);
  writeCancel(words, COMMAND_WORDS, 1, 2, 3, 4);
  writeModify(words, 2 * COMMAND_WORDS, 1, 2, 3, 4, 5, 0, 6);
  writeTick(words, 3 * COMMAND_WORDS);
  writeAdminCommand(words, 4 * COMMAND_WORDS, {
    kind: "kill_switch",
    scope: "account",
    account: 1,
    on: true,
    who: "ann",
  });
  writeMassCancel(words, 5 * COMMAND_WORDS, 1, ALL_SYMBOLS, BOTH_SIDES);
  const [account, session] = [1, 2n];
  writeSessionCommand(words, 6 * COMMAND_WORDS, {
    ...{ kind: "session_open", account, session, who: "ann", instance: 3, flags: 7, deadMan_ms: 4 },
  });
  const cause = "disconnected";
  writeSessionCommand(words, 7 * COMMAND_WORDS, { kind: "session_end", account, session, cause });
  return { words, view: new DataView(words.buffer) };
}

test("commands of this version are known", () => {
  const { words, view } = commands();
  view.setUint8(CommandLayout.flags, 1);
  for (let at = 0; at < words.length; at += COMMAND_WORDS) writeTimestamp(words, at, SAFE_MAX);
  view.setUint32(COMMAND_BYTES + CommandLayout.answerLimit_fills, 7, true);
  expect(firstUnknownCommand(words, 0, COUNT)).toBe(-1);
  expect(firstUnknownCommand(commands().words, 0, COUNT)).toBe(-1);
});

describe("a command with something of a later version is named by its place", () => {
  const order = 0;
  const cancel = COMMAND_BYTES;
  const modify = 2 * COMMAND_BYTES;
  const tick = 3 * COMMAND_BYTES;
  const administration = 4 * COMMAND_BYTES;
  const massCancel = 5 * COMMAND_BYTES;
  const open = 6 * COMMAND_BYTES;
  const end = 7 * COMMAND_BYTES;
  test.each<[string, number, number, number]>([
    ["a kind that does not exist", cancel + CommandLayout.kind, 99, 1],
    ["a second genesis", modify + CommandLayout.kind, 1, 2],
    ["a side that does not exist", order + CommandLayout.side, 2, 0],
    ["an order type that does not exist", order + CommandLayout.orderType, 2, 0],
    ["a time in force that does not exist", order + CommandLayout.timeInForce, 2, 0],
    ["a flag", order + CommandLayout.flags + 3, 0x80, 0],
    ["a flag beside the one there is", modify + CommandLayout.flags, 3, 2],
    ["a trigger price", order + CommandLayout.triggerPrice, 1, 0],
    ["the high lane of a trigger price", order + CommandLayout.triggerPrice + 7, 1, 0],
    ["an expiry", modify + CommandLayout.expires_s, 1, 2],
    ["a display quantity", modify + CommandLayout.displayQuantity, 1, 2],
    ["a switch neither on nor off", administration + AdminLayout.setting, 2, 4],
    ["an epoch of a kill switch", administration + AdminLayout.epoch, 1, 4],
    ["nobody's command", administration + AdminLayout.who, 0, 4],
    ["a name with a space", administration + AdminLayout.who + 1, 0x20, 4],
    ["something behind a name", administration + AdminLayout.who + 15, 0x41, 4],
    ["something behind an administrative command", administration + AdminLayout.others + 31, 1, 4],
    ["a tenure without an epoch", administration + AdminLayout.kind, CommandKind.Tenure, 4],
    ["an administrative kind that does not exist", administration + AdminLayout.kind, 13, 4],
    ["a side of a mass cancel that does not exist", massCancel + CommandLayout.side, 3, 5],
    ["an order type of a mass cancel", massCancel + CommandLayout.orderType, 1, 5],
    ["a flag of a session that does not exist", open + SessionOpenLayout.flags, 8, 6],
    ["nobody's session", open + SessionOpenLayout.who, 0, 6],
    ["something behind a session", open + SessionOpenLayout.unusedTail, 1, 6],
    ["a session without an end", end + SessionEndLayout.cause, 0, 7],
    ["a cause that does not exist", end + SessionEndLayout.cause, 5, 7],
    ["something within the end of a session", end + SessionEndLayout.unusedMiddle + 4, 1, 7],
    ["a side in a cancel", cancel + CommandLayout.side, 1, 1],
    ["a price in a cancel", cancel + CommandLayout.price, 1, 1],
    ["the high lane of a price in a cancel", cancel + CommandLayout.price + 7, 1, 1],
    ["a quantity in a cancel", cancel + CommandLayout.quantity, 1, 1],
    ["an order's id in a mass cancel", massCancel + CommandLayout.orderId, 1, 5],
    ["the high lane of an order's id in a mass cancel", massCancel + CommandLayout.orderId + 7, 1, 5],
    ["a price in a mass cancel", massCancel + CommandLayout.price, 1, 5],
    ["a quantity in a mass cancel", massCancel + CommandLayout.quantity, 1, 5],
    ["anything beside the kind of a tick", tick + CommandLayout.side, 1, 3],
    ["an account of a tick", tick + CommandLayout.account, 1, 3],
    ["anything behind the time of a tick", tick + CommandLayout.displayQuantity, 1, 3],
  ])("%s", (_, offset, value, index) => {
    const { words, view } = commands();
    view.setUint8(offset, value);
    expect(firstUnknownCommand(words, 0, COUNT)).toBe(index);
  });
});
