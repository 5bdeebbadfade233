// `seriatim journal repair`: cuts a torn end, as a start would, and changes nothing else. Holds the data directory's lock
// meanwhile, so that no node has it.

import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { counted, SeriatimError } from "../base/index.ts";
import { type JournalSource, type Repair, repairJournal, type SnapshotStore } from "../journal/index.ts";
import { acquireDirectoryLock } from "../platform/index.ts";
import { stdout } from "./stdout.ts";

const REPAIR_EXAMPLES = `
Does what a start does with a journal whose last write was interrupted, and no more. Any other damage stays as it is,
because it may be the only copy of what was acknowledged: the command then says which replica or snapshot could replace it. Damage
before the newest snapshot does not keep a node from starting, but the history is no longer whole: that is said too, with exit status 1.
DIR is as for inspect. The node must not run.

Examples:
  seriatim journal repair ./seriatim-data

Exit status: 0 the journal is whole now; 1 refused and nothing changed, or a part that a snapshot covers is damaged.`;

export function registerRepair(
  journal: Command,
  placeOf: (dir: string) => JournalSource,
  snapshotsOf: (source: JournalSource) => SnapshotStore,
): void {
  journal
    .command("repair")
    .summary("cut the torn end of a journal")
    .description("Cuts the torn end of a journal, as a start would; refuses everything else.")
    .argument("<dir>", "data directory or journal directory")
    .addHelpText("after", REPAIR_EXAMPLES)
    .action(async (dir: string) => {
      const source = placeOf(dir);
      const lock = await acquireDirectoryLock(dirname(resolve(source.directory)));
      try {
        const repair = repairJournal(source, snapshotsOf(source));
        stdout.writeLines(describe(source.directory, repair));
        refuseDamage(repair);
      } finally {
        await lock.release();
      }
    });
}

function describe(directory: string, { scan, wasCut, behind, damage }: Repair): string[] {
  const read = behind === undefined ? "" : `; read behind the snapshot at position ${behind.position}`;
  const end = `ends with position ${scan.lastPosition}${read}`;
  if (!wasCut)
    return [`${damage === undefined ? "nothing to repair" : "nothing was cut"}: ${directory} ${end}`];
  const { fault, damagedBytes } = scan;
  const where = `${fault?.file} at offset ${fault?.offset}`;
  return [
    `cut: ${where}, ${fault?.reason}: ${counted(damagedBytes, "byte")} of an interrupted write, or of damage to the very last frame`,
    "kept: that this log may lack what was acknowledged; in a cluster it leads when all other nodes were heard, or by force",
    `${damage === undefined ? "whole" : "the end is whole"}: ${directory} ${end}`,
  ];
}

/** Damage that a snapshot covers: a node starts all the same, and no repair brings the history back. */
function refuseDamage({ damage, behind }: Repair): void {
  if (damage === undefined || behind === undefined) return;
  const { position, path } = behind;
  throw new SeriatimError(
    "LOG_CORRUPT",
    `${damage}; a node starts all the same, as ${path} has the state at position ${position}, but the history before it is ` +
      `not whole, and can't be repaired: what can serve instead: a replica that holds position ${position} or more`,
  );
}
