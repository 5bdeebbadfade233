// Where administrators' commands are carried out, by role: admin-desk.ts of a primary, replica-desk.ts of a replica. What
// changes the role itself is the node's (cluster-node.ts).

import { SeriatimError } from "../../base/index.ts";
import type { AdminRequest } from "../../protocol/index.ts";

export type DeskRequest = Exclude<AdminRequest, { readonly command: "promote" }>;

export interface Desk {
  /** Does what `who` asks for; resolves with what there is to say. Throws SeriatimError: it is not done, and why. */
  execute(request: DeskRequest, who: string): Promise<object>;
}

export function unavailable(why: string): SeriatimError {
  return new SeriatimError("NOT_AVAILABLE", `not available: ${why}`);
}
