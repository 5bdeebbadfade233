// Administration as a part of a node: there when its keys name an administrator, otherwise nobody could log on.

import type { ExchangeEngine } from "../../engine/index.ts";
import type { CommandPath, KeyRing } from "../../runtime/index.ts";
import { AccountNames } from "../account-names.ts";
import type { Log } from "../log.ts";
import type { Configuration } from "../settings.ts";
import type { NodeStatus } from "../status.ts";
import { AdminDesk, type AdminWork } from "./admin-desk.ts";
import { type AdminListener, startAdmin } from "./admin-listener.ts";
import { JournaledCommands } from "./journaled-commands.ts";

export interface NodeAdminOptions {
  readonly configuration: Configuration;
  readonly keys: KeyRing;
  readonly engine: ExchangeEngine;
  readonly path: CommandPath;
  readonly status: () => NodeStatus;
  readonly work: AdminWork;
  readonly log: Log;
}

/** Whether anybody could log on to give commands. */
export function hasAdministrator(keys: KeyRing | undefined): keys is KeyRing {
  return keys !== undefined && keys.names("admin").length > 0;
}

export class NodeAdmin {
  readonly #commands: JournaledCommands;
  readonly #options: NodeAdminOptions;
  #listener: AdminListener | undefined;

  constructor(options: NodeAdminOptions) {
    this.#options = options;
    this.#commands = new JournaledCommands(options.path);
  }

  /** Resolves with its port; throws SeriatimError when it can't listen. */
  async listen(): Promise<number> {
    const { configuration, engine, keys, status, work, log } = this.#options;
    const accounts = new AccountNames(configuration.accounts, engine.genesis.accountsMax);
    const desk = new AdminDesk({ commands: this.#commands, accounts, status, work, log });
    this.#listener = await startAdmin({ port: configuration.adminPort, keys, desk, log });
    return this.#listener.port;
  }

  /** Nothing becomes safe any more: who waits for it hears so. */
  halted(): void {
    this.#commands.halted();
  }

  /** Ends every connection and frees the port. */
  async close(): Promise<void> {
    await this.#listener?.close();
  }
}
