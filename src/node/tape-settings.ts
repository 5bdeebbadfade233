// Settings of the tape, rows of the settings table; and the table of `seriatim tape serve`, which is made of the same rows
// without their prefix, and of what it shares with an exchange: keys, TLS, the log.
//
//   in `start`     --tape-port    SERIATIM_TAPE_PORT   "tape-port"
//   in the tape    --port         SERIATIM_TAPE_PORT   "port"

import { join, relative, resolve, sep } from "node:path";
import { SeriatimError } from "../base/index.ts";
import { TAPE_DIRECTORY } from "../runtime/index.ts";
import { STAGING_BUFFERS_MAX } from "../tape/index.ts";
import { TAPE_WORKERS_MAX } from "../tape-runtime/index.ts";
import type { GivenSettings } from "./configuration.ts";
import { DROP_COPY_STREAMS } from "./drop-copy/topic-source.ts";
import type { Configuration, Setting, SettingKind, SettingName } from "./settings.ts";

export interface TapeSettings {
  /** -1: there is none. */
  readonly tapePort: number;
  readonly tapeHost: string;
  /** "": `tape` in the data directory. */
  readonly tapeDataDir: string;
  /** Buffers of one largest batch each. */
  readonly tapeStaging: number;
  readonly tapeDelivery: number;
  readonly tapeWorkers: number;
  readonly tapeSegmentBytes: number;
  /** Of a topic for which nothing else was said; 0: all. */
  readonly tapeRetainBytes: number;
  readonly tapeRetainHours: number;
  readonly tapeLeaseMs: number;
  readonly tapeConnectionsMax: number;
  /** Names of DROP_COPY_STREAMS: what the exchange publishes of itself. */
  readonly tapePublish: readonly string[];
}

/** Where a tape is found by default. */
const TAPE_PORT = 9400;
const TAPE_HOST = "127.0.0.1";

/** Ten years. */
const HOURS_MAX = 87_600;

function row<Name extends keyof TapeSettings>(
  name: Name,
  kind: SettingKind,
  value: TapeSettings[Name],
  unit: string,
  help: string,
): Setting<Name> {
  return { name, kind, default: value, unit, help, genesis: false } as Setting<Name>;
}

function between(min: number, max: number): SettingKind {
  return { type: "integer", min, max };
}

export const TAPE_SETTINGS: readonly Setting[] = [
  row(
    "tapePort",
    { type: "integer", min: -1, max: 65_535, bare: TAPE_PORT },
    -1,
    "",
    "TCP port of the tape: publishers, subscribers and administrators of topics; 0 takes a free one, -1 = none. With --tls-cert it " +
      "speaks TLS.",
  ),
  row(
    "tapeHost",
    { type: "text" },
    TAPE_HOST,
    "",
    "Address to listen on for the tape. One that other machines reach needs --tls-cert, and a key with topics " +
      "in --keys; elsewhere a connection without a proof may use every topic.",
  ),
  row(
    "tapeDataDir",
    { type: "directory" },
    "",
    "",
    `Directory of the tape's topics; made if it is not there. Without it, ${TAPE_DIRECTORY} in --data-dir.`,
  ),
  row(
    "tapeStaging",
    between(1, STAGING_BUFFERS_MAX),
    32,
    "buffers of 2 MiB",
    "Memory for batches on their way into the log. When all of it is in use, publishers are not read until " +
      "some is free.",
  ),
  row(
    "tapeDelivery",
    between(1, STAGING_BUFFERS_MAX),
    16,
    "buffers of 2 MiB",
    "Memory for batches on their way to subscribers, who share what they read together. When all of it is in " +
      "use, they take turns.",
  ),
  row(
    "tapeWorkers",
    between(1, TAPE_WORKERS_MAX),
    1,
    "threads",
    "Threads that check, order and write batches. Each has topics of its own, so one topic gains nothing by more of them.",
  ),
  row(
    "tapeSegmentBytes",
    { type: "integer", min: 8_388_608, max: 1_073_741_824, multipleOf: 4_096 },
    67_108_864,
    "bytes",
    "Size of one file of a topic. Retention removes whole files.",
  ),
  row(
    "tapeRetainBytes",
    between(0, Number.MAX_SAFE_INTEGER),
    0,
    "bytes",
    "Of each new topic, unless its maker says otherwise: when it holds more, the oldest files go; 0 = no " +
      "bound.",
  ),
  row(
    "tapeRetainHours",
    between(0, HOURS_MAX),
    0,
    "hours",
    "Of each new topic, unless its maker says otherwise: files go when their newest batch is older; 0 = no " +
      "bound.",
  ),
  row(
    "tapeLeaseMs",
    between(100, 3_600_000),
    30_000,
    "milliseconds",
    "How long a topic of order level 2 waits for a batch that is missing between others of its publisher. " +
      "Then the publisher's session is over, and it goes on with a new one behind the last good batch.",
  ),
  row(
    "tapeConnectionsMax",
    between(1, 65_535),
    1_024,
    "connections",
    "Most connections to the tape at once, of publishers, subscribers and administrators together. Then the " +
      "port is closed until one ends: new connections find nothing that listens.",
  ),
  row(
    "tapePublish",
    { type: "names", of: DROP_COPY_STREAMS, orNone: true },
    [],
    "",
    "What the exchange publishes about itself to topics exchange.NAME, exactly once and in the order of its " +
      "log: reports = every execution report of every account; top, levels, orders = the packets of these " +
      "market-data channels. A node publishes while it leads.",
  ),
];

/** A setting's name in `seriatim tape serve`, where nothing else is meant. */
function withoutPrefix(setting: Setting): Setting {
  const key = setting.name.replace(/^tape/, "").replace(/(.)([A-Z])/g, "$1-$2");
  return { ...setting, key: key.toLowerCase(), ...SERVE_ALONE[setting.name] };
}

/** What differs where the tape is the whole program. */
const SERVE_ALONE: { readonly [Name in SettingName]?: Partial<Setting> } = {
  tapePort: {
    kind: between(0, 65_535),
    default: TAPE_PORT,
    help: "TCP port of publishers, subscribers and administrators of topics; 0 takes a free one.",
  },
  tapeHost: {
    help:
      "Address to listen on. One that other machines reach needs --tls-cert, and a key with topics in --keys; elsewhere who proves " +
      "nothing may use every topic.",
  },
  tapeDataDir: {
    kind: { type: "text" },
    default: "./seriatim-tape",
    help: "Directory of the topics; made if it is not there.",
  },
  keys: { help: "Keys file: who may publish to which topics, read and administer them (seriatim keygen)." },
  tlsCert: { help: "Certificate chain (PEM) of the listener, TLS 1.3; without it plain TCP." },
};

const SHARED: readonly SettingName[] = ["keys", "tlsCert", "tlsKey", "logLevel"];

/** The table of `seriatim tape serve`, from that of a node. */
export function tapeServeSettings(settings: readonly Setting[]): readonly Setting[] {
  const shared = settings.filter(({ name }) => SHARED.includes(name));
  return [
    ...TAPE_SETTINGS.filter(({ name }) => name !== "tapePublish").map(withoutPrefix),
    ...shared.map((setting) => ({ ...setting, ...SERVE_ALONE[setting.name] })),
  ];
}

/** Of all that a node is told what its tape needs. */
export function tapeSettingsOf(configuration: TapeSettings): TapeSettings {
  const values = TAPE_SETTINGS.map(({ name }) => [name, configuration[name as keyof TapeSettings]]);
  return Object.fromEntries(values) as TapeSettings;
}

/** Where the tape of a node lives. */
export function tapeDirectoryOf({ dataDir, tapeDataDir }: Configuration): string {
  return tapeDataDir === "" ? join(dataDir, TAPE_DIRECTORY) : tapeDataDir;
}

/** SERIATIM_TAPE_..., as settings.ts makes it, which is made of this table. */
function settingVariable(name: SettingName): string {
  return `SERIATIM_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Throws CONFIGURATION_INVALID for settings of a tape that there is not, and for a place that is the exchange's. */
export function refuseHalfATape(configuration: Configuration, given: GivenSettings): void {
  if (configuration.tapePort >= 0) {
    if (configuration.tapePublish.length > 0 && configuration.durability === "off")
      throw invalid("tape-publish needs a journal: what is published is read from it, and durability is off");
    return refuseTakenPlace(configuration);
  }
  for (const { name, default: value } of TAPE_SETTINGS) {
    const found = given.get(name);
    if (name === "tapePort" || found === undefined || String(found.value) === String(value)) continue;
    // Variables may be another program's: the tape's own and its clients' are the same.
    if (found.origin === settingVariable(name)) continue;
    throw invalid(`${found.origin} is given, but no tape-port: there is no tape`);
  }
}

/** The next start would find a stranger in the exchange's directory, or this one the exchange in the tape's. */
function refuseTakenPlace(configuration: Configuration): void {
  const { dataDir, tapeDataDir } = configuration;
  const [data, tape] = [resolve(dataDir), resolve(tapeDirectoryOf(configuration))];
  if (tape === data) throw invalid(`data-dir and tape-data-dir are both ${tapeDataDir}: each needs its own`);
  const [inside, ...deeper] = relative(data, tape).split(sep);
  if (inside === ".." || (inside === TAPE_DIRECTORY && deeper.length === 0)) return;
  throw invalid(
    `tape-data-dir ${tapeDataDir} lies in data-dir ${dataDir}, where only ${TAPE_DIRECTORY} may be the tape's`,
  );
}

function invalid(message: string): SeriatimError {
  return new SeriatimError("CONFIGURATION_INVALID", message, { exitCode: 2 });
}
