// Writes the canonical snapshot: equal states give equal bytes, whatever slots and windows they got there by.
// Specification: snapshot.md. Sections: counters, genesis, instruments in the order of registration, orders, what
// administrators decided, what was answered to requests that are used once, sessions, what accounts were told.
//
// Adding the orders of a snapshot to empty books in this order restores the same books, queue order included.

import { assert, setU64 } from "../base/index.ts";
import {
  AckPolicyCode,
  KillScope,
  putWho,
  REPORT_WORDS,
  Side,
  writeGenesis,
  writeInstrument,
} from "../protocol/index.ts";
import type { Administration } from "./administration.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { ORDER_SHIFT, OrderWord } from "./order-pool.ts";
import { PieceWriter } from "./piece-writer.ts";
import type { ReportStreams } from "./report-streams.ts";
import { type RequestMemory, RequestWord } from "./request-memory.ts";
import {
  MAGIC,
  SNAPSHOT_VERSION,
  SnapshotAdministration,
  SnapshotClusterNode,
  SnapshotCounters,
  SnapshotGenesis,
  SnapshotHeader,
  SnapshotInstrument,
  SnapshotOrder,
  SnapshotReport,
  SnapshotReportStream,
  SnapshotRequest,
  SnapshotSection,
  SnapshotSwitchedOff,
} from "./snapshot-layout.ts";
import { REQUEST_FIELDS } from "./snapshot-requests.ts";
import { writeSessions } from "./snapshot-sessions.ts";

/**
 * Writes the canonical state in pieces of at most PIECE_BYTES; a piece is valid during the call only. Without its reports:
 * as if none had been written, which is all that a state has that keeps none.
 */
export function writeSnapshot(
  state: ExchangeState,
  write: (piece: Uint8Array) => void,
  withReports: boolean,
): void {
  const out = new PieceWriter(write);
  const at = out.claim(SnapshotHeader.bytes);
  out.view.setUint32(at + SnapshotHeader.magic, MAGIC[0], true);
  out.view.setUint32(at + SnapshotHeader.magic + 4, MAGIC[1], true);
  out.view.setUint32(at + SnapshotHeader.version, SNAPSHOT_VERSION, true);
  writeCounters(state, out);
  out.begin(SnapshotSection.Genesis, SnapshotGenesis.bytes, 1);
  writeGenesis(out.words, out.claim(SnapshotGenesis.bytes) / 4, state.genesis, 0);
  writeInstruments(state, out);
  writeOrders(state, out);
  writeAdministration(state.administration, out);
  writeRequests(state.requests, out);
  writeSessions(state.sessions, out);
  writeReportStreams(state.reports, withReports, out);
  if (withReports) writeReports(state.reports, out);
  else out.begin(SnapshotSection.Reports, SnapshotReport.bytes, 0);
  writeCluster(state.administration, out);
  out.end();
}

function writeCounters(state: ExchangeState, out: PieceWriter): void {
  out.begin(SnapshotSection.Counters, SnapshotCounters.bytes, 1);
  const at = out.claim(SnapshotCounters.bytes);
  setU64(out.view, at + SnapshotCounters.sequence, state.events.sequence);
  setU64(out.view, at + SnapshotCounters.trades, state.events.trades);
  setU64(out.view, at + SnapshotCounters.timestamp_us, state.timestamp_us);
}

function writeInstruments({ instruments }: ExchangeState, out: PieceWriter): void {
  out.begin(SnapshotSection.Instruments, SnapshotInstrument.bytes, instruments.length);
  for (const instrument of instruments) {
    const at = out.claim(SnapshotInstrument.bytes);
    writeInstrument(out.words, (at + SnapshotInstrument.instrument) / 4, instrument);
  }
}

function writeOrders(state: ExchangeState, out: PieceWriter): void {
  const { books, orders } = state;
  out.begin(SnapshotSection.Orders, SnapshotOrder.bytes, orders.used);
  let written = 0;
  for (let symbol = 0; symbol < books.length; symbol++) {
    for (const side of [Side.Buy, Side.Sell]) {
      books[symbol].forEachOrder(side, (slot, price) => {
        writeOrder(orders.words, slot << ORDER_SHIFT, price, out);
        written++;
      });
    }
  }
  assert(written === orders.used, "every order of the pool rests in a book");
}

function writeAdministration(administration: Administration, out: PieceWriter): void {
  out.begin(SnapshotSection.Administration, SnapshotAdministration.bytes, 1);
  const at = out.claim(SnapshotAdministration.bytes);
  const { epoch, forcedStarts, ackPolicy, halted, switchedOff, symbolsOff, allOffBy } = administration;
  setU64(out.view, at + SnapshotAdministration.epoch, epoch);
  putWho(out.view, at + SnapshotAdministration.node, administration.node);
  putWho(out.view, at + SnapshotAdministration.ackPolicyBy, administration.ackPolicyBy);
  putWho(out.view, at + SnapshotAdministration.haltedBy, administration.haltedBy);
  putWho(out.view, at + SnapshotAdministration.forcedBy, administration.forcedBy);
  putWho(out.view, at + SnapshotAdministration.promotedBy, administration.promotedBy);
  setU64(out.view, at + SnapshotAdministration.forcedStarts, forcedStarts);
  const policy = ackPolicy === undefined ? 0 : AckPolicyCode[ackPolicy];
  out.view.setUint8(at + SnapshotAdministration.ackPolicy, policy);
  out.view.setUint8(at + SnapshotAdministration.halted, halted ? 1 : 0);
  const all = allOffBy === "" ? 0 : 1;
  out.begin(SnapshotSection.SwitchedOff, SnapshotSwitchedOff.bytes, switchedOff.size + symbolsOff.size + all);
  writeSwitchedOff(KillScope.Account, switchedOff, out);
  writeSwitchedOff(KillScope.Symbol, symbolsOff, out);
  if (all > 0) writeSwitchedOff(KillScope.All, new Map([[0, allOffBy]]), out);
}

/** Left out where it is not said, as in the snapshots of before. */
function writeCluster({ cluster }: Administration, out: PieceWriter): void {
  if (cluster.length === 0) return;
  out.begin(SnapshotSection.Cluster, SnapshotClusterNode.bytes, cluster.length);
  for (const name of cluster) putWho(out.view, out.claim(SnapshotClusterNode.bytes), name);
}

function writeSwitchedOff(scope: KillScope, switches: ReadonlyMap<number, string>, out: PieceWriter): void {
  for (const [number, by] of [...switches].sort(([a], [b]) => a - b)) {
    const at = out.claim(SnapshotSwitchedOff.bytes);
    out.view.setUint32(at + SnapshotSwitchedOff.number, number, true);
    out.view.setUint8(at + SnapshotSwitchedOff.scope, scope);
    putWho(out.view, at + SnapshotSwitchedOff.by, by);
  }
}

function writeRequests(requests: RequestMemory, out: PieceWriter): void {
  out.begin(SnapshotSection.Requests, SnapshotRequest.bytes, requests.count);
  for (const [account, window] of requests.sorted()) {
    for (let place = 0; place < window.count; place++)
      writeRequest(account, window.words, window.at(place), out);
  }
}

function writeRequest(account: number, words: Int32Array, from: number, { view, claim }: PieceWriter): void {
  const at = claim(SnapshotRequest.bytes);
  view.setUint32(at + SnapshotRequest.account, account, true);
  for (const [field, word] of REQUEST_FIELDS) view.setInt32(at + field, words[from + word], true);
  view.setUint8(at + SnapshotRequest.reason, words[from + RequestWord.reason]);
}

function writeReportStreams(reports: ReportStreams, withReports: boolean, out: PieceWriter): void {
  const streams = reports.sorted();
  out.begin(SnapshotSection.ReportStreams, SnapshotReportStream.bytes, streams.length);
  for (const { account, first, next } of streams) {
    const at = out.claim(SnapshotReportStream.bytes);
    out.view.setUint32(at + SnapshotReportStream.account, account, true);
    setU64(out.view, at + SnapshotReportStream.first, withReports ? first : 1);
    setU64(out.view, at + SnapshotReportStream.next, withReports ? next : 1);
  }
}

function writeReports(reports: ReportStreams, out: PieceWriter): void {
  const kept = reports.sorted().reduce((sum, { first, next }) => sum + next - first, 0);
  out.begin(SnapshotSection.Reports, SnapshotReport.bytes, kept);
  reports.forEachReport((words, from) => {
    const to = out.claim(SnapshotReport.bytes) / 4;
    for (let i = 0; i < REPORT_WORDS; i++) out.words[to + i] = words[from + i];
  });
}

function writeOrder(words: Int32Array, order: number, price: number, { view, claim }: PieceWriter): void {
  const at = claim(SnapshotOrder.bytes);
  const symbolSide = words[order + OrderWord.symbolSide];
  view.setInt32(at + SnapshotOrder.orderId, words[order + OrderWord.idLow], true);
  view.setInt32(at + SnapshotOrder.orderId + 4, words[order + OrderWord.idHigh], true);
  setU64(view, at + SnapshotOrder.price, price);
  view.setInt32(at + SnapshotOrder.quantity, words[order + OrderWord.quantity], true);
  view.setInt32(at + SnapshotOrder.account, words[order + OrderWord.account], true);
  view.setUint32(at + SnapshotOrder.symbol, symbolSide >>> 1, true);
  view.setUint8(at + SnapshotOrder.side, symbolSide & 1);
  view.setInt32(at + SnapshotOrder.filled, words[order + OrderWord.filledLow], true);
  view.setInt32(at + SnapshotOrder.filled + 4, words[order + OrderWord.filledHigh], true);
}
