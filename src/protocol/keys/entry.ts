// One entry of a keys file: whose key it is, and what may be done with it. Specification: keys.md.

import { U32_MAX } from "../../base/index.ts";
import { isWho } from "../commands/index.ts";
import { isJsonObject, type JsonObject, shownJson } from "../json/fields.ts";
import { type TopicRule, wrongTopics } from "./topics.ts";

export const KEY_ROLES = ["trader", "reader", "admin", "replica", "tape"] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** Account numbers, ascending; or every account that the exchange has. */
export type KeyAccounts = readonly number[] | "all";

/** What a key may use, where that is not what the node's settings say. */
export interface KeyLimits {
  readonly frames_per_second?: number;
  readonly cancels_per_second?: number;
  /** Logged on at once. */
  readonly connections?: number;
  /** Of what it publishes to the tape. */
  readonly bytes_per_second?: number;
}

/** What a key is good for. */
export interface KeyRights {
  /** Of a trader or reader, who must have it, and of nobody else. */
  readonly accounts?: KeyAccounts;
  /** Of a key of role tape, which must have it, and of whoever else uses the tape; no node's. */
  readonly topics?: readonly TopicRule[];
  readonly limits?: KeyLimits;
  /** SHA-256 of a secret token that stands for the key where nothing can be signed: 32 bytes in base64url. */
  readonly token?: string;
}

export interface KeyEntry extends KeyRights {
  /** 1 to 16 printable ASCII characters without a space; unique in its file. */
  readonly name: string;
  readonly role: KeyRole;
  /** 32 bytes in base64url. */
  readonly public: string;
  /** The same, and only in the file of whoever signs with it. */
  readonly private?: string;
}

/** Accounts listed for one key; who acts for more has "all". */
const KEY_ACCOUNTS_MAX = 4_096;

/** The most that each limit can be: above what one connection can send, and what a node can hold. */
export const KEY_LIMITS_MAX: Readonly<Record<keyof KeyLimits, number>> = {
  frames_per_second: 10_000_000,
  cancels_per_second: 10_000_000,
  connections: 65_536,
  bytes_per_second: 100_000_000_000,
};

/** The one limit of keys without accounts. */
const TAPE_LIMITS: readonly string[] = ["bytes_per_second"];

/** What a node calls the key that it makes for its own sessions at each start: nobody else's sessions are of that name. */
export const NODE_KEY_NAME = "node";

/** 32 bytes: 43 characters, the last of which has two bits to spare, that are zero. */
const BYTES_32 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const RIGHTS = ["accounts", "topics", "limits", "token"] as const;
const FIELDS: readonly string[] = ["name", "role", ...RIGHTS, "public", "private"];

/** Whether keys of this role act for accounts. */
export function hasAccounts(role: KeyRole): role is "trader" | "reader" {
  return role === "trader" || role === "reader";
}

/** The entry that `value` holds, or what is wrong with it. */
export function readKeyEntry(value: unknown): KeyEntry | string {
  if (!isJsonObject(value)) return "a key that is no object";
  const { name } = value;
  if (typeof name !== "string" || !isWho(name))
    return "a name is 1 to 16 printable ASCII characters without a space";
  const role = KEY_ROLES.find((other) => other === value.role);
  if (role === undefined) return `the role of ${name} is none of ${KEY_ROLES.join(", ")}`;
  const wrong =
    strange(value, FIELDS, "a key") ??
    wrongBytes(value, name) ??
    (hasAccounts(role) ? wrongRights(value, name, role) : needlessRights(value, name, role)) ??
    wrongOnTheTape(value, name, role);
  if (wrong !== undefined) return wrong;
  const {
    accounts,
    topics,
    limits,
    token,
    public: publicKey,
    private: privateKey,
  } = value as unknown as KeyEntry;
  return {
    name,
    role,
    ...(accounts !== undefined && { accounts }),
    ...(topics !== undefined && { topics }),
    ...(limits !== undefined && { limits }),
    ...(token !== undefined && { token }),
    public: publicKey,
    ...(privateKey !== undefined && { private: privateKey }),
  };
}

function strange(value: JsonObject, known: readonly string[], what: string): string | undefined {
  const field = Object.keys(value).find((other) => !known.includes(other));
  return field === undefined ? undefined : `${what} has no field ${shownJson(field)}`;
}

function wrongBytes(value: JsonObject, name: string): string | undefined {
  const isWrong = (field: string) => {
    const text = value[field];
    return typeof text !== "string" || !BYTES_32.test(text);
  };
  if (isWrong("public")) return `the public key of ${name} is not 32 bytes in base64url`;
  if (value.private !== undefined && isWrong("private"))
    return `the private key of ${name} is not 32 bytes in base64url`;
  if (value.token !== undefined && isWrong("token"))
    return `the token of ${name} is not 32 bytes in base64url (the SHA-256 of the token)`;
  return undefined;
}

/** Of a key without accounts. */
function needlessRights(value: JsonObject, name: string, role: KeyRole): string | undefined {
  const needless = role === "replica" ? RIGHTS : (["accounts", "token"] as const);
  const field = needless.find((right) => value[right] !== undefined);
  return field === undefined ? undefined : `${name} is no trader or reader but ${role}, and has no ${field}`;
}

function wrongRights(value: JsonObject, name: string, role: KeyRole): string | undefined {
  if (name === NODE_KEY_NAME) return `the name ${name} of a ${role} is the node's own`;
  return wrongAccounts(value.accounts, name) ?? wrongLimits(value.limits, name);
}

function wrongOnTheTape({ topics, limits }: JsonObject, name: string, role: KeyRole): string | undefined {
  if (topics === undefined && role === "tape") return `${name} is of role tape, and has no topics`;
  const wrong = topics === undefined ? undefined : wrongTopics(topics, name);
  return wrong ?? (hasAccounts(role) ? undefined : wrongLimits(limits, name, TAPE_LIMITS));
}

function wrongAccounts(accounts: unknown, name: string): string | undefined {
  if (accounts === "all") return undefined;
  const what = `the accounts of ${name} are not`;
  if (!Array.isArray(accounts) || accounts.length === 0) return `${what} a list of numbers, nor "all"`;
  if (accounts.length > KEY_ACCOUNTS_MAX) return `${what} at most ${KEY_ACCOUNTS_MAX}, nor "all"`;
  const isRising = accounts.every(
    (account: unknown, i) => isWhole(account, 0, U32_MAX) && (i === 0 || account > accounts[i - 1]),
  );
  return isRising ? undefined : `${what} whole numbers from 0 to ${U32_MAX}, each above the one before`;
}

function wrongLimits(
  limits: unknown,
  name: string,
  known: readonly string[] = Object.keys(KEY_LIMITS_MAX),
): string | undefined {
  if (limits === undefined) return undefined;
  if (!isJsonObject(limits)) return `the limits of ${name} are no object`;
  const stranger = strange(limits, known, `limits (of ${name})`);
  if (stranger !== undefined) return stranger;
  for (const [limit, max] of Object.entries(KEY_LIMITS_MAX)) {
    const value = limits[limit];
    if (value !== undefined && !isWhole(value, 1, max))
      return `the limit ${limit} of ${name} is not a whole number from 1 to ${max}`;
  }
  return undefined;
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}
