// What a node does in one role, as the node itself sees it (cluster-node.ts): exchange-node.ts as a primary or alone,
// replica-node.ts as a replica.

import type { SeriatimError } from "../base/index.ts";
import type { NodeRoleName } from "../protocol/index.ts";
import type { SnapshotTaken } from "../runtime/index.ts";
import type { Desk } from "./admin/desk.ts";
import type { NodeStatus } from "./status.ts";
import type { WebPorts } from "./web/web-stage.ts";

export interface NodePart {
  readonly role: NodeRoleName;
  /** Each 0 where nothing is listened on. */
  readonly orderPort: number;
  readonly webPorts: WebPorts;
  readonly replicationPort: number;
  /** Accounts are numbered from 0 to this less 1, by its log. */
  readonly accountsMax: number;
  /** Undefined where nobody could log on to give commands. */
  readonly desk: Desk | undefined;
  /** Resolves with what stopped it, if anything ever does. */
  readonly failed: Promise<SeriatimError>;
  status(): NodeStatus;
  requestSnapshot(): Promise<SnapshotTaken>;
  /**
   * Orderly; rejects, when all is closed, with what failed. Called again it gives the same answer. `part`: called when nobody
   * new is let in any more, and waited for, for its owner's own clients to end what they do.
   */
  stop(part?: () => Promise<void>): Promise<void>;
}
