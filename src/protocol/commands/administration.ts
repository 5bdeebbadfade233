// Administrative commands: what the operator of a node does to the exchange, and what nodes say of themselves, as records of
// the log. A record names who gave it. They are taken only when they are byte for byte what this version's writer makes.
// Cold path: plain objects.

import { assert, getU64, SAFE_MAX, setU64 } from "../../base/index.ts";
import { readTimestamp, writeTimestamp } from "./codec.ts";
import {
  AdminLayout,
  COMMAND_BYTES,
  COMMAND_WORDS,
  CommandKind,
  KillScope,
  TENURE_OTHERS_MAX,
  WHO_BYTES_MAX,
} from "./layout.ts";

/** The acknowledgement policies by the names operators give, and their numbers in records and snapshots. */
export const AckPolicyCode = { disk: 1, ram: 2, "disk+ram": 3, "two-disks": 4 } as const;
export type AckPolicyName = keyof typeof AckPolicyCode;
export const ACK_POLICY_NAMES = Object.keys(AckPolicyCode) as AckPolicyName[];

/** The policy of a number, or undefined for one this version does not know. */
export function ackPolicyName(code: number): AckPolicyName | undefined {
  return ACK_POLICY_NAMES.find((name) => AckPolicyCode[name] === code);
}

/** What a kill switch is thrown for: an account, a symbol, or everything. */
export type KillTarget =
  | { readonly scope: "account"; readonly account: number }
  | { readonly scope: "symbol"; readonly symbol: number }
  | { readonly scope: "all" };
export type KillSwitch = KillTarget & {
  readonly kind: "kill_switch";
  readonly on: boolean;
  readonly who: string;
};

/** A node leads. */
export interface TenureCommand {
  readonly kind: "tenure";
  readonly epoch: number;
  readonly who: string;
  /** The other nodes of its cluster, by its keys file, in order; left out: not said. */
  readonly others?: readonly string[];
}

/** `who` is the name of the key that gave the command; of a tenure, the name of the node. */
export type AdminCommand =
  | TenureCommand
  | { readonly kind: "ack_policy"; readonly policy: AckPolicyName; readonly who: string }
  | { readonly kind: "halt" | "resume" | "forced_start" | "promotion"; readonly who: string }
  | KillSwitch;

export const ADMIN_COMMAND_KINDS = {
  tenure: CommandKind.Tenure,
  ack_policy: CommandKind.AckPolicy,
  halt: CommandKind.Halt,
  resume: CommandKind.Resume,
  kill_switch: CommandKind.KillSwitch,
  forced_start: CommandKind.ForcedStart,
  promotion: CommandKind.Promotion,
} as const satisfies Record<AdminCommand["kind"], CommandKind>;

const KILL_SCOPES = {
  account: KillScope.Account,
  symbol: KillScope.Symbol,
  all: KillScope.All,
} as const satisfies Record<KillTarget["scope"], KillScope>;

const KIND_NAMES = new Map<number, AdminCommand["kind"]>(
  Object.entries(ADMIN_COMMAND_KINDS).map(([name, kind]) => [kind, name as AdminCommand["kind"]]),
);

/** Whether `text` can be the name of a key or a node: 1 to 16 printable ASCII characters without a space. */
export function isWho(text: string): boolean {
  return /^[!-~]{1,16}$/.test(text);
}

/** Writes a name, or none, into its 16 bytes, which are zero. */
export function putWho(view: DataView, at: number, who: string): void {
  for (let i = 0; i < who.length; i++) view.setUint8(at + i, who.charCodeAt(i));
}

/** The name in 16 bytes, "" where there is none; undefined for bytes that no writer makes. */
export function getWho(view: DataView, at: number): string | undefined {
  let who = "";
  let end = WHO_BYTES_MAX;
  for (let i = 0; i < WHO_BYTES_MAX; i++) {
    const byte = view.getUint8(at + i);
    if (byte === 0) end = Math.min(end, i);
    else if (i > end) return undefined;
    else who += String.fromCharCode(byte);
  }
  return who === "" || isWho(who) ? who : undefined;
}

/** Writes an administrative command. Its caller has checked the name. */
export function writeAdminCommand(words: Int32Array, at: number, command: AdminCommand): void {
  assert(isWho(command.who), "a name is 1-16 printable characters without a space");
  words.fill(0, at, at + COMMAND_WORDS);
  const view = recordView(words, at);
  view.setUint8(AdminLayout.kind, ADMIN_COMMAND_KINDS[command.kind]);
  putWho(view, AdminLayout.who, command.who);
  if (command.kind === "tenure") putTenure(view, command);
  if (command.kind === "ack_policy") view.setUint8(AdminLayout.setting, AckPolicyCode[command.policy]);
  if (command.kind !== "kill_switch") return;
  view.setUint8(AdminLayout.setting, command.on ? 1 : 0);
  view.setUint8(AdminLayout.scope, KILL_SCOPES[command.scope]);
  if (command.scope === "account") view.setUint32(AdminLayout.account, command.account, true);
  if (command.scope === "symbol") view.setUint32(AdminLayout.symbol, command.symbol, true);
}

function putTenure(view: DataView, { epoch, who, others = [] }: TenureCommand): void {
  assert(areOthers(others, who), "a tenure names at most two other nodes, in order");
  setU64(view, AdminLayout.epoch, epoch);
  for (const [i, name] of others.entries()) putWho(view, AdminLayout.others + i * WHO_BYTES_MAX, name);
}

/** Whether these can be the names of the other nodes of `who`'s cluster: each once, in order. */
export function areOthers(names: readonly string[], who: string): boolean {
  if (names.length > TENURE_OTHERS_MAX) return false;
  return names.every((name, i) => isWho(name) && name !== who && (i === 0 || names[i - 1] < name));
}

/** The administrative command at word offset `at`, or undefined when it is none of this version. */
export function checkAdminCommand(words: Int32Array, at: number): AdminCommand | undefined {
  const command = readAdminCommand(recordView(words, at));
  if (command === undefined) return undefined;
  const again = new Int32Array(COMMAND_WORDS);
  writeAdminCommand(again, 0, command);
  writeTimestamp(again, 0, readTimestamp(words, at));
  return again.every((word, i) => word === words[at + i]) ? command : undefined;
}

function readAdminCommand(view: DataView): AdminCommand | undefined {
  const kind = KIND_NAMES.get(view.getUint8(AdminLayout.kind));
  const who = getWho(view, AdminLayout.who);
  const setting = view.getUint8(AdminLayout.setting);
  if (kind === undefined || who === undefined || who === "") return undefined;
  switch (kind) {
    case "tenure": {
      const epoch = getU64(view, AdminLayout.epoch);
      const others = readOthers(view, who);
      if (epoch < 1 || epoch > SAFE_MAX || others === undefined) return undefined;
      return others.length === 0 ? { kind, epoch, who } : { kind, epoch, who, others };
    }
    case "ack_policy": {
      const policy = ackPolicyName(setting);
      return policy === undefined ? undefined : { kind, policy, who };
    }
    case "kill_switch":
      return readKillSwitch(view, setting === 1, who);
    default:
      return { kind, who };
  }
}

/** Undefined for what no writer makes; a gap is left to the comparison with that. */
function readOthers(view: DataView, who: string): string[] | undefined {
  const others: string[] = [];
  for (let i = 0; i < TENURE_OTHERS_MAX; i++) {
    const name = getWho(view, AdminLayout.others + i * WHO_BYTES_MAX);
    if (name === undefined) return undefined;
    if (name !== "") others.push(name);
  }
  return areOthers(others, who) ? others : undefined;
}

function readKillSwitch(view: DataView, on: boolean, who: string): KillSwitch | undefined {
  const kind = "kill_switch";
  switch (view.getUint8(AdminLayout.scope)) {
    case KillScope.Account:
      return { kind, scope: "account", account: view.getUint32(AdminLayout.account, true), on, who };
    case KillScope.Symbol:
      return { kind, scope: "symbol", symbol: view.getUint32(AdminLayout.symbol, true), on, who };
    case KillScope.All:
      return { kind, scope: "all", on, who };
    default:
      return undefined;
  }
}

function recordView(words: Int32Array, at: number): DataView {
  return new DataView(words.buffer, words.byteOffset + at * 4, COMMAND_BYTES);
}
