// A real disk that runs full under load: the node stops by itself with one line and exit status 1, and everything it
// acknowledged is there when the disk has room again. Needs the right to mount a small file system in memory.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectOrderEntry } from "../../src/client/index.ts";
import { NodeProcess } from "./node-process.ts";
import { OrderLedger } from "./order-ledger.ts";

/** Two segments of 2 MiB and a little: the third can't be made. */
const SMALL = "size=5m";
const ARGS = ["--segment-bytes", "2097152"];

const disk = mkdtempSync(join(tmpdir(), "seriatim-disk-"));
let refusal: string | undefined;

beforeAll(() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", SMALL, "seriatim-test", disk], { stdio: "pipe" });
  } catch (error) {
    refusal = String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
});
afterAll(() => {
  if (refusal === undefined) execFileSync("umount", [disk]);
  rmSync(disk, { recursive: true, force: true });
});

test("a full disk ends the node with one line, and nothing acknowledged is lost", async ({ skip }) => {
  skip(refusal !== undefined, `no file system can be mounted (${refusal})`);
  const node = await NodeProcess.start(["--data-dir", join(disk, "data"), ...ARGS]);
  const ledgers = Array.from({ length: 16 }, () => new OrderLedger());
  const ended = node.ended();
  await Promise.all(
    ledgers.map(async (ledger, i) => {
      ledger.trade(await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort, account: i + 1 }));
    }),
  );
  expect(await ended).toBe(1);
  const lines = node.stderr.trim().split("\n");
  const last = lines[lines.length - 1];
  expect(last).toMatch(/^seriatim: .*journal-\d+\.seg.*(ENOSPC|no space)/);
  expect(node.stderr).not.toContain("    at ");

  execFileSync("mount", ["-o", "remount,size=64m", disk]);
  const again = await NodeProcess.start(["--data-dir", join(disk, "data"), ...ARGS]);
  let acknowledged = 0;
  for (const [i, ledger] of ledgers.entries()) {
    const client = await connectOrderEntry({
      host: "127.0.0.1",
      port: again.orderPort,
      account: i + 1,
      window: 1024,
    });
    const sure = ledger.orders.filter((order) => order.entered === "yes" && order.cancelled === "no");
    acknowledged += sure.length;
    for (let from = 0; from < sure.length; from += 512) {
      const some = sure.slice(from, from + 512);
      const answers = await Promise.all(some.map(({ id }) => client.cancel({ id, symbol: id % 4 })));
      expect(answers.filter((answer) => !answer.accepted)).toEqual([]);
    }
    await client.close();
  }
  expect(acknowledged).toBeGreaterThan(1_000);
  expect(await again.end("SIGTERM")).toBe(0);
}, 60_000);
