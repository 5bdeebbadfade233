// Where every field of the canonical snapshot lies. Specification: snapshot.md. Little-endian. A snapshot is a header and
// sections of records of one size; what later order types and phases need has its place in them now, and is zero.

import { LayoutBuilder } from "../base/index.ts";
import { COMMAND_BYTES, REPORT_BYTES, WHO_BYTES_MAX } from "../protocol/index.ts";

/** "SERSNAP" and a zero, read as two u32. */
export const MAGIC = [0x53524553, 0x0050414e] as const;
export const SNAPSHOT_VERSION = 1;

/** The kinds of sections, in the order in which they stand. */
export const SnapshotSection = {
  Counters: 1,
  Genesis: 2,
  Instruments: 3,
  Orders: 4,
  Administration: 5,
  SwitchedOff: 6,
  Requests: 7,
  Sessions: 8,
  ReportStreams: 9,
  Reports: 10,
  /** Only of a state whose last tenure named its cluster. */
  Cluster: 11,
} as const;
export type SnapshotSection = (typeof SnapshotSection)[keyof typeof SnapshotSection];

export const SnapshotHeader = headerLayout();

function headerLayout() {
  const at = new LayoutBuilder();
  const layout = { magic: at.u64(), version: at.u32(), reserved: at.u32() };
  return { ...layout, bytes: at.size(16) };
}

/** What stands before the records of a section. */
export const SnapshotSectionHeader = sectionLayout();

function sectionLayout() {
  const at = new LayoutBuilder();
  const layout = { kind: at.u32(), recordBytes: at.u32(), records: at.u64() };
  return { ...layout, bytes: at.size(16) };
}

export const SnapshotCounters = countersLayout();

function countersLayout() {
  const at = new LayoutBuilder();
  const layout = { sequence: at.u64(), trades: at.u64(), timestamp_us: at.u64(), reserved: at.u64() };
  return { ...layout, bytes: at.size(32) };
}

/** A Genesis command record. */
export const SnapshotGenesis = { bytes: COMMAND_BYTES };

export const SnapshotInstrument = instrumentLayout();

function instrumentLayout() {
  const at = new LayoutBuilder();
  const layout = {
    /** A RegisterInstrument command record without time. */
    instrument: at.bytes(COMMAND_BYTES),
    /** Zero. Held for instruments that are halted or closed. */
    status: at.u32(),
    /** Zero: continuous trading. Held for auctions. */
    phase: at.u32(),
    reserved: at.u64(),
  };
  return { ...layout, bytes: at.size(96) };
}

export const SnapshotOrder = orderLayout();

function orderLayout() {
  const at = new LayoutBuilder();
  const layout = {
    orderId: at.u64(),
    price: at.u64(),
    quantity: at.u32(),
    account: at.u32(),
    symbol: at.u32(),
    side: at.u8(),
    /** Zero: a limit order. Held for orders that turn into one. */
    orderType: at.u8(),
    /** Zero: good till cancelled. Held for good-till-date. */
    timeInForce: at.u8(),
    reserved: at.u8(),
    /** Zero. Held for post-only and self-trade prevention. */
    flags: at.u32(),
    /** Zero. Held for iceberg orders: the most that is shown at once, and what is shown now. */
    displayQuantity: at.u32(),
    shownQuantity: at.u32(),
    /** Zero. Held for good-till-date. */
    expires_s: at.u32(),
    /** Zero. Held for stop orders. */
    triggerPrice: at.u64(),
    /** Lots it has traded since it was accepted. */
    filled: at.u64(),
  };
  return { ...layout, bytes: at.size(64) };
}

export const SnapshotAdministration = administrationLayout();

function administrationLayout() {
  const at = new LayoutBuilder();
  const layout = {
    epoch: at.u64(),
    node: at.bytes(WHO_BYTES_MAX),
    ackPolicyBy: at.bytes(WHO_BYTES_MAX),
    haltedBy: at.bytes(WHO_BYTES_MAX),
    forcedBy: at.bytes(WHO_BYTES_MAX),
    promotedBy: at.bytes(WHO_BYTES_MAX),
    forcedStarts: at.u64(),
    ackPolicy: at.u8(),
    halted: at.u8(),
    reserved: at.bytes(14),
  };
  return { ...layout, bytes: at.size(112) };
}

/** A node of the last tenure's cluster. */
export const SnapshotClusterNode = { name: 0, bytes: WHO_BYTES_MAX };

/** An account or symbol whose kill switch is on, or the one of all. */
export const SnapshotSwitchedOff = switchedOffLayout();

function switchedOffLayout() {
  const at = new LayoutBuilder();
  const layout = {
    /** The account or symbol; 0 of all. */
    number: at.u32(),
    /** KillScope. */
    scope: at.u8(),
    reserved: at.bytes(3),
    by: at.bytes(WHO_BYTES_MAX),
  };
  return { ...layout, bytes: at.size(24) };
}

export const SnapshotSession = sessionLayout();

function sessionLayout() {
  const at = new LayoutBuilder();
  const layout = {
    account: at.u32(),
    instance: at.u32(),
    who: at.bytes(WHO_BYTES_MAX),
    session: at.u64(),
    deadMan_ms: at.u32(),
    /** SessionFlag. */
    flags: at.u8(),
    silent: at.u8(),
    reserved: at.bytes(2),
  };
  return { ...layout, bytes: at.size(40) };
}

/** A request whose number is used once, and what was answered to it. */
export const SnapshotRequest = requestLayout();

function requestLayout() {
  const at = new LayoutBuilder();
  const layout = {
    request: at.u64(),
    orderId: at.u64(),
    price: at.u64(),
    /** Of the first event; 0 when it was refused. */
    sequence: at.u64(),
    account: at.u32(),
    symbol: at.u32(),
    quantity: at.u32(),
    kind: at.u8(),
    side: at.u8(),
    orderType: at.u8(),
    timeInForce: at.u8(),
    /** Why it was refused; 0 when it was not. */
    reason: at.u8(),
    reserved: at.bytes(7),
  };
  return { ...layout, bytes: at.size(56) };
}

/** An account that is told of its orders. Its reports are those of the next section that are its own, in their order. */
export const SnapshotReportStream = reportStreamLayout();

function reportStreamLayout() {
  const at = new LayoutBuilder();
  const layout = { account: at.u32(), reserved: at.u32(), first: at.u64(), next: at.u64() };
  return { ...layout, bytes: at.size(24) };
}

/** A report record. */
export const SnapshotReport = { bytes: REPORT_BYTES };
