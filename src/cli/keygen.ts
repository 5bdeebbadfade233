// `seriatim keygen NAME`: a key for an administrator, a node, a trader, a reader or the tape, and its public part added to a ring.

import { type Command, Option } from "commander";
import { U32_MAX } from "../base/index.ts";
import { makeToken, tokenDigest } from "../platform/index.ts";
import {
  hasAccounts,
  isWho,
  KEY_LIMITS_MAX,
  KEY_ROLES,
  type KeyAccounts,
  type KeyLimits,
  type KeyRights,
  type KeyRole,
  TOPIC_RIGHTS,
  type TopicRight,
  type TopicRule,
} from "../protocol/index.ts";
import { generateKey } from "../runtime/index.ts";
import { usageError, wholeNumber } from "./arguments.ts";
import { stdout } from "./stdout.ts";

const EXAMPLES = `
Writes the new key to a file of its own, NAME.key, which only its owner needs, and adds the public part to the keys
file, which every node is given (--keys). Both are JSON files of mode 0600. A key is never shown, and never overwritten.
NAME appears in the log for whatever is done with the key: 1 to 16 printable characters without a space.

A trader enters orders for the accounts of its key; a reader sees the same and enters none. Limits: ${Object.keys(KEY_LIMITS_MAX).join(", ")};
for the others the node's settings hold. A key of role tape is for topics of the tape only. Other keys may have topics too,
and an administrator administers all of them. Give a topic's name, or the beginning of names and a *. A token is for browsers,
which can't sign: it is shown once and stored nowhere.

Examples:
  seriatim keygen ann
  seriatim keygen node-b --role replica --keys cluster.json -o node-b.key
  seriatim keygen maker-1 --role trader --accounts 1,2 --limits frames_per_second=5000,connections=4
  seriatim keygen desk --role reader --accounts all --token
  seriatim keygen loader --role tape --topics 'md.*=publish+subscribe,audit=subscribe' --limits bytes_per_second=50000000`;

interface KeygenOptions {
  readonly role: KeyRole;
  readonly accounts?: KeyAccounts;
  readonly topics?: readonly TopicRule[];
  readonly limits?: KeyLimits;
  readonly token: boolean;
  readonly keys: string;
  readonly output?: string;
}

export function registerKeygen(program: Command): void {
  program
    .command("keygen")
    .description(
      "Makes an Ed25519 key for an administrator, a node, a trader, a reader or a user of the tape.",
    )
    .argument("<name>", "the name of whoever signs with it, for the log")
    .addOption(new Option("--role <role>", "what the key is for").choices(KEY_ROLES).default("admin"))
    .option("--accounts <list>", "for a trader or reader: account numbers with commas, or all", accountList)
    .option("--topics <list>", "topics of the tape: NAME=RIGHT+RIGHT with commas, rights as below", topicList)
    .option("--limits <list>", "NAME=NUMBER with commas", limitList)
    .option("--token", "for a trader or reader: also make a secret token, for browsers", false)
    .option("--keys <file>", "keys file to which the public part is added", "keys.json")
    .option("-o, --output <file>", "where the key itself goes (default: NAME.key)")
    .addHelpText("after", EXAMPLES)
    .action(keygen);
}

function keygen(name: string, options: KeygenOptions): void {
  const { role, keys, output } = options;
  if (!isWho(name))
    throw usageError(`${JSON.stringify(name)} is not 1 to 16 printable characters without a space`);
  if (output === undefined && !/^[A-Za-z0-9._-]+$/.test(name))
    throw usageError(`${JSON.stringify(name)} makes no good file name: name the file (--output)`);
  const token = options.token ? makeToken() : undefined;
  const own = output ?? `${name}.key`;
  generateKey(name, role, own, keys, rightsOf(options, token));
  stdout.write(`${own}: the key of ${name}, ${role}; ${keys} knows it\n`);
  if (token !== undefined) stdout.write(`token: ${token} (shown this once; whoever has it is ${name})\n`);
}

function rightsOf(
  { role, accounts, topics, limits }: KeygenOptions,
  token: string | undefined,
): KeyRights | undefined {
  if (hasAccounts(role) && accounts === undefined)
    throw usageError(`a ${role} has accounts: --accounts 1,2 or --accounts all`);
  if (!hasAccounts(role) && (accounts !== undefined || token !== undefined))
    throw usageError(`--accounts and --token are of the roles trader and reader, not ${role}`);
  if (role === "tape" && topics === undefined)
    throw usageError("a key of role tape has topics: --topics 'NAME=publish+subscribe'");
  if (role === "replica" && (topics !== undefined || limits !== undefined))
    throw usageError("--topics and --limits are of no node's key");
  const others = Object.keys(limits ?? {}).filter((limit) => limit !== "bytes_per_second");
  if (!hasAccounts(role) && others.length > 0)
    throw usageError(`--limits: ${others[0]} is of the roles trader and reader, not ${role}`);
  const digest = token === undefined ? {} : { token: tokenDigest(token) };
  return { ...(accounts && { accounts }), ...(topics && { topics }), ...(limits && { limits }), ...digest };
}

function topicList(text: string): TopicRule[] {
  return text.split(",").map((part) => {
    const [, name, rights] = /^([A-Za-z0-9._-]{0,254}\*|[A-Za-z0-9._-]{1,255})=(.+)$/.exec(part) ?? [];
    const may = rights?.split("+") as TopicRight[] | undefined;
    const isGood = may?.every((right) => TOPIC_RIGHTS.includes(right)) && new Set(may).size === may.length;
    if (may !== undefined && isGood) return { name, may };
    throw usageError(
      `--topics: ${JSON.stringify(part)} is not NAME=RIGHT+RIGHT with some of ${TOPIC_RIGHTS.join(", ")}`,
    );
  });
}

function accountList(text: string): KeyAccounts {
  if (text === "all") return "all";
  const accounts = text.split(",").map(wholeNumber("--accounts", 0, U32_MAX));
  return [...new Set(accounts)].sort((a, b) => a - b);
}

function limitList(text: string): KeyLimits {
  const limits = new Map<string, number>();
  for (const part of text.split(",")) {
    const [limit, ...values] = part.split("=");
    const max = Object.entries(KEY_LIMITS_MAX).find(([name]) => name === limit)?.[1];
    if (max === undefined)
      throw usageError(
        `--limits: ${JSON.stringify(part)} is none of ${Object.keys(KEY_LIMITS_MAX).join(", ")}, as NAME=NUMBER`,
      );
    if (limits.has(limit)) throw usageError(`--limits: ${limit} is given twice`);
    limits.set(limit, wholeNumber(`--limits: ${limit}`, 1, max)(values.join("=")));
  }
  return Object.fromEntries(limits);
}
