// A stand-in for an exchange with sessions: it logs on whoever proves to be alice, and what else a client sends is handed to a
// script, which writes back what it likes.

import { createServer, type Server, type Socket } from "node:net";
import { highLane, lowLane } from "../../src/base/index.ts";
import { ed25519Verifier, makeEd25519Pair, makeNonce } from "../../src/platform/index.ts";
import {
  CommandKind,
  encodeExecutionReport,
  encodeInstrument,
  encodeInstrumentsEnd,
  encodeLoggedOut,
  encodeLogonAck,
  encodeLogonRefused,
  encodeOpenOrder,
  encodeOpenOrdersEnd,
  encodeRefused,
  encodeServerHeartbeat,
  encodeSessionChallenge,
  FRAME_HEADER_BYTES,
  frameLength,
  frameSequenceHigh,
  frameSequenceLow,
  frameType,
  LogonAckFlag,
  type LogonTerms,
  MessageType,
  NewOrderLayout,
  OpenOrderState,
  REPORT_BYTES,
  REPORT_WORDS,
  Reason,
  ReportKind,
  ReportLayout,
  readCount,
  readSessionLogon,
  sessionStatement,
} from "../../src/protocol/index.ts";

const pair = makeEd25519Pair();
const verify = ed25519Verifier(pair.public);
export const ALICE = { name: "alice", private: pair.private };

/** What the script knows of a frame. */
interface SessionFrame {
  readonly type: MessageType;
  readonly request: number;
  /** Of requests on orders and OrderStatus: the low lane of the order's id. */
  readonly id: number;
}

interface ReportSays {
  readonly kind: ReportKind;
  readonly id?: number;
  readonly command?: CommandKind;
  readonly sequence?: number;
  readonly reason?: number;
  readonly flags?: number;
  readonly request?: number;
  readonly session?: number;
  readonly lastPrice?: number;
  readonly lastQuantity?: number;
  readonly leaves?: number;
}

/** All servers of a test are nodes of one exchange, whose connections and log they share. */
let connections = 0;
let position = 0;

/** One connection of the server. */
export class Peer {
  readonly socket: Socket;
  /** Connections of the server are numbered from 1. */
  readonly session: number;
  /** What the exchange calls it: its upper half counts connections. */
  number = ++connections * 2 ** 32;
  logon: LogonTerms | undefined;
  readonly frames: SessionFrame[] = [];

  readonly #all: readonly Peer[];

  constructor(socket: Socket, all: readonly Peer[]) {
    this.socket = socket;
    this.session = all.length + 1;
    this.#all = all;
  }

  /** Logs on: reports follow from `first`, and the next new one gets `next`. */
  accept(first = 1, next = 1, heartbeat_ms = 60_000): void {
    const { account = 0, next: asked = 0 } = this.logon ?? {};
    const flags = asked !== 0 && asked !== first ? LogonAckFlag.Gap : 0;
    const [sessionLow, sessionHigh] = [lowLane(this.number), highLane(this.number)];
    const numbers = { first, next, position: ++position, heartbeat_ms, sessionLow, sessionHigh };
    this.say((b) => encodeLogonAck(b, 0, { account, flags, ...numbers }));
  }

  refuseLogon(reason: Reason): void {
    this.say((b) => encodeLogonRefused(b, 0, reason));
  }

  report(number: number, says: ReportSays): void {
    const bytes = new DataView(new ArrayBuffer(REPORT_BYTES));
    const u64 = (at: number, value: number) => bytes.setBigUint64(at, BigInt(value), true);
    bytes.setUint8(ReportLayout.kind, says.kind);
    bytes.setUint8(ReportLayout.reason, says.reason ?? 0);
    bytes.setUint8(ReportLayout.command, says.command ?? 0);
    bytes.setUint8(ReportLayout.flags, says.flags ?? 1);
    u64(ReportLayout.sequence, says.sequence ?? 0);
    u64(ReportLayout.orderId, says.id ?? 0);
    u64(ReportLayout.request, says.request ?? 0);
    const session = says.session ?? (says.request === undefined ? 0 : this.session);
    u64(ReportLayout.session, this.#all[session - 1]?.number ?? 0);
    u64(ReportLayout.lastPrice, says.lastPrice ?? 0);
    bytes.setUint32(ReportLayout.lastQuantity, says.lastQuantity ?? 0, true);
    bytes.setUint32(ReportLayout.leaves, says.leaves ?? 0, true);
    const words = new Int32Array(bytes.buffer, 0, REPORT_WORDS);
    this.say((b) => encodeExecutionReport(b, 0, lowLane(number), highLane(number), words, 0));
  }

  refuse(request: number, id: number, reason: Reason, type: MessageType): void {
    this.say((b) => encodeRefused(b, 0, lowLane(request), highLane(request), id, 0, reason, type));
  }

  openOrder(request: number, id: number, leaves: number, asOf: number): void {
    const { Rests, NoSuchOrder } = OpenOrderState;
    const state = leaves > 0 ? Rests : NoSuchOrder;
    const [low, high] = [lowLane(request), highLane(request)];
    this.say((b) => encodeOpenOrder(b, 0, low, high, state, 1, 3, id, 0, 100, 0, leaves, 0, 0, asOf));
  }

  openOrdersEnd(request: number, count: number, truncated: boolean, asOf: number): void {
    const [low, high] = [lowLane(request), highLane(request)];
    this.say((b) => encodeOpenOrdersEnd(b, 0, low, high, count, truncated, asOf));
  }

  instruments(request: number, names: readonly string[]): void {
    for (const [symbol, name] of names.entries())
      this.say((b) => encodeInstrument(b, 0, symbol, { name, priceDecimals: 2, tick: 1, lot: 1 }));
    this.say((b) => encodeInstrumentsEnd(b, 0, lowLane(request), highLane(request), names.length));
  }

  heartbeat(next: number): void {
    this.say((b) => encodeServerHeartbeat(b, 0, next));
  }

  say(encode: (view: DataView) => number): void {
    const view = new DataView(new ArrayBuffer(256));
    this.socket.write(new Uint8Array(view.buffer, 0, encode(view)));
  }
}

export interface SessionScript {
  /** A proved logon came: accepted by default, with nothing to follow. */
  readonly logon?: (peer: Peer) => void;
  readonly frame?: (peer: Peer, frame: SessionFrame) => void;
}

export interface SessionServer {
  readonly port: number;
  readonly peers: Peer[];
  close(): Promise<void>;
}

/** Everything is accepted, by one report each behind the first `number`, and nothing trades. */
export function acceptsAll(number = 0): SessionScript {
  return {
    logon: (peer) => peer.accept(number + 1, number + 1),
    frame: (peer, { type, request, id }) => {
      const { NewOrder, CancelOrder, MassCancel, Modify, Logout } = MessageType;
      if (type === Logout) {
        peer.say((b) => encodeLoggedOut(b, 0, 1));
        return peer.socket.end();
      }
      const answers = new Map<number, { kind: ReportKind; command: CommandKind }>([
        [NewOrder, { kind: ReportKind.Accepted, command: CommandKind.NewOrder }],
        [Modify, { kind: ReportKind.Modified, command: CommandKind.Modify }],
        [CancelOrder, { kind: ReportKind.Cancelled, command: CommandKind.Cancel }],
        [MassCancel, { kind: ReportKind.MassCancelled, command: CommandKind.MassCancel }],
      ]);
      const answer = answers.get(type);
      if (answer !== undefined) peer.report(++number, { ...answer, id, request });
    },
  };
}

export async function startSessionServer(script: SessionScript, onPort = 0): Promise<SessionServer> {
  const peers: Peer[] = [];
  const server: Server = createServer((socket) => {
    const peer = new Peer(socket, peers);
    peers.push(peer);
    socket.on("error", () => {});
    serve(peer, script);
  });
  await new Promise<void>((resolve) => server.listen(onPort, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = () =>
    new Promise<void>((resolve) => {
      for (const { socket } of peers) socket.destroy();
      server.close(() => resolve());
    });
  return { port, peers, close };
}

function serve(peer: Peer, script: SessionScript): void {
  const [sessionLow, sessionHigh] = [lowLane(peer.number), highLane(peer.number)];
  const challenge = { nonce: makeNonce(), sessionLow, sessionHigh };
  let rest: Uint8Array = new Uint8Array();
  peer.socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let view = viewOf(rest); isWhole(view); view = viewOf(rest)) {
      rest = rest.subarray(frameLength(view, 0));
      const type = frameType(view, 0);
      if (type === MessageType.LogonRequest) {
        peer.say((b) => encodeSessionChallenge(b, 0, challenge.nonce, sessionLow, sessionHigh));
      } else if (type === MessageType.Logon) {
        const { proof, ...terms } = readSessionLogon(view, 0);
        peer.logon = terms;
        const isProved = terms.name === "alice" && verify(sessionStatement(view, 0, challenge), proof);
        if (!isProved) peer.refuseLogon(Reason.NotAuthorised);
        else if (script.logon === undefined) peer.accept();
        else script.logon(peer);
      } else {
        const seen = readFrame(view, type);
        peer.frames.push(seen);
        script.frame?.(peer, seen);
      }
    }
  });
}

function readFrame(view: DataView, type: MessageType): SessionFrame {
  const request = frameSequenceHigh(view, 0) * 2 ** 32 + (frameSequenceLow(view, 0) >>> 0);
  const id = FRAME_HEADER_BYTES + NewOrderLayout.orderId;
  const { NewOrder, CancelOrder, Modify, OrderStatus } = MessageType;
  const hasId = type === NewOrder || type === CancelOrder || type === Modify || type === OrderStatus;
  return { type, request, id: hasId ? readCount(view, id) : 0 };
}

function isWhole(view: DataView): boolean {
  return view.byteLength >= FRAME_HEADER_BYTES && view.byteLength >= frameLength(view, 0);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
