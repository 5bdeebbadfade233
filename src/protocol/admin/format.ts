// The administrators' line protocol: greeting, logon, commands. Specification: admin.md. Pure: text in, plain objects out.

import { encodeUtf8 } from "../../base/index.ts";
import { ACK_POLICY_NAMES, type AckPolicyName, isWho } from "../commands/index.ts";

const ADMIN_VERSION = 1;
/** The longest line of an administrator. */
export const ADMIN_LINE_BYTES_MAX = 256;

const STATEMENT = "seriatim admin 1 logon";
const STATEMENT_BYTES = 32;

/** What a logon signs: what it is for, and the nonce of this connection alone. */
export function adminStatement(nonce: Uint8Array): Uint8Array {
  const statement = new Uint8Array(STATEMENT_BYTES + nonce.length);
  statement.set(encodeUtf8(STATEMENT));
  statement.set(nonce, STATEMENT_BYTES);
  return statement;
}

/** What a node says first. */
export function adminGreeting(nonce: string): object {
  return { seriatim: "admin", version: ADMIN_VERSION, nonce };
}

/** The nonce (64 hex digits) of a greeting, or undefined for a line that is none of this version. */
export function readGreeting(line: string): string | undefined {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { seriatim, version, nonce } = (said ?? {}) as Readonly<Record<string, unknown>>;
  const isOurs = seriatim === "admin" && version === ADMIN_VERSION;
  return isOurs && typeof nonce === "string" && /^[0-9a-f]{64}$/.test(nonce) ? nonce : undefined;
}

export interface AdminLogon {
  readonly name: string;
  /** 128 hex digits. */
  readonly proof: string;
}

export function parseAdminLogon(line: string): AdminLogon | undefined {
  const [, name, proof] = /^logon (\S+) ([0-9a-f]{128})$/.exec(line) ?? [];
  return name !== undefined && isWho(name) ? { name, proof } : undefined;
}

const PLAIN = ["status", "halt", "resume", "rotate", "snapshot"] as const;
const PROMOTE_USAGE = "promote [--force]";
const KILL_SWITCH_USAGE = "kill-switch ACCOUNT|symbol SYMBOL|all on|off";

export type AdminRequest =
  | { readonly command: (typeof PLAIN)[number] }
  /** `force`: whoever asks answers for what the nodes that can't be heard may hold. */
  | { readonly command: "promote"; readonly force: boolean }
  /** `account`, `symbol`: a number or a name. */
  | { readonly command: "kill-switch"; readonly account: string; readonly on: boolean }
  | { readonly command: "kill-switch"; readonly symbol: string; readonly on: boolean }
  | { readonly command: "kill-switch"; readonly all: true; readonly on: boolean }
  | { readonly command: "ack-policy"; readonly policy: AckPolicyName };

/** How each command is written. */
export const ADMIN_USAGE: readonly string[] = [
  ...PLAIN,
  PROMOTE_USAGE,
  KILL_SWITCH_USAGE,
  `ack-policy ${ACK_POLICY_NAMES.join("|")}`,
];

/** A line as a command, or what is wrong with it. */
export function parseAdminRequest(line: string): AdminRequest | { readonly problem: string } {
  const [word, ...rest] = line.split(" ");
  const plain = PLAIN.find((command) => command === word);
  if (plain !== undefined) {
    if (rest.length === 0) return { command: plain };
    return { problem: `${plain} takes nothing behind it, not ${JSON.stringify(rest.join(" "))}` };
  }
  if (word === "promote") {
    const force = rest[0] === "--force";
    const isPromote = rest.length === (force ? 1 : 0);
    return isPromote ? { command: word, force } : { problem: `usage: ${PROMOTE_USAGE}` };
  }
  if (word === "kill-switch") return parseKillSwitch(rest) ?? { problem: `usage: ${KILL_SWITCH_USAGE}` };
  if (word === "ack-policy") {
    const policy = ACK_POLICY_NAMES.find((name) => name === rest[0]);
    return policy !== undefined && rest.length === 1
      ? { command: word, policy }
      : { problem: `usage: ack-policy ${ACK_POLICY_NAMES.join("|")}` };
  }
  return { problem: `${JSON.stringify(word)} is no command; there are: ${ADMIN_USAGE.join(", ")}` };
}

function parseKillSwitch(words: readonly string[]): AdminRequest | undefined {
  const command = "kill-switch";
  const state = words.at(-1);
  if (words.includes("") || (state !== "on" && state !== "off")) return undefined;
  const on = state === "on";
  if (words.length === 3) return words[0] === "symbol" ? { command, symbol: words[1], on } : undefined;
  if (words.length !== 2) return undefined;
  return words[0] === "all" ? { command, all: true, on } : { command, account: words[0], on };
}
