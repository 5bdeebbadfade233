// The process that attacks. It stands for other machines, so it takes the processor when nobody else wants it: what is measured is
// what the node does to its legitimate client, not how two cores are shared.

import { spawnSync } from "node:child_process";
import { ATTACKS, type AttackName, type Target } from "./attacks.ts";

spawnSync("chrt", ["--all-tasks", "--idle", "--pid", "0", String(process.pid)]);

export interface AttackOrder {
  readonly attack: AttackName;
  readonly target: Target;
}

process.on("message", ({ attack, target }: AttackOrder) => {
  ATTACKS[attack](target).then(
    (counts) => process.send?.(counts),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
