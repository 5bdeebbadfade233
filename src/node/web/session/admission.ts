// Who a WebSocket's hello makes it: nobody (the market can be looked at), an account that anybody may say (open order
// entry), or an account that a secret token is good for. Decided here without sockets; tokens are found by whoever has
// the keys.

import {
  ErrorCode,
  type HelloRequest,
  type Refusal,
  shownJson,
  type TokenLogon,
} from "../../../protocol/index.ts";
import type { Grant } from "../../../runtime/index.ts";
import type { AccountNames } from "../../account-names.ts";

/** Who may say which account. */
export interface Access {
  /** Whether an account may be said without proof. */
  readonly isOpen: boolean;
  /** Whether a key names the account: then nobody is it without proof. */
  isClaimed(account: number): boolean;
  grantOfToken(token: string): Grant | undefined;
}

export interface TokenSession extends TokenLogon {
  readonly grant: Grant;
}

/** As hello said it. */
interface NamedAccount {
  readonly name: string;
  readonly number: number;
}

export interface Admitted {
  readonly account: NamedAccount | undefined;
  readonly session: TokenSession | undefined;
}

export type Refused = Omit<Refusal, "request">;

export function admit(hello: HelloRequest, accounts: AccountNames, access: Access): Admitted | Refused {
  const { account: name, logon } = hello;
  if (logon !== undefined) return admitToken(name, logon, accounts, access);
  if (name === undefined) return { account: undefined, session: undefined };
  const number = accounts.find(name);
  if (number === undefined) return unknownAccount(name);
  if (!access.isOpen) return tokenNeeded("account: this node lets in who proves who they are");
  if (access.isClaimed(number)) return tokenNeeded(`account: ${shownJson(name)} has a key`);
  return { account: { name, number }, session: undefined };
}

function admitToken(
  name: string | undefined,
  logon: TokenLogon,
  accounts: AccountNames,
  access: Access,
): Admitted | Refused {
  const grant = access.grantOfToken(logon.token);
  if (grant === undefined) return notAuthorised("token: no key of this exchange has it");
  const said = name ?? onlyAccount(grant);
  if (said === undefined)
    return badHello(`account: missing; say which: the token is good for ${accountsText(grant)}`);
  const number = accounts.find(said);
  if (number === undefined) return unknownAccount(said);
  if (grant.accounts !== "all" && !grant.accounts.has(number))
    return notAuthorised(`account: the token is not good for ${shownJson(said)}`);
  const readOnly = logon.readOnly || grant.role === "reader";
  if (readOnly && (logon.cancelOnDisconnect || logon.deadMan_ms > 0))
    return badHello("cancelOnDisconnect, deadMan_ms: a session that only reads has no orders to cancel");
  return { account: { name: said, number }, session: { ...logon, readOnly, grant } };
}

function onlyAccount({ accounts }: Grant): string | undefined {
  if (accounts === "all" || accounts.size !== 1) return undefined;
  return [...accounts].join();
}

/** Accounts named in a refusal. */
const SHOWN_MAX = 8;

function accountsText({ accounts }: Grant): string {
  if (accounts === "all") return "all of them";
  const shown = [...accounts].slice(0, SHOWN_MAX).join(", ");
  return accounts.size > SHOWN_MAX ? `${shown} and others` : shown;
}

function unknownAccount(name: string): Refused {
  return { code: ErrorCode.UnknownAccount, text: `account: there is no account ${shownJson(name)}` };
}

function notAuthorised(text: string): Refused {
  return { code: ErrorCode.NotAuthorised, text };
}

function tokenNeeded(why: string): Refused {
  return {
    code: ErrorCode.TokenNeeded,
    text: `${why}: say a token, as \`seriatim keygen --token\` makes one`,
  };
}

function badHello(text: string): Refused {
  return { code: ErrorCode.BadMessage, text };
}
