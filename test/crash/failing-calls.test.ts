// A node's journal on the real file system, where a system call fails: nothing is acknowledged that was not safe, the disk
// is not used again, the node ends with 1 and one line, and the next start has it all. Some calls here, each of them by
// `npm run failing-calls`. Needs strace, and the right to trace.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { withFailingCall } from "./failing-call.ts";
import { killNodes } from "./node-process.ts";
import { type CallFault, straceRefusal, tracedCalls } from "./strace.ts";

const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);
const DRAWN = 2;

const folder = mkdtempSync(join(tmpdir(), "seriatim-calls-"));
afterAll(() => {
  killNodes();
  rmSync(folder, { recursive: true, force: true });
});

const refusal = straceRefusal();
const prng = new Prng(SEED);

function drawn(): CallFault {
  const error = prng.pick(["EIO", "ENOSPC"] as const);
  // About as many as there are.
  const [call, calls] = prng.pick([["pwrite64", 37] as const, ["fdatasync", 18] as const]);
  return { call, error, index: prng.between(1, calls) };
}

const FAULTS: readonly CallFault[] = [
  { call: "fdatasync", error: "EIO", index: 13 },
  { call: "pwrite64", error: "ENOSPC", index: 23 },
  { call: "fdatasync", error: "ENOSPC", index: 6 },
  // The mark that the older segment is continued.
  { call: "fdatasync", error: "ENOSPC", index: 11 },
  { call: "rename", error: "EIO", index: 2 },
  ...Array.from({ length: DRAWN }, drawn),
];

test.concurrent.for(FAULTS.map((fault, i) => ({ ...fault, fault, i })))(
  "$call number $index fails with $error",
  { timeout: 120_000 },
  async ({ i, fault }, { skip }) => {
    skip(refusal !== undefined, refusal);
    const { failed, wrong } = await withFailingCall(join(folder, String(i)), fault);
    expect(wrong, `seed ${SEED}`).toEqual([]);
    if (i < FAULTS.length - DRAWN) expect(failed).toBeDefined();
  },
);

test("what strace says is read as calls", () => {
  const text = [
    '21526 pwrite64(22</d/journal-1.seg>, "FRAM\\22"..., 480, 4096) = 480',
    "21526 fdatasync(22</d/journal-1.seg>) = -1 EIO (Input/output error) (INJECTED)",
    '21526 rename("/d/\\303\\274.tmp", "/d/a") = 0',
    "21526 +++ exited with 1 +++",
  ].join("\n");
  const none = { isOk: true, isInjected: false, writes: "other" };
  expect(tracedCalls(text)).toEqual([
    { ...none, call: "pwrite64", path: "/d/journal-1.seg", writes: "frame" },
    { ...none, call: "fdatasync", path: "/d/journal-1.seg", isOk: false, isInjected: true },
    { ...none, call: "rename", path: "/d/ü.tmp" },
  ]);
});
