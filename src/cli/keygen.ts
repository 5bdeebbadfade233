// `seriatim keygen NAME`: a key for a node, an administrator or a client, and its public part added to a ring.

import { type Command, Option } from "commander";
import { isWho, KEY_ROLES, type KeyRole } from "../protocol/index.ts";
import { generateKey } from "../runtime/index.ts";
import { usageError } from "./arguments.ts";
import { stdout } from "./stdout.ts";

const EXAMPLES = `
Writes the new key to its own file, NAME.key, which only whoever signs with it needs, and adds its public part to the keys
file, which every node is given (--keys). Both are JSON of mode 0600; neither's key is ever shown or overwritten.
NAME is what the log says of who gave a command: 1 to 16 printable characters without a space.

Examples:
  seriatim keygen ann
  seriatim keygen node-b --role replica --keys cluster.json -o node-b.key`;

interface KeygenOptions {
  readonly role: KeyRole;
  readonly keys: string;
  readonly output?: string;
}

export function registerKeygen(program: Command): void {
  program
    .command("keygen")
    .summary("make a key for an administrator, a node or a client")
    .description("Makes an Ed25519 key for an administrator, a node or a client.")
    .argument("<name>", "who signs with it")
    .addOption(new Option("--role <role>", "what it is for").choices(KEY_ROLES).default("admin"))
    .option("--keys <file>", "the keys file that its public part is added to", "keys.json")
    .option("-o, --output <file>", "where the key itself goes (default: NAME.key)")
    .addHelpText("after", EXAMPLES)
    .action((name: string, { role, keys, output }: KeygenOptions) => {
      if (!isWho(name))
        throw usageError(`${JSON.stringify(name)} is not 1 to 16 printable characters without a space`);
      if (output === undefined && !/^[A-Za-z0-9._-]+$/.test(name))
        throw usageError(`${JSON.stringify(name)} makes no good file name: name the file (--output)`);
      const own = output ?? `${name}.key`;
      generateKey(name, role, own, keys);
      stdout.write(`${own}: the key of ${name}, ${role}; ${keys} knows it\n`);
    });
}
