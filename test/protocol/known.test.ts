import { describe, expect, test } from "vitest";
import {
  AdminLayout,
  COMMAND_BYTES,
  COMMAND_WORDS,
  CommandKind,
  CommandLayout,
  firstUnknownCommand,
  writeAdminCommand,
  writeCancel,
  writeModify,
  writeNewOrder,
  writeTick,
} from "../../src/protocol/index.ts";

/** Five commands of this version, one after the other. */
function commands(): { words: Int32Array; view: DataView } {
  const words = new Int32Array(5 * COMMAND_WORDS);
  writeNewOrder(words, 0, 1, 2, 3, 4, 1, 1, 1, 5, 0, 6);
  writeCancel(words, COMMAND_WORDS, 1, 2, 3, 4);
  writeModify(words, 2 * COMMAND_WORDS, 1, 2, 3, 4, 5, 0, 6);
  writeTick(words, 3 * COMMAND_WORDS);
  writeAdminCommand(words, 4 * COMMAND_WORDS, { kind: "kill_switch", account: 1, on: true, who: "ann" });
  return { words, view: new DataView(words.buffer) };
}

test("commands of this version are known", () => {
  const { words, view } = commands();
  view.setUint8(CommandLayout.flags, 1);
  expect(firstUnknownCommand(words, 0, 5)).toBe(-1);
  expect(firstUnknownCommand(commands().words, 0, 5)).toBe(-1);
});

describe("a command with something of a later version is named by its place", () => {
  const order = 0;
  const cancel = COMMAND_BYTES;
  const modify = 2 * COMMAND_BYTES;
  const administration = 4 * COMMAND_BYTES;
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
    ["something behind an administrative command", administration + AdminLayout.unusedTail + 31, 1, 4],
    ["a tenure without an epoch", administration + AdminLayout.kind, CommandKind.Tenure, 4],
    ["an administrative kind that does not exist", administration + AdminLayout.kind, 10, 4],
    ["a side in a cancel", cancel + CommandLayout.side, 1, 1],
  ])("%s", (_, offset, value, index) => {
    const { words, view } = commands();
    view.setUint8(offset, value);
    expect(firstUnknownCommand(words, 0, 5)).toBe(index);
  });
});
