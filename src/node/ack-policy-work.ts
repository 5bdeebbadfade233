// The ack policy and the log: what is in force is said there, so that a restart knows by which policy its last answers left.

import { SeriatimError } from "../base/index.ts";
import type { ExchangeEngine } from "../engine/index.ts";
import { writeAdminCommand } from "../protocol/index.ts";
import type { Runtime } from "../runtime/index.ts";
import type { AdminWork } from "./admin/admin-desk.ts";

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
      return said;
    },
  };
}
