// The one table of a node's settings. Flags, environment variables, configuration keys, their checks, the help and
// docs/configuration.md all derive from it: a new setting is one more row here and one more field of Configuration.
//
//   name        flag          environment           key in the JSON file
//   orderPort   --order-port  SERIATIM_ORDER_PORT   "order-port"

import { SAFE_MAX, U32_MAX } from "../base/index.ts";
import { ACK_POLICIES, type AckPolicyName } from "../replication/index.ts";
import { LIMIT_SETTINGS, type LimitSettings } from "./limit-settings.ts";
import { MARKET_DATA_SETTINGS, type MarketDataSettings } from "./market-data-settings.ts";
import { TAPE_SETTINGS, type TapeSettings } from "./tape-settings.ts";

/** Everything a node is told at start, checked and complete. */
export interface Configuration extends LimitSettings, MarketDataSettings, TapeSettings {
  readonly dataDir: string;
  readonly host: string;
  readonly orderPort: number;
  /** Who has not logged on may trade; auto: where only this machine can connect. */
  readonly openOrderEntry: "auto" | "on" | "off";
  readonly httpPort: number;
  readonly adminPort: number;
  /** PEM files; "": listeners are plain TCP. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** A PEM file; "": other nodes are connected to by plain TCP. */
  readonly tlsCa: string;
  /** A keys file; "": there is none. */
  readonly keys: string;
  /** The file of this node's own key; "": the node is alone. */
  readonly nodeKey: string;
  readonly replicationPort: number;
  /** HOST:PORT of the primary, or several to be tried in turn; "": this node is no replica. */
  readonly replicaOf: string;
  /** HOST:PORT of the other nodes' replication ports, as far as given. */
  readonly peers: string;
  readonly ackPolicy: "auto" | AckPolicyName;
  /** In the form of instrument-setting.ts, the shortest. */
  readonly symbols: readonly string[];
  /** Lots. */
  readonly maxQuantity: number;
  /** Tick-lots. */
  readonly maxNotional: number;
  readonly ordersMax: number;
  readonly accountOrdersMax: number;
  readonly symbolsMax: number;
  readonly accountsMax: number;
  readonly connectionsMax: number;
  /** Orders a second of simulated traders; 0: there are none. */
  readonly simulate: number;
  /** Names of accounts, each as NAME=NUMBER. */
  readonly accounts: readonly string[];
  readonly durability: "off" | "buffered" | "flush" | "fsync";
  readonly segmentBytes: number;
  /** Commands; 0: only on request. */
  readonly snapshotEvery: number;
  /** Segments; KEEP_ALL: all of them. */
  readonly journalKeep: number;
  readonly threads: "spread" | "single";
  readonly wait: "block" | "spin";
  readonly logLevel: "silent" | "error" | "warn" | "info" | "debug";
}

export type SettingName = keyof Configuration;

/** How a value is written and what is allowed. */
export type SettingKind =
  | {
      readonly type: "integer";
      readonly min: number;
      readonly max: number;
      readonly multipleOf?: number;
      /** What the flag means without a value, if it may be so. */
      readonly bare?: number;
    }
  | { readonly type: "text" }
  /** A path, or "" for none. */
  | { readonly type: "file" }
  | { readonly type: "directory" }
  /** HOST:PORT, several (as many as `most` says) with commas in between, or nothing. */
  | { readonly type: "addresses"; readonly most?: 1 | 2 }
  /** An IP address, or "" for none. */
  | { readonly type: "address" }
  /** At least one of these, with commas in between, each once. */
  /** `orNone`: the list may be empty. */
  | { readonly type: "names"; readonly of: readonly string[]; readonly orNone?: true }
  | { readonly type: "choice"; readonly of: readonly string[] }
  | { readonly type: "instruments"; readonly countMax: number }
  | { readonly type: "accounts"; readonly countMax: number };

export interface Setting<Name extends SettingName = SettingName> {
  readonly name: Name;
  /** What it is called where it is not called by its name: in the table of another program. */
  readonly key?: string;
  readonly kind: SettingKind;
  readonly default: Configuration[Name];
  /** What a number counts; empty for the rest. */
  readonly unit: string;
  readonly help: string;
  /** Decides results, so it is fixed by the first entry of the log: giving another value later is refused. */
  readonly genesis: boolean;
}

/** Symbols of one exchange. */
const SYMBOLS_MAX = 65_536;
/** Symbols of the log's first entry, which is one frame of the journal (1 MiB): 80 bytes each, and room to spare. */
const SYMBOLS_AT_START_MAX = 8_192;

/** Accounts with a name: more belong into a directory of another kind. */
const ACCOUNTS_NAMED_MAX = 1_024;

/** Orders a second of simulated traders: lively to look at, and little work for any machine. */
export const SIMULATED_RATE = 2_000;
/** What one thread of traders can decide and say. */
export const SIMULATED_RATE_MAX = 100_000;

/** No segment of the journal is ever removed. */
export const KEEP_ALL = -1;

const PORT: SettingKind = { type: "integer", min: 0, max: 65_535 };

function count(max: number): SettingKind {
  return { type: "integer", min: 1, max };
}

function row<Name extends SettingName>(
  name: Name,
  kind: SettingKind,
  value: Configuration[Name],
  unit: string,
  help: string,
): Setting<Name> {
  return { name, kind, default: value, unit, help, genesis: false };
}

function genesisRow<Name extends SettingName>(...fields: Parameters<typeof row<Name>>): Setting<Name> {
  return { ...row(...fields), genesis: true };
}

export const SETTINGS: readonly Setting[] = [
  row(
    "dataDir",
    { type: "text" },
    "./seriatim-data",
    "",
    "Directory of the journal; made if it is not there.",
  ),
  row(
    "host",
    { type: "text" },
    "127.0.0.1",
    "",
    "Address to listen on. One that other machines reach needs --tls-cert, and a trader or reader in --keys. Browsers " +
      "open the page by an IP address, localhost, this name, or with TLS a name in the certificate.",
  ),
  row("orderPort", PORT, 9009, "", "TCP port of binary order entry; 0 takes a free one."),
  row(
    "openOrderEntry",
    { type: "choice", of: ["auto", "on", "off"] },
    "auto",
    "",
    "Whether a connection may trade without a logon, for any account that no trader's key names. It can be on " +
      "only where nobody but this machine can connect; auto = on there, off elsewhere.",
  ),
  row(
    "httpPort",
    PORT,
    8080,
    "",
    "Port of the page, WebSockets, /healthz, /readyz and /metrics; 0 takes a free one.",
  ),
  row(
    "keys",
    { type: "file" },
    "",
    "",
    "Keys file: the public keys of traders, readers, administrators and nodes (seriatim keygen). Without an administrator in it " +
      "there is no admin listener.",
  ),
  row(
    "adminPort",
    PORT,
    9019,
    "",
    "TCP port for administrators, always on 127.0.0.1; 0 takes a free one. Nothing listens when --keys has no " +
      "administrator, and the log says so.",
  ),
  row(
    "tlsCert",
    { type: "file" },
    "",
    "",
    "Certificate chain (PEM) for every listener: order entry, HTTP (then https and wss), replication, " +
      "administrators; TLS 1.3. Without it they are plain TCP. From 30 days before it expires the log warns " +
      "once a day.",
  ),
  row("tlsKey", { type: "file" }, "", "", "The certificate's private key (PEM, without a passphrase)."),
  row(
    "tlsCa",
    { type: "file" },
    "",
    "",
    "Certificates (PEM) of the authority that vouches for the other nodes of a cluster. With TLS this node " +
      "checks them by it, under the names in --replica-of and --peers.",
  ),
  row(
    "nodeKey",
    { type: "file" },
    "",
    "",
    "This node's own key file (seriatim keygen, role replica). With it the node belongs to a cluster: the " +
      "nodes of that role in --keys.",
  ),
  row(
    "replicationPort",
    PORT,
    9029,
    "",
    "TCP port where replicas connect to a primary; 0 takes a free one. See --node-key.",
  ),
  row(
    "replicaOf",
    { type: "addresses" },
    "",
    "",
    "HOST:PORT of the primary's replication port, or several with commas, tried in turn. It makes this node a " +
      "replica: it keeps a copy of the log, shows the market on its page and takes no orders.",
  ),
  row(
    "peers",
    { type: "addresses" },
    "",
    "",
    "HOST:PORT of the other nodes' replication ports, with commas. Before a node leads, it asks these how " +
      "they stand, and goes on asking. Without it only those nodes count that log on here.",
  ),
  row(
    "ackPolicy",
    { type: "choice", of: ["auto", ...Object.keys(ACK_POLICIES)] },
    "auto",
    "",
    "Where a command must be before it is answered: disk = one disk; disk+ram = one disk and two machines' " +
      "memory; two-disks; ram = two machines' memory; auto = disk for a node alone, disk+ram with replicas. " +
      "While that is not possible, orders are refused. The log keeps the policy, and replicas take it from " +
      "there; an administrator can change it later.",
  ),
  genesisRow(
    "symbols",
    { type: "instruments", countMax: SYMBOLS_AT_START_MAX },
    ["BTC-USD:2:50", "ETH-USD:2:5", "EUR-USD:5", "XAU-USD:2:10"],
    "",
    "Instruments, numbered from 0 in this order: NAME, decimals of a price, price step in units of the last " +
      "decimal, and the size of a lot. BTC-USD:2:50 has a step of 0.50. The page and the simulated traders go " +
      "by steps; the engine takes any price.",
  ),
  genesisRow("maxQuantity", count(U32_MAX), 1_000_000, "lots", "Largest quantity of one order."),
  genesisRow(
    "maxNotional",
    count(SAFE_MAX),
    1_000_000_000_000,
    "ticks x lots",
    "Largest price times quantity of one limit order.",
  ),
  // Up to 133 bytes each, touched only when used: 2^24 are 2.2 GB.
  genesisRow("ordersMax", count(16_777_216), 1_048_576, "orders", "Most orders resting at once."),
  genesisRow(
    "accountOrdersMax",
    count(16_777_216),
    100_000,
    "orders",
    "Most open orders of an account that has logged on with a key; one more is refused (TooManyOpenOrders). " +
      "Above 100,000, a kill switch or cancel on disconnect may cancel more orders than the account's sessions " +
      "can be told of, and they are closed.",
  ),
  genesisRow("symbolsMax", count(SYMBOLS_MAX), 1_024, "symbols", "Most instruments."),
  genesisRow(
    "accountsMax",
    count(16_777_216),
    65_536,
    "accounts",
    "Accounts are numbered from 0 to this less 1.",
  ),
  row(
    "connectionsMax",
    count(65_535),
    1_024,
    "connections",
    "Most order-entry connections at once. Then the port is closed until one ends: new connections find " +
      "nothing that listens, and log and metrics say so. Where open order entry is off, connections without a " +
      "proof have half of them.",
  ),
  ...LIMIT_SETTINGS,
  ...MARKET_DATA_SETTINGS,
  ...TAPE_SETTINGS,
  row(
    "accounts",
    { type: "accounts", countMax: ACCOUNTS_NAMED_MAX },
    [],
    "",
    "Names of accounts for WebSocket clients: alice=1,bob=2. A name is no secret, and the number can be used " +
      "without one.",
  ),
  row(
    "simulate",
    { type: "integer", min: 0, max: SIMULATED_RATE_MAX, bare: SIMULATED_RATE },
    0,
    "orders a second",
    "Orders a second of simulated traders, who have a thread of their own and trade over TCP like any other " +
      "clients; 0 = none. Their accounts begin at 1000, or as high as there are accounts; their quotes end with " +
      "the node.",
  ),
  row(
    "durability",
    { type: "choice", of: ["fsync", "flush", "buffered", "off"] },
    "fsync",
    "",
    "When a command counts as safe and is answered: fsync = it is on the disk; flush = the operating system " +
      "has it; buffered = the journal's buffer has it; off = no journal at all, everything is lost at exit (for " +
      "benchmarks). With flush and buffered a power loss takes what was not on the disk yet, up to one journal " +
      "file; what is left may have a hole, which the next start and journal repair refuse: be ready to go back " +
      "to a copy.",
  ),
  row(
    "segmentBytes",
    // The least holds the header sector and one frame of the largest size (1 MiB) with room to spare.
    { type: "integer", min: 2_097_152, max: 1_073_741_824, multipleOf: 4_096 },
    67_108_864,
    "bytes",
    "Size of one journal file, in whole 4096-byte sectors; each is filled with zeros before use.",
  ),
  row(
    "snapshotEvery",
    { type: "integer", min: 0, max: SAFE_MAX },
    // Some seconds to replay, and at full load a fifth of a core for the shadow.
    10_000_000,
    "commands",
    "Least number of commands from one snapshot to the next; 0 = only on request. A thread of its own writes " +
      "it (with threads single everything waits for it); a start replays only what follows the newest.",
  ),
  row(
    "journalKeep",
    { type: "integer", min: KEEP_ALL, max: 1_000_000 },
    KEEP_ALL,
    "segments",
    "Journal files to keep although two snapshots, both read back whole, cover them; older ones are removed " +
      "after a snapshot. -1 keeps all: the history can then be computed again from its first command. Otherwise " +
      "a version of the program that can't read these snapshots can't open the log, because it needs the whole " +
      "history.",
  ),
  row(
    "threads",
    { type: "choice", of: ["spread", "single"] },
    "spread",
    "",
    "spread = journal, web and snapshots have a thread each; single = everything on one.",
  ),
  row(
    "wait",
    { type: "choice", of: ["block", "spin"] },
    "block",
    "",
    "How an idle thread waits: block = it sleeps; spin = it polls and takes a whole core (for dedicated cores " +
      "only).",
  ),
  row(
    "logLevel",
    { type: "choice", of: ["silent", "error", "warn", "info", "debug"] },
    "info",
    "",
    "Lowest level that is logged, on stderr.",
  ),
];

/** A setting's default as people read it. */
export function defaultText({ default: value }: Setting): string {
  return value === "" || (Array.isArray(value) && value.length === 0) ? "none" : String(value);
}

function kebab(name: SettingName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The key in the configuration file, which is also the flag without its dashes. */
export function settingKey({ name, key = kebab(name) }: Setting): string {
  return key;
}

export function settingFlag(setting: Setting): string {
  return `--${settingKey(setting)}`;
}

/** By its name: programs that have the same setting obey the same variable. */
export function settingVariable(setting: Setting): string {
  return `SERIATIM_${kebab(setting.name).replaceAll("-", "_").toUpperCase()}`;
}
