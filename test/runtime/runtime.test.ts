// An application that is not the exchange, on a real disk: opened, run, stopped, opened again; and what belongs to another
// application is refused, file and position named, with the lock given back.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { encodeGenesisEntry } from "../../src/node/exchange-records.ts";
import { EXCHANGE_RULES } from "../../src/node/index.ts";
import {
  openDataDirectory,
  openRuntime,
  Replica,
  type Runtime,
  type RuntimeOptions,
  Submissions,
} from "../../src/runtime/index.ts";
import { add, beginning, COUNTER_RULES, Counter, rules } from "./counter.ts";

const SEGMENT_BYTES = 2_097_152;
const EXCHANGE_GENESIS = encodeGenesisEntry({
  genesis: {
    ...{ maxQuantity: 10, maxNotional: 100, ordersMax: 10, symbolsMax: 4, accountsMax: 4 },
    indexSeed: [1, 2],
  },
  instruments: [],
});

let path = "";
const opened: Runtime[] = [];
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "seriatim-runtime-"));
});
afterEach(async () => {
  for (const runtime of opened.splice(0)) await runtime.stop();
  rmSync(path, { recursive: true, force: true });
});

async function open(some: Partial<RuntimeOptions> = {}) {
  const application = new Counter();
  const runtime = await openRuntime({
    ...{ application, genesis: beginning(), rules: COUNTER_RULES, segmentBytes: SEGMENT_BYTES },
    directory: "directory" in some ? undefined : await openDataDirectory(path),
    ...some,
  });
  opened.push(runtime);
  return { application, runtime, submissions: running(runtime) };
}

function running(runtime: Runtime): Submissions {
  const submissions = new Submissions(runtime, rules);
  runtime.run(submissions, submissions);
  return submissions;
}

test("the lock is kept while the journal's thread has not ended, whoever gives it back", async () => {
  const directory = await openDataDirectory(path);
  const keepUntil = vi.spyOn(directory.lock, "keepUntil");
  const { runtime } = await open({ directory });
  const [over] = keepUntil.mock.calls[0];
  expect(await Promise.race([over, "works"])).toBe("works");
  await runtime.stop();
  expect(await Promise.race([over, "works"])).toBeUndefined();
});

describe.each(["spread", "single"] as const)("with threads %s", (threads) => {
  test("what was answered is there when it is opened again", async () => {
    const first = await open({ threads });
    expect(first.runtime.recovered).toMatchObject({ position: 1, created: true });
    const replies = await Promise.all([5, 7].map((amount) => first.submissions.submit(add(amount))));
    expect(replies.map(({ position, events }) => [position, events[1]])).toEqual([
      [2, 5],
      [3, 12],
    ]);
    await first.submissions.close();
    await first.runtime.stop();
    const again = await open({ threads });
    expect(again.runtime.recovered).toMatchObject({ position: 3, created: false });
    expect(again.application.sum).toBe(12);
  });

  test("another application's log is refused, and can still be opened by its own", async () => {
    await (await open({ threads })).runtime.stop();
    const asExchange = open({ threads, rules: EXCHANGE_RULES, genesis: EXCHANGE_GENESIS });
    await expect(asExchange).rejects.toMatchObject({
      code: "JOURNAL_FOREIGN",
      message: expect.stringMatching(/position 1: the first entry is not a genesis entry$/),
    });
    await (await open({ threads })).runtime.stop();
  });

  test("rules that can't be had stop the start, before anything is written, with a line that names them", async () => {
    const rules = new URL("./no-such-file.ts", import.meta.url).href;
    await expect(open({ threads, rules })).rejects.toMatchObject({
      code: "RULES_MISSING",
      message: expect.stringContaining(`no record rules come from ${rules}: `),
    });
    expect((await open({ threads })).runtime.recovered.created).toBe(true);
  });
});

test("without a directory all is answered and nothing is kept", async () => {
  const { runtime, submissions } = await open({ directory: undefined });
  expect((await submissions.submit(add(3))).events[1]).toBe(3);
  await runtime.stop();
  expect((await open()).application.sum).toBe(0);
});

describe("options", () => {
  const replication = { host: "127.0.0.1", port: 0, keys: "keys.json", ownKey: "north.key" };
  // Each was passed over: what was asked for was not in force, and nobody said so.
  test.each([
    [
      "a name that there is not",
      { durabilty: "flush" },
      'openRuntime has no option "durabilty", is durability meant?',
    ],
    [
      "a value",
      { durability: "sync" },
      'durability is one of buffered, flush, fsync, not "sync", is fsync meant?',
    ],
    ["a place for the journal", { threads: "one" }, 'threads is one of spread, single, not "one"'],
    ["a way to wait", { wait: 1 }, "wait is one of block, spin, not 1"],
    [
      "a name of the cluster's",
      { replication: { ...replication, ackPolcy: "two-disks" } },
      'replication of openRuntime has no option "ackPolcy", is ackPolicy meant?',
    ],
    [
      "a policy",
      { replication: { ...replication, ackPolicy: "two_disks" } },
      'ackPolicy is one of disk, disk+ram, two-disks, ram, not "two_disks", is two-disks meant?',
    ],
    [
      "a cluster that keeps nothing",
      { replication, directory: undefined },
      "a node of a cluster keeps its log: replication needs a directory",
    ],
    [
      "a tenure of nobody's",
      { tenure: { epoch: 2 } },
      "a tenure is one of a node of a cluster: it needs replication",
    ],
  ])("%s is refused, and the lock given back", async (_, some, message) => {
    await expect(open(some as unknown as Partial<RuntimeOptions>)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message,
    });
    expect((await open()).runtime.recovered.created).toBe(true);
  });

  // The journal was on the caller's thread then.
  test("what is given as undefined is as what is left out", async () => {
    const directory = await openDataDirectory(path);
    const keepUntil = vi.spyOn(directory.lock, "keepUntil");
    const undefinedOnes = { durability: undefined, threads: undefined, wait: undefined };
    await open({ directory, ...(undefinedOnes as unknown as Partial<RuntimeOptions>) });
    expect(keepUntil).toHaveBeenCalledTimes(1);
  });
});

describe("a replica that can't begin", () => {
  const begin = async (some: object): Promise<void> => {
    const options = {
      ...{
        primaries: [],
        keys: join(path, "keys.json"),
        ownKey: join(path, "south.key"),
        rules: COUNTER_RULES,
      },
      ...{ application: () => new Counter(), segmentBytes: SEGMENT_BYTES, news: () => {} },
      directory: await openDataDirectory(join(path, "south")),
    };
    new Replica({ ...options, ...some });
  };

  // Its clock ticked on over what was never made, and the process ended a second later.
  test("throws, gives the lock back and leaves nothing that ticks", async () => {
    const timers = vi.spyOn(globalThis, "setInterval");
    await expect(begin({ segmentByte: 1 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: 'Replica has no option "segmentByte", is segmentBytes meant?',
    });
    await expect(begin({})).rejects.toMatchObject({ code: "ENOENT" });
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
    await (await openDataDirectory(join(path, "south"))).lock.release();
  });
});
