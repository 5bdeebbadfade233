// What an administrator's commands do to this node. Whatever changes results goes through the log, with the name of its giver; the
// rest is work on files, which the log of the node's doings names instead.

import { SeriatimError } from "../../base/index.ts";
import type {
  AckPolicyName,
  AdminCommand,
  AdminRequest,
  Instrument,
  KillTarget,
} from "../../protocol/index.ts";
import type { AccountNames } from "../account-names.ts";
import type { Log } from "../log.ts";
import type { NodeStatus } from "../status.ts";
import { type Desk, type DeskRequest, unavailable } from "./desk.ts";
import type { AdminOutcome, JournaledCommands } from "./journaled-commands.ts";

/** Work of the node's parts; each resolves with what there is to say of it. */
export interface AdminWork {
  snapshot(): Promise<object>;
  rotate(): Promise<object>;
  /** Only where there are replicas. `submit` brings the command into the log, at once, and resolves when it is safe. */
  ackPolicy?(policy: AckPolicyName, submit: () => Promise<object>): Promise<object>;
}

export interface AdminDeskOptions {
  readonly commands: Pick<JournaledCommands, "submit">;
  readonly accounts: AccountNames;
  readonly instruments: () => readonly Pick<Instrument, "name">[];
  readonly status: () => NodeStatus;
  readonly work: AdminWork;
  readonly log: Log;
}

type KillRequest = Extract<AdminRequest, { command: "kill-switch" }>;

export class AdminDesk implements Desk {
  readonly #options: AdminDeskOptions;

  constructor(options: AdminDeskOptions) {
    this.#options = options;
  }

  async execute(request: DeskRequest, who: string): Promise<object> {
    if (request.command === "status") return this.#options.status();
    const said = await this.#perform(request, who);
    this.#options.log.info({ who, ...request, ...said }, "administration");
    return said;
  }

  #perform(request: Exclude<DeskRequest, { command: "status" }>, who: string): Promise<object> {
    const { work } = this.#options;
    switch (request.command) {
      case "halt":
      case "resume":
        return this.#submit({ kind: request.command, who });
      case "kill-switch":
        return this.#killSwitch(request, who);
      case "ack-policy":
        return this.#ackPolicy(request.policy, who);
      case "rotate":
        return work.rotate();
      default:
        return work.snapshot();
    }
  }

  async #ackPolicy(policy: AckPolicyName, who: string): Promise<object> {
    const { work } = this.#options;
    if (work.ackPolicy === undefined) throw unavailable("this node has no replicas");
    return await work.ackPolicy(policy, () => this.#submit({ kind: "ack_policy", policy, who }));
  }

  async #submit(command: AdminCommand): Promise<Pick<AdminOutcome, "position">> {
    const { position } = await this.#options.commands.submit(command);
    return { position };
  }

  async #killSwitch(request: KillRequest, who: string): Promise<AdminOutcome> {
    const target = this.#targetOf(request);
    return await this.#options.commands.submit({ kind: "kill_switch", ...target, on: request.on, who });
  }

  #targetOf(request: KillRequest): KillTarget {
    if ("all" in request) return { scope: "all" };
    if ("account" in request) {
      const account = this.#options.accounts.find(request.account);
      if (account !== undefined) return { scope: "account", account };
      throw new SeriatimError("REFUSED", `there is no account ${JSON.stringify(request.account)}`);
    }
    const symbol = symbolOf(this.#options.instruments(), request.symbol);
    if (symbol !== undefined) return { scope: "symbol", symbol };
    throw new SeriatimError("REFUSED", `there is no instrument ${JSON.stringify(request.symbol)}`);
  }
}

/** The number of an instrument's name, or of its number as text. */
function symbolOf(instruments: readonly Pick<Instrument, "name">[], text: string): number | undefined {
  const named = instruments.findIndex(({ name }) => name === text);
  if (named >= 0) return named;
  return /^(0|[1-9][0-9]{0,9})$/.test(text) && Number(text) < instruments.length ? Number(text) : undefined;
}
