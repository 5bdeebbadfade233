// A real process on a real disk, killed in the middle of appending: what it printed as safe is there, every time.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openJournal, verifyJournal } from "../../src/journal/index.ts";
import { NodeStorage } from "../../src/platform/index.ts";
import { journalOptions, RecordChecker } from "./support.ts";

const CHILD = fileURLToPath(new URL("./append-forever.ts", import.meta.url));

/** Runs the child until it has printed `lines` positions, kills it, and returns the last whole one it printed. */
async function killAfter(directory: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, directory], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.once("close", resolve));
  return Number(text.split("\n").at(-2));
}

test("every position a killed process called safe is read back, and the journal goes on", async () => {
  const root = mkdtempSync(join(tmpdir(), "seriatim-kill-"));
  try {
    const directory = join(root, "data", "journal");
    for (const lines of [1, 30, 7]) {
      const safe = await killAfter(directory, lines);
      expect(safe).toBeGreaterThan(3);
      const seen = new RecordChecker();
      const { journal } = openJournal(journalOptions(new NodeStorage(), directory), seen.visit);
      expect(seen.lastPosition).toBeGreaterThanOrEqual(safe);
      journal.close();
      expect(verifyJournal(journalOptions(new NodeStorage(), directory)).lastPosition).toBe(
        seen.lastPosition,
      );
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});
