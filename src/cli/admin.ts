// `seriatim admin HOST:PORT --key FILE COMMAND...`: one administrative command, its answer as one line of JSON.

import type { Command } from "commander";
import { ADMIN_USAGE, parseAdminRequest } from "../protocol/index.ts";
import { readOwnKey } from "../runtime/index.ts";
import { askNode } from "./admin-client.ts";
import { parseHostPort, usageError } from "./arguments.ts";
import { stdout } from "./stdout.ts";
import { readTlsCa } from "./tls-ca.ts";

const EXAMPLES = `
Commands: ${ADMIN_USAGE.join(", ")}.
A command that changes the exchange is written to its log with the key's name; when the answer comes, it is as safe as an answered order.
HOST:PORT is the node's --admin-port; FILE is the key that 'seriatim keygen' wrote for you. src/protocol/admin/admin.md explains each command.

Examples:
  seriatim keygen ann && seriatim start --keys keys.json
  seriatim admin 127.0.0.1:9019 --key ann.key status
  seriatim admin 127.0.0.1:9019 --key ann.key kill-switch 7 on
  seriatim admin 127.0.0.1:9020 --key ann.key promote      a replica becomes the primary: docs/replication.md

Exit status: 0 done; 1 refused, or uncertain, or no answer came (it may then take effect: ask for the status); 2 wrong usage.`;

interface Flags {
  readonly key: string;
  readonly force?: boolean;
  readonly tlsCa?: string;
}

export function registerAdmin(program: Command): void {
  program
    .command("admin")
    .description("Gives a node one administrative command and prints its answer, one line of JSON.")
    .argument("<host:port>", "the node's admin listener")
    .argument("<command...>", "what to do")
    .requiredOption("--key <file>", "the administrator's own key")
    .option("--tls-ca <file>", "the node listens by TLS, and these certificates (PEM) vouch for it")
    .option("--force", "with promote: also when nodes that can't be heard may hold what was acknowledged")
    .addHelpText("after", EXAMPLES)
    .action(async (address: string, words: readonly string[], { key, force, tlsCa }: Flags) => {
      const { host, port } = parseHostPort(address);
      const command = [...words, ...(force === true ? ["--force"] : [])].join(" ");
      const request = parseAdminRequest(command);
      if ("problem" in request) throw usageError(request.problem);
      stdout.write(
        `${await askNode({ host, port, ca: readTlsCa(tlsCa) }, readOwnKey(key, "--key"), command)}\n`,
      );
    });
}
