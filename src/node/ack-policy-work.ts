// The ack policy and the log: what is in force is said there, so that a restart knows by which policy its last answers left.

import { setTimeout as sleep } from "node:timers/promises";
import { SeriatimError } from "../base/index.ts";
import type { ExchangeEngine } from "../engine/index.ts";
import { writeAdminCommand } from "../protocol/index.ts";
import type { Runtime } from "../runtime/index.ts";
import type { AdminWork } from "./admin/admin-desk.ts";

/** For replicas to acknowledge a change of policy: more than a heartbeat, and than it takes to find one dead. */
const KNOWN_WITHIN_MS = 3_000;
const LOOK_MS = 50;

type Primary = NonNullable<Runtime["primary"]>;

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
      const before = path.position;
      const said = submit();
      if (path.position > before) gate.change(policy, path.position);
      const answer = await said;
      // Replicas that are connected have a while to say that they have it.
      for (let waited_ms = 0; waited_ms < KNOWN_WITHIN_MS && gate.replaced?.canKnow; waited_ms += LOOK_MS)
        await sleep(LOOK_MS);
      const warning = policyWarning(primary);
      return warning === "" ? answer : { ...answer, warning };
    },
  };
}

/** In one line, while a node that leads, or is promoted, may go by a policy that was replaced; "" otherwise. */
export function policyWarning({ gate }: Pick<Primary, "gate">): string {
  const name = gate.replaced?.name;
  if (name === undefined) return "";
  return `too few nodes have the change of ack policy to be known by policy ${name}: what is answered from now on is lost if another node leads already, or is promoted before it has followed this one again`;
}
