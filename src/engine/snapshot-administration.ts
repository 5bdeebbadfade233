// Reads two sections of a snapshot: what administrators and nodes decided. Like the rest of it
// (snapshot-restore.ts), only what a writer makes is taken.

import { ackPolicyName, KillScope, TENURE_OTHERS_MAX } from "../protocol/index.ts";
import { SWITCHED_OFF_MAX } from "./administration.ts";
import type { ExchangeState } from "./exchange-state.ts";
import {
  SnapshotAdministration,
  SnapshotClusterNode,
  SnapshotSection,
  SnapshotSwitchedOff,
} from "./snapshot-layout.ts";
import type { SnapshotReader } from "./snapshot-reader.ts";

export function restoreAdministration(state: ExchangeState, reader: SnapshotReader): void {
  const { administration } = state;
  const layout = SnapshotAdministration;
  const at = reader.single(SnapshotSection.Administration, layout.bytes);
  administration.epoch = reader.count(at + layout.epoch, "tenure's epoch");
  administration.node = whoOf(reader, at + layout.node, administration.epoch > 0, "node");
  const policy = reader.u8(at + layout.ackPolicy);
  administration.ackPolicy = ackPolicyName(policy);
  if (policy !== 0 && administration.ackPolicy === undefined)
    reader.refuse(at, `acknowledgement policy ${policy}, which this version does not know`);
  administration.ackPolicyBy = whoOf(reader, at + layout.ackPolicyBy, policy !== 0, "policy");
  administration.forcedStarts = reader.count(at + layout.forcedStarts, "number of forced starts");
  administration.forcedBy = whoOf(
    reader,
    at + layout.forcedBy,
    administration.forcedStarts > 0,
    "forced start",
  );
  administration.promotedBy = reader.who(at + layout.promotedBy, "a promotion by a name");
  if (administration.promotedBy !== "" && administration.epoch === 0)
    reader.refuse(at, "a promotion without a tenure");
  const halted = reader.u8(at + layout.halted);
  administration.haltedBy = reader.who(at + layout.haltedBy, "a halt by a name");
  if (halted > 1 || (halted === 1 && administration.haltedBy === ""))
    reader.refuse(at, "a halt that no writer makes");
  administration.halted = halted === 1;
  reader.refuseUnknown(at + layout.reserved, at + layout.bytes, "an administration");
  restoreSwitchedOff(state, reader);
  state.restrict();
}

/** The last section, where there is one. */
export function restoreCluster({ administration }: ExchangeState, reader: SnapshotReader): void {
  if (!reader.hasSection(SnapshotSection.Cluster)) return;
  const section = reader.at;
  const count = reader.section(SnapshotSection.Cluster, SnapshotClusterNode.bytes);
  const names = Array.from({ length: Math.min(count, TENURE_OTHERS_MAX + 1) }, () =>
    reader.who(reader.take(SnapshotClusterNode.bytes, "node"), "a node of a name"),
  );
  const isOrdered = names.every((name, i) => name !== "" && (i === 0 || names[i - 1] < name));
  if (count !== names.length || count < 2 || !isOrdered || !names.includes(administration.node))
    reader.refuse(section, "a cluster that no tenure names");
  administration.cluster = names;
}

/** The name of whoever decided something: there exactly when it was decided. */
function whoOf(reader: SnapshotReader, at: number, isDecided: boolean, what: string): string {
  const who = reader.who(at, `a ${what} by a name`);
  if ((who !== "") !== isDecided) reader.refuse(at, `a ${what} and its name that don't belong together`);
  return who;
}

function restoreSwitchedOff(state: ExchangeState, reader: SnapshotReader): void {
  const section = reader.at;
  const count = reader.section(SnapshotSection.SwitchedOff, SnapshotSwitchedOff.bytes);
  let before = -1;
  for (let i = 0; i < count; i++) {
    const at = reader.take(SnapshotSwitchedOff.bytes, "kill switch");
    const number = reader.u32(at + SnapshotSwitchedOff.number);
    const scope = reader.u8(at + SnapshotSwitchedOff.scope);
    // One number for both, as they stand: by scope, and then by account or symbol.
    const place = scope * 2 ** 32 + number;
    if (place <= before) reader.refuse(at, "a kill switch behind that of a later account, symbol or scope");
    before = place;
    reader.refuseUnknown(at + SnapshotSwitchedOff.reserved, at + SnapshotSwitchedOff.by, "a kill switch");
    const by = whoOf(reader, at + SnapshotSwitchedOff.by, true, "kill switch");
    restoreSwitch(state, reader, at, scope, number, by);
  }
  const { size } = state.administration.switchedOff;
  if (size > SWITCHED_OFF_MAX)
    reader.refuse(section, `${size} kill switches of accounts, at most ${SWITCHED_OFF_MAX} are allowed`);
}

function restoreSwitch(
  { administration, genesis, books }: ExchangeState,
  reader: SnapshotReader,
  at: number,
  scope: number,
  number: number,
  by: string,
): void {
  switch (scope) {
    case KillScope.Account:
      if (number >= genesis.accountsMax)
        reader.refuse(at, `a kill switch of account ${number}, of ${genesis.accountsMax} accounts`);
      administration.switchedOff.set(number, by);
      break;
    case KillScope.Symbol:
      if (number >= books.length)
        reader.refuse(at, `a kill switch of symbol ${number}, which is not registered`);
      administration.symbolsOff.set(number, by);
      break;
    default:
      if (scope !== KillScope.All || number !== 0)
        reader.refuse(at, `a kill switch of scope ${scope} and number ${number}`);
      administration.allOffBy = by;
  }
}
