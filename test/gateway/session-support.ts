// Sessions with a logon in gateway tests: an exchange that says what a test tells it to, keys without signatures, frames in words.

import { type Position, RecordBuffer } from "../../src/base/index.ts";
import {
  type Authenticator,
  type Closing,
  GATEWAY_LIMITS,
  Gateway,
  type GatewayLimits,
  type Grant,
  type KnownSession,
  type OwnOrder,
  type ReportSource,
} from "../../src/gateway/index.ts";
import {
  ChallengeLayout,
  COMMAND_WORDS,
  CommandWord,
  checkSessionCommand,
  DecodeOutcome,
  decodeFrame,
  EVENT_WORDS,
  EventKind,
  EventWord,
  ExecutionReportLayout,
  encodeLogonRequest,
  encodeLogout,
  encodeMassCancel,
  encodeOpenOrders,
  encodeOrderStatus,
  encodeSessionLogon,
  FRAME_HEADER_BYTES,
  frameLength,
  frameSequenceLow,
  frameType,
  LoggedOutLayout,
  type LogonTerms,
  MessageType,
  OpenOrderLayout,
  OpenOrdersEndLayout,
  putSessionProof,
  REPORT_WORDS,
  RefusedLayout,
  ReportKind,
  ReportWord,
  readCount,
  readLogonAck,
  readLogonRefused,
  readLowLane,
  ServerHeartbeatLayout,
} from "../../src/protocol/index.ts";
import { describeStream, ManualTransport, RecordingSink } from "./support.ts";

const WIDE = (write: (view: DataView, at: number) => number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(256));
  return new Uint8Array(view.buffer, 0, write(view, 0));
};

export const logonRequest = () => WIDE(encodeLogonRequest);
export const logout = () => WIDE(encodeLogout);
export const massCancel = (request: number, symbol: number, side: number) =>
  WIDE((v, at) => encodeMassCancel(v, at, request, 0, symbol, side));
export const orderStatus = (request: number, id: number) =>
  WIDE((v, at) => encodeOrderStatus(v, at, request, 0, id, 0, 0));
export const openOrders = (request: number, symbol: number) =>
  WIDE((v, at) => encodeOpenOrders(v, at, request, 0, symbol));

const TERMS: LogonTerms = {
  ...{ name: "ann", account: 7, instance: 0, flags: 0, next: 0, deadMan_ms: 0, heartbeat_ms: 0 },
};
/** A proof that a scripted authenticator takes is this byte; the rest is not looked at. */
export const PROOF = 0x5a;

export const logon = (terms: Partial<LogonTerms> = {}, proof = PROOF) =>
  WIDE((v, at) => {
    const end = encodeSessionLogon(v, at, { ...TERMS, ...terms });
    putSessionProof(v, at, new Uint8Array(64).fill(proof));
    return end;
  });

const GRANTS: readonly Grant[] = [
  { name: "ann", role: "trader", accounts: new Set([7, 8]), limits: {} },
  { name: "bob", role: "trader", accounts: "all", limits: { connections: 2 } },
  { name: "eve", role: "reader", accounts: new Set([7]), limits: {} },
];

class ScriptedKeys implements Authenticator {
  verified = 0;
  challenge = () => new Uint8Array(32).fill(9);
  /** Whether answers wait until a test lets them go. */
  isSlow = false;
  readonly #untold: (() => void)[] = [];

  verify(
    name: string,
    _statement: Uint8Array,
    proof: Uint8Array,
    told: (grant: Grant | undefined) => void,
  ): void {
    this.verified++;
    const grant = proof[0] === PROOF ? GRANTS.find((each) => each.name === name) : undefined;
    if (this.isSlow) this.#untold.push(() => told(grant));
    else told(grant);
  }

  /** Proofs that are looked at now. */
  get underWay(): number {
    return this.#untold.length;
  }

  /** The answer of the one that has been looked at the longest; false: there is none. */
  answer(): boolean {
    const tell = this.#untold.shift();
    tell?.();
    return tell !== undefined;
  }
}

class Stream {
  readonly records: Int32Array[] = [];
  first = 1;
  get next(): number {
    return this.records.length + 1;
  }
  words = (number: number) => this.records[number - 1];
  at = () => 0;
  runEnd = (number: number) => number + 1;
}

/** Accepts every order with one report; what else happens a test says. Its commands are the log: one position each. */
class ScriptedExchange implements ReportSource {
  position: Position = 0;
  readonly streams = new Map<number, Stream>();
  readonly reports = { of: (account: number) => this.streams.get(account) };
  sessions: KnownSession[] = [];
  readonly open: OwnOrder[] = [];
  /** Why the next SessionOpen is refused. */
  refusal = 0;
  /** More reports of an order with this id, of the accounts named. */
  readonly more = new Map<number, readonly number[]>();
  readonly log: string[] = [];
  readonly #events: RecordBuffer;

  constructor(drain: (events: RecordBuffer) => void) {
    this.#events = new RecordBuffer(EVENT_WORDS, 64, drain);
  }

  apply(words: Int32Array): void {
    this.position++;
    const kind = words[0] & 0xff;
    const session = checkSessionCommand(words, 0);
    if (session === undefined) this.#trade(kind, words);
    else if (session.kind === "session_open" && this.refusal > 0)
      this.#event(EventKind.Reject, 0, this.refusal);
    else if (session.kind === "session_open") {
      if (!this.streams.has(session.account)) this.streams.set(session.account, new Stream());
      this.log.push(`open ${session.who} ${session.account}/${session.instance}`);
    } else this.log.push(`end ${session.account} ${session.cause}`);
    this.#events.drain();
  }

  #trade(kind: number, words: Int32Array): void {
    const account = words[CommandWord.account];
    const id = words[CommandWord.orderIdLow];
    this.log.push(`${kind} ${id}`);
    this.tell(account, ReportKind.Accepted, id, words);
    this.#event(EventKind.Accept, account, 0);
    for (const other of this.more.get(id) ?? []) {
      this.tell(other, ReportKind.Traded, id, words);
      this.#event(EventKind.Trade, account, 0, other);
    }
  }

  tell(account: number, kind: number, id: number, words: Int32Array): void {
    const record = new Int32Array(REPORT_WORDS);
    record[0] = kind;
    record[ReportWord.orderIdLow] = id;
    record[ReportWord.positionLow] = this.position;
    record[ReportWord.sessionLow] = words[CommandWord.sessionLow];
    record[ReportWord.sessionHigh] = words[CommandWord.sessionHigh];
    this.streams.get(account)?.records.push(record);
  }

  #event(kind: number, account: number, reason: number, makerAccount = 0): void {
    const at = this.#events.claim();
    const { words } = this.#events;
    words[at] = kind | (reason << 8);
    words[at + EventWord.account] = account;
    words[at + EventWord.makerAccount] = makerAccount;
  }

  findOrder(_account: number, symbol: number, idLow: number, idHigh: number): OwnOrder | undefined {
    return this.open.find((o) => o.symbol === symbol && o.idLow === idLow && o.idHigh === idHigh);
  }

  forEachOwnOrder(_account: number, _symbol: number, max: number, visit: (order: OwnOrder) => void): boolean {
    this.open.slice(0, max).forEach(visit);
    return this.open.length <= max;
  }
}

const KIND_NAMES = Object.keys(ReportKind);

/** As describeStream, with the messages of sessions in words. */
export function describeSession(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += frameLength(view, at)) {
    if (decodeFrame(view, at, bytes.length) !== DecodeOutcome.Ok) return [...words, "cut"];
    const known = describe(view, at);
    words.push(known ?? describeStream(bytes.subarray(at, at + frameLength(view, at)))[0]);
  }
  return words;
}

function describe(view: DataView, at: number): string | undefined {
  const body = at + FRAME_HEADER_BYTES;
  const sequence = frameSequenceLow(view, at);
  switch (frameType(view, at)) {
    case MessageType.Challenge:
      return `Challenge ${view.getUint8(body + ChallengeLayout.nonce)}`;
    case MessageType.LogonAck: {
      const { account, first, next, flags } = readLogonAck(view, at);
      return `LogonAck ${account} ${first}..${next}${flags === 0 ? "" : " gap"}`;
    }
    case MessageType.LogonRefused:
      return `LogonRefused ${readLogonRefused(view, at)}`;
    case MessageType.ExecutionReport: {
      const kind = KIND_NAMES[view.getUint8(body + ExecutionReportLayout.kind) - 1];
      return `${sequence}: ${kind} ${readLowLane(view, body + ExecutionReportLayout.orderId)}`;
    }
    case MessageType.Refused: {
      const type = view.getUint16(body + RefusedLayout.type);
      return `Refused ${sequence} ${view.getUint8(body + RefusedLayout.reason)} type ${type}`;
    }
    case MessageType.ServerHeartbeat:
      return `ServerHeartbeat ${readCount(view, body + ServerHeartbeatLayout.next)}`;
    case MessageType.OpenOrder: {
      const id = readLowLane(view, body + OpenOrderLayout.orderId);
      const state = view.getUint8(body + OpenOrderLayout.state);
      return `OpenOrder ${id} state ${state} as of ${readCount(view, body + OpenOrderLayout.asOf)}`;
    }
    case MessageType.OpenOrdersEnd:
      return `OpenOrdersEnd ${view.getUint32(body + OpenOrdersEndLayout.count)}`;
    case MessageType.LoggedOut:
      return `LoggedOut ${readCount(view, body + LoggedOutLayout.next)}`;
    case MessageType.InstrumentsEnd:
      return `InstrumentsEnd ${view.getUint32(body)}`;
    default:
      return undefined;
  }
}

export interface SessionVenueOptions {
  readonly limits?: Partial<GatewayLimits>;
  readonly openOrderEntry?: boolean;
  readonly reserved?: readonly number[];
}

/** A gateway with keys, on a scripted exchange. */
export function sessionVenue({
  limits = {},
  openOrderEntry = true,
  reserved = [],
}: SessionVenueOptions = {}) {
  const transport = new ManualTransport();
  const closings: Closing[] = [];
  const sink = new RecordingSink();
  const keys = new ScriptedKeys();
  const directory = { count: 1, instrument: () => ({ name: "S", priceDecimals: 0, tick: 1, lot: 1 }) };
  let command = new Int32Array(COMMAND_WORDS);
  const exchange = new ScriptedExchange((events) => gateway.onApplied(events, command, 0));
  const access = { authenticator: keys, openOrderEntry, reservedAccounts: new Set(reserved) };
  const gateway = new Gateway({
    ...{ transport, sink, directory, limits: { ...GATEWAY_LIMITS, ...limits } },
    logons: { access, source: exchange },
    onClosing: (closing) => closings.push(closing),
  });
  sink.onCommit = (words) => {
    command = words as Int32Array<ArrayBuffer>;
    exchange.apply(words);
  };
  const turn = () => {
    transport.turn();
    gateway.seal(exchange.position);
    gateway.release(exchange.position);
  };
  const sent = (connection: number) => describeSession(transport.stream(connection));
  return {
    ...{ transport, sink, keys, exchange, gateway, turn, sent, closings },
    open: (...connections: readonly number[]) => {
      for (const connection of connections) gateway.opened(connection, "");
    },
    /** Opens `connection` and logs it on; nothing is released yet. */
    logOn: (connection: number, terms: Partial<LogonTerms> = {}) => {
      gateway.opened(connection, "");
      gateway.received(connection, logonRequest());
      gateway.received(connection, logon(terms));
    },
    /** What it was sent since the last look. */
    heard: (connection: number) => {
      const all = sent(connection);
      transport.sends.delete(connection);
      return all;
    },
    closes: () =>
      Object.fromEntries(Object.entries(gateway.counters.closes).filter(([, count]) => count > 0)),
  };
}
