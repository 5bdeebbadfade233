// `seriatim snapshot inspect`: reads every byte of a node's snapshots and changes nothing, also while a node writes them.

import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { counted, SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import {
  listSnapshots,
  readSnapshotFile,
  refuseOthers,
  SNAPSHOTS_DIRECTORY,
  type SnapshotPlace,
} from "../journal/index.ts";
import { asGivenPathError, NativeChecksums, NodeStorage } from "../platform/index.ts";
import { stdout } from "./stdout.ts";

const DATA_DIRECTORY = "./seriatim-data";

const INSPECT_EXAMPLES = `
PLACE is a snapshot file, a node's data directory or the directory of snapshots in it; without one, ${DATA_DIRECTORY}.
Every byte is read and checked, and the exchange's state is restored from it. The node may be running.
In a directory a file must have the name of its position, as a node's start wants it; a file given by itself may have any name.

Examples:
  seriatim snapshot inspect
  seriatim snapshot inspect ./seriatim-data/snapshots/snapshot-0000000000001234.snap
  seriatim snapshot inspect ./seriatim-data --json | jq '.snapshots[0].stateHash'

Exit status: 0 all hold, 1 one is damaged or foreign, with file and offset.`;

/** What a whole snapshot says, as plain data. */
interface SnapshotReport {
  readonly file: string;
  readonly position: number;
  readonly epoch: number;
  readonly timestamp_us: number;
  readonly session: number;
  /** Hexadecimal, as is the hash. */
  readonly chain: string;
  readonly application: { readonly name: string; readonly version: number };
  readonly stateBytes: number;
  readonly stateHash: string;
  /** What is in the state; only of this version's exchange. */
  readonly exchange:
    | { readonly instruments: number; readonly restingOrders: number; readonly trades: number }
    | undefined;
}

const SNAPSHOT_EXAMPLES = `
Examples:
  seriatim snapshot inspect ./seriatim-data`;

export function registerSnapshot(program: Command): void {
  const snapshot = program
    .command("snapshot")
    .description("Looks at a node's snapshots.")
    .addHelpText("after", SNAPSHOT_EXAMPLES);
  snapshot
    .command("inspect")
    .summary("say what snapshots hold")
    .description("Says what snapshots hold, newest first, and where one is damaged.")
    .argument("[place]", "snapshot file, data directory or directory of snapshots")
    .option("--json", "print one JSON object")
    .addHelpText("after", INSPECT_EXAMPLES)
    .action((place: string | undefined, options: { json?: boolean }) =>
      inspect(place, options.json === true),
    );
}

function inspect(given: string | undefined, asJson: boolean): void {
  const { place, files } = placeOf(given ?? DATA_DIRECTORY);
  const snapshots: SnapshotReport[] = [];
  const refusals: SeriatimError[] = [];
  const good: number[] = [];
  for (const { path, position } of files) {
    try {
      const report = reportOn(place, path);
      snapshots.push(report);
      refuseOthers({ path, position: position ?? report.position }, report, EXCHANGE_APPLICATION);
      good.push(report.position);
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      // Of those that were listed a node has removed it since: it has newer ones.
      if (error.code !== "ENOENT" || position === undefined) refusals.push(error);
    }
  }
  const refused = refusals.map(({ code, message }) => ({ code, message }));
  if (asJson) stdout.writeLines([JSON.stringify({ snapshots, refused }, undefined, 2)]);
  else stdout.writeLines(describe(snapshots, good, refusals.slice(1)));
  // The newest that does not hold is what the command fails with.
  if (refusals.length > 0) throw refusals[0];
}

/** A snapshot's file; one that was not given by itself has a position in its name. */
interface NamedFile {
  readonly path: string;
  readonly position?: number;
}

/** The files that PLACE names, newest first. */
function placeOf(given: string): { place: SnapshotPlace; files: readonly NamedFile[] } {
  const parts = { storage: new NodeStorage(), checksums: new NativeChecksums() };
  if (isFile(given)) return { place: { ...parts, directory: dirname(given) }, files: [{ path: given }] };
  const inside = join(given, SNAPSHOTS_DIRECTORY);
  const place = { ...parts, directory: existsSync(inside) ? inside : given };
  const files = listSnapshots(place);
  if (files.length === 0) throw new SeriatimError("SNAPSHOT_MISSING", `${given} holds no snapshot`);
  return { place, files };
}

function isFile(given: string): boolean {
  try {
    return statSync(given).isFile();
  } catch (cause) {
    throw asGivenPathError(cause, "read", given);
  }
}

function reportOn(place: SnapshotPlace, path: string): SnapshotReport {
  const { header, state } = readSnapshotFile(place, path);
  const { position, epoch, timestamp_us, session, chain, application, stateBytes, stateHash } = header;
  return {
    ...{ file: path, position, epoch, timestamp_us, session, chain: hex(chain), application, stateBytes },
    stateHash: hex(stateHash),
    exchange: exchangeIn(application, state, position, path),
  };
}

/** The state as the engine reads it; undefined when it is not this version's exchange. */
function exchangeIn(
  { name, version }: SnapshotReport["application"],
  state: Uint8Array,
  position: number,
  path: string,
): SnapshotReport["exchange"] {
  if (name !== EXCHANGE_APPLICATION.name || version !== EXCHANGE_APPLICATION.version) return undefined;
  const engine = new ExchangeEngine();
  try {
    engine.restore(state, position);
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    throw new SeriatimError(error.code, `${path}: ${error.message}`, { cause: error });
  }
  const { instruments, restingOrders, trades } = engine;
  return { instruments: instruments.length, restingOrders, trades };
}

/** `good`: positions of those that a start would not pass over; `others`: refused too, beside the one that the command fails with. */
function describe(
  snapshots: readonly SnapshotReport[],
  good: readonly number[],
  others: readonly SeriatimError[],
): string[] {
  const lines = snapshots.flatMap(describeSnapshot);
  for (const { message } of others) lines.push(`refused: ${message}`);
  if (good.length > 0)
    lines.push(`good: ${counted(good.length, "snapshot")}; the newest is of position ${good[0]}`);
  return lines;
}

function describeSnapshot(report: SnapshotReport): string[] {
  const { file, position, epoch, timestamp_us, session, application, exchange } = report;
  const time = new Date(timestamp_us / 1000).toISOString();
  const whose = `${application.name} version ${application.version}`;
  const lines = [
    `${file}: position ${position}, epoch ${epoch}, ${time}, last session ${session}`,
    `  chain ${report.chain}`,
    `  state of ${whose}, ${report.stateBytes} bytes, hash ${report.stateHash}`,
  ];
  if (exchange === undefined) return lines;
  const { instruments, restingOrders, trades } = exchange;
  const holds = `${counted(instruments, "instrument")}, ${counted(restingOrders, "order")} resting`;
  return [...lines, `  ${holds}, ${counted(trades, "trade")} so far`];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
