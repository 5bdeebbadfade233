// The ack policy and the log: what is in force is said there, so that a restart knows by which policy its last answers left.

import { setTimeout as sleep } from "node:timers/promises";
import { type Position, SeriatimError } from "../base/index.ts";
import type { ExchangeEngine } from "../engine/index.ts";
import { type AckPolicyName, writeAdminCommand } from "../protocol/index.ts";
import type { Runtime } from "../runtime/index.ts";
import type { AdminWork } from "./admin/admin-desk.ts";

/** For replicas to acknowledge a change of policy: more than a heartbeat, and than it takes to find one dead. */
const KNOWN_WITHIN_MS = 3_000;
const LOOK_MS = 50;

type Gate = NonNullable<Runtime["primary"]>["gate"];

/** A primary whose log names no policy says its own, by its own name: the first command behind its Tenure. */
export function journalAckPolicy({ primary, path }: Runtime, { administration }: ExchangeEngine): void {
  if (primary === undefined || administration.ackPolicy !== undefined) return;
  const at = path.claim();
  if (at < 0) throw new SeriatimError("BUSY", "the journal takes no command at the start");
  writeAdminCommand(path.words, at, { kind: "ack_policy", policy: primary.ackPolicy, who: primary.name });
  path.commit();
}

/** What an administrator's `ack-policy` does: nothing on a node without replicas. */
export function ackPolicyWork({ primary, path }: Runtime): Pick<AdminWork, "ackPolicy"> {
  if (primary === undefined) return {};
  const { gate } = primary;
  return {
    ackPolicy: async (policy, submit) => {
      gate.policyOf(policy);
      const [before, replaced] = [path.position, gate.newestPolicyName];
      const said = submit();
      const position = path.position;
      if (position > before) gate.change(policy, position);
      const answer = await said;
      if (await isKnown(gate, replaced, position)) return answer;
      return { ...answer, warning: unknownChange(replaced) };
    },
  };
}

/**
 * Whether enough nodes have the change at `position` that whoever is promoted by the policy it replaces knows of it. Replicas
 * that are connected have a while to say so.
 */
async function isKnown(gate: Gate, replaced: AckPolicyName, position: Position): Promise<boolean> {
  for (let waited_ms = 0; waited_ms < KNOWN_WITHIN_MS; waited_ms += LOOK_MS) {
    const isSafe = gate.isSafeBy(replaced, position);
    if (isSafe !== undefined) return isSafe;
    await sleep(LOOK_MS);
  }
  return false;
}

function unknownChange(replaced: AckPolicyName): string {
  return `too few nodes have this change to be known by policy ${replaced}: do not promote a replica before it has followed this node again, what is answered from now on may be lost`;
}
