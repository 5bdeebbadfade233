// Administrative commands on their way through the log, on a path that a test owns: when each is answered, and with what.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RecordBuffer, SeriatimError } from "../../../src/base/index.ts";
import { JournaledCommands } from "../../../src/node/admin/journaled-commands.ts";
import {
  COMMAND_WORDS,
  checkAdminCommand,
  EVENT_WORDS,
  EventKind,
  EventWord,
  Reason,
} from "../../../src/protocol/index.ts";
import type { CommandPath } from "../../../src/runtime/index.ts";

/** Events that a command leads to, as the first word of their records. */
let events: readonly number[] = [];
let isFull = false;
let standing = { isOpen: true, isPaused: false };
let position = 0;
const given: unknown[] = [];
let commands: JournaledCommands;

beforeEach(() => {
  vi.useFakeTimers();
  [events, isFull, position] = [[], false, 100];
  given.length = 0;
  const words = new Int32Array(COMMAND_WORDS);
  const path = {
    words,
    get position() {
      return position;
    },
    get isOpen() {
      return standing.isOpen;
    },
    get isPaused() {
      return standing.isPaused;
    },
    attach: () => {},
    claim: () => (isFull ? -1 : 0),
    commit: () => {
      position++;
      given.push(checkAdminCommand(words, 0));
      const buffer = new RecordBuffer(EVENT_WORDS, 2, () => commands.onApplied(buffer));
      for (const head of events) buffer.words[buffer.claim() + EventWord.kindReasonCommandFlags] = head;
      buffer.drain();
    },
  };
  commands = new JournaledCommands(path as unknown as CommandPath);
});
afterEach(() => {
  vi.useRealTimers();
});

const IN_THE_LOG = "it is in the order of commands, at position 101, and may take effect";
const HALT = { kind: "halt", who: "ann" } as const;
const KILL = { kind: "kill_switch", scope: "account", account: 3, on: true, who: "ann" } as const;

/** What it is answered with by now. */
async function answer(submitted: Promise<object>): Promise<object | string> {
  const none = new Promise<string>((resolve) => setImmediate(() => resolve("none yet")));
  return Promise.race([
    submitted.catch((error: unknown) => (error instanceof SeriatimError ? error.message : "a bug")),
    none,
  ]);
}

test("a command is answered when its own position is safe, not before, and with what it led to", async () => {
  vi.useRealTimers();
  events = Array.from({ length: 5 }, () => EventKind.Cancel);
  const killed = commands.submit(KILL);
  events = [];
  const halted = commands.submit(HALT);
  expect(given).toEqual([KILL, HALT]);
  commands.release(100);
  expect([await answer(killed), await answer(halted)]).toEqual(["none yet", "none yet"]);
  commands.release(101);
  expect([await answer(killed), await answer(halted)]).toEqual([{ position: 101, cancelled: 5 }, "none yet"]);
  commands.release(102);
  expect(await halted).toEqual({ position: 102, cancelled: 0 });
});

test("events of traders' commands are none of its business", async () => {
  const buffer = new RecordBuffer(EVENT_WORDS, 2, () => commands.onApplied(buffer));
  buffer.words[buffer.claim()] = EventKind.Cancel;
  buffer.drain();
  const halted = commands.submit(HALT);
  buffer.words[buffer.claim()] = EventKind.Reject | (Reason.UnknownOrder << 8);
  buffer.drain();
  commands.release(101);
  expect(await halted).toEqual({ position: 101, cancelled: 0 });
});

test("what the exchange refuses is said when that is safe", async () => {
  events = [EventKind.Reject | (Reason.StorageExhausted << 8)];
  const killed = commands.submit(KILL);
  commands.release(101);
  await expect(killed).rejects.toMatchObject({
    code: "REFUSED",
    message: "position 101: the exchange holds as many orders as it can",
  });
});

test("without a slot nothing is done", async () => {
  isFull = true;
  for (const [is, why] of [
    [{ isOpen: true }, "the journal is behind"],
    [{ isOpen: false }, "this node does not lead yet, or no more"],
    // It said that the journal is behind.
    [{ isOpen: true, isPaused: true }, "commands wait until the state is copied for a snapshot"],
  ] as const) {
    standing = { isPaused: false, ...is };
    const busy = { code: "BUSY", message: `${why}: nothing was done` };
    await expect(commands.submit(HALT)).rejects.toMatchObject(busy);
  }
  expect(given).toEqual([]);
});

test("what is not safe within 10 s is said to be uncertain, with its position", async () => {
  const halted = commands.submit(HALT);
  const refused = expect(halted).rejects.toMatchObject({
    code: "UNCERTAIN",
    message: `${IN_THE_LOG}, but is not known to be safe yet: ask for the status`,
  });
  await vi.advanceTimersByTimeAsync(10_000);
  await refused;
});

test("a node that fails leaves nobody waiting", async () => {
  const halted = commands.submit(HALT);
  commands.halted();
  await expect(halted).rejects.toMatchObject({
    code: "UNCERTAIN",
    message: `${IN_THE_LOG}, but is not known to be safe, and the node has failed: ask for the status`,
  });
});
