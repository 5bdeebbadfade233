// What a replica answers administrators: how it stands, and snapshots of its own. Everything that changes the exchange or its
// journal is done at the primary, whose log this node copies.

import type { Log } from "../log.ts";
import type { NodeStatus } from "../status.ts";
import { type Desk, type DeskRequest, unavailable } from "./desk.ts";

export interface ReplicaDeskOptions {
  readonly status: () => NodeStatus;
  readonly snapshot: () => Promise<object>;
  /** Where its primary is looked for. */
  readonly primary: string;
  readonly log: Log;
}

export class ReplicaDesk implements Desk {
  readonly #options: ReplicaDeskOptions;

  constructor(options: ReplicaDeskOptions) {
    this.#options = options;
  }

  async execute({ command }: DeskRequest, who: string): Promise<object> {
    const { status, snapshot, primary, log } = this.#options;
    if (command === "status") return status();
    if (command === "snapshot") {
      const said = await snapshot();
      log.info({ who, command, ...said }, "administration");
      return said;
    }
    throw unavailable(`this node is a replica of ${primary}: ${command} is its primary's to do`);
  }
}
