// What gateway tests share: a transport that a test drives by hand, a sink with a bounded ring, frames by name.

import {
  type ListenAddress,
  type Listener,
  lowLane,
  RecordBuffer,
  type Transport,
} from "../../src/base/index.ts";
import type { CommandSink } from "../../src/gateway/index.ts";
import {
  AckLayout,
  CancelCause,
  CancelledLayout,
  COMMAND_WORDS,
  CommandWord,
  DecodeOutcome,
  decodeFrame,
  EVENT_WORDS,
  EventKind,
  EventWord,
  encodeCancelOrder,
  encodeHeartbeat,
  encodeHello,
  encodeInstruments,
  encodeModify,
  encodeNewOrder,
  FillLayout,
  FRAME_HEADER_BYTES,
  frameLength,
  frameType,
  HeartbeatLayout,
  HelloAckLayout,
  MessageType,
  RejectLayout,
  readInstrumentAnswer,
  readLowLane,
} from "../../src/protocol/index.ts";

/** The bytes one encoder writes. */
export function frame(write: (view: DataView, at: number) => number): Uint8Array {
  const view = new DataView(new ArrayBuffer(64));
  return new Uint8Array(view.buffer, 0, write(view, 0));
}

/** A limit order of symbol 0 with the given id; its request number is the id. */
export function order(id: number, price = 100, quantity = 10, side = 0): Uint8Array {
  return frame((v, at) => encodeNewOrder(v, at, id, 0, id, 0, 0, lowLane(price), 0, quantity, side, 0, 0));
}
export const cancel = (id: number) => frame((v, at) => encodeCancelOrder(v, at, id, 0, id, 0, 0));
export const modify = (id: number) => frame((v, at) => encodeModify(v, at, id, 0, id, 0, 0, 101, 0, 5));
export const heartbeat = (token: number) => frame((v, at) => encodeHeartbeat(v, at, token, 0));
export const hello = (account: number, flags = 0) =>
  frame((v, at) => encodeHello(v, at, 0, 0, account, flags));
export const instruments = () => frame((v, at) => encodeInstruments(v, at, 0, 0));

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Every frame of a stream in words, "Ack 7"; the last word is "cut" when it does not end between two frames. */
export function describeStream(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += frameLength(view, at)) {
    if (decodeFrame(view, at, bytes.length) !== DecodeOutcome.Ok) return [...words, "cut"];
    words.push(describeFrame(view, at));
  }
  return words;
}

function describeFrame(view: DataView, at: number): string {
  const body = at + FRAME_HEADER_BYTES;
  const low = (offset: number) => readLowLane(view, body + offset) >>> 0;
  switch (frameType(view, at)) {
    case MessageType.Ack:
      return `Ack ${low(AckLayout.orderId)}`;
    case MessageType.Reject:
      return `Reject ${low(RejectLayout.orderId)} ${view.getUint8(body + RejectLayout.reason)}`;
    case MessageType.Fill:
      return `Fill ${low(FillLayout.takerId)}/${low(FillLayout.makerId)}`;
    case MessageType.RestingFill:
      return `RestingFill ${low(FillLayout.takerId)}/${low(FillLayout.makerId)}`;
    case MessageType.Cancelled:
      return `Cancelled ${low(CancelledLayout.orderId)}`;
    case MessageType.HeartbeatAck:
      return `HeartbeatAck ${low(HeartbeatLayout.token)}`;
    case MessageType.HelloAck:
      return `HelloAck ${view.getUint32(body + HelloAckLayout.account)}`;
    case MessageType.Instrument:
      return `Instrument ${readInstrumentAnswer(view, at).name}`;
    default:
      return `type ${frameType(view, at)}`;
  }
}

/** A ring of `capacity` commands that keeps a copy of every committed one. */
export class RecordingSink implements CommandSink {
  readonly words = new Int32Array(COMMAND_WORDS);
  readonly commands: Int32Array[] = [];
  /** Commands it takes before it is full. */
  room = Number.POSITIVE_INFINITY;
  /** Called at each commit, as a node would apply it. */
  onCommit: (words: Int32Array) => void = () => {};

  arrived(): void {}

  taken(): void {}

  claim(): number {
    return this.room > 0 ? 0 : -1;
  }

  commit(): void {
    this.room--;
    const command = this.words.slice();
    this.commands.push(command);
    this.onCommit(command);
  }

  /** The request numbers of the commands, which tests make tell. */
  get requests(): number[] {
    return this.commands.map((command) => command[CommandWord.requestLow]);
  }
}

/** Keeps what was sent to each connection; a test says which sends are held and when they drain. */
export class ManualTransport implements Transport {
  readonly sends = new Map<number, Uint8Array[]>();
  readonly paused = new Set<number>();
  readonly closed = new Set<number>();
  readonly destroyed = new Set<number>();
  /** Connections whose sends are held from now on. */
  readonly holding = new Set<number>();
  readonly #held = new Map<number, { bytes: Uint8Array; from: number; to: number; copy: Uint8Array }>();

  listen(_address: ListenAddress): Promise<Listener> {
    throw new Error("a test opens connections itself");
  }

  send(connection: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#held.has(connection)) throw new Error("a send while one is held");
    if (to <= from) throw new Error("an empty send");
    const copy = bytes.slice(from, to);
    if (this.holding.has(connection)) {
      this.#held.set(connection, { bytes, from, to, copy });
      return false;
    }
    this.#sent(connection, copy);
    return true;
  }

  /** Lets the held send go: true if there was one. It must still be the bytes that were given. */
  drain(connection: number): boolean {
    const held = this.#held.get(connection);
    if (held === undefined) return false;
    this.#held.delete(connection);
    if (Buffer.compare(held.bytes.subarray(held.from, held.to), held.copy) !== 0) {
      throw new Error("held memory changed");
    }
    this.#sent(connection, held.copy);
    return true;
  }

  #sent(connection: number, bytes: Uint8Array): void {
    this.sends.set(connection, [...(this.sends.get(connection) ?? []), bytes]);
  }

  /** All bytes sent to a connection so far. */
  stream(connection: number): Uint8Array {
    return concat(...(this.sends.get(connection) ?? []));
  }

  /** What a test says that each peer has not acknowledged. */
  readonly unacknowledged_bytes = new Map<number, number>();

  unacknowledgedBytes(connection: number): number {
    return this.unacknowledged_bytes.get(connection) ?? -1;
  }

  #turned: (() => void) | undefined = undefined;

  nextTurn(turned: () => void): void {
    if (this.#turned !== undefined) throw new Error("a turn is asked for once");
    this.#turned = turned;
  }

  /** The next turn of the event loop, for who asked for it. */
  turn(): void {
    const turned = this.#turned;
    this.#turned = undefined;
    turned?.();
  }

  pause(connection: number): void {
    this.paused.add(connection);
  }
  resume(connection: number): void {
    this.paused.delete(connection);
  }
  close(connection: number): void {
    this.closed.add(connection);
  }
  destroy(connection: number): void {
    this.#held.delete(connection);
    this.destroyed.add(connection);
  }
}

export interface ScriptedTrade {
  readonly maker: number;
  readonly makerAccount: number;
}

/** An events buffer and a writer for it, in place of an engine: accepts or rejects, and trades as told. */
export class ScriptedEngine {
  readonly events: RecordBuffer;
  #sequence = 0;

  constructor(drain: (events: RecordBuffer) => void, capacity = 4) {
    this.events = new RecordBuffer(EVENT_WORDS, capacity, drain);
  }

  accept(command: Int32Array, trades: readonly ScriptedTrade[] = []): void {
    this.#event(EventKind.Accept, command);
    for (const { maker, makerAccount } of trades) {
      const at = this.#event(EventKind.Trade, command);
      this.events.words[at + EventWord.makerIdLow] = maker;
      this.events.words[at + EventWord.makerAccount] = makerAccount;
    }
    this.events.drain();
  }

  /** What a kill switch of `account` leads to: its orders cancelled, by a command without a session. */
  kill(account: number, ...orders: readonly number[]): void {
    for (const id of orders) {
      const at = this.#event(EventKind.Cancel, new Int32Array(COMMAND_WORDS));
      this.events.words[at + EventWord.kindReasonCommandFlags] |= CancelCause.KillSwitch << 8;
      this.events.words[at + EventWord.account] = account;
      this.events.words[at + EventWord.orderIdLow] = id;
    }
    this.events.drain();
  }

  /** The first answer again: that of event `sequence`, or the refusal for `reason`. */
  repeat(command: Int32Array, sequence: number, reason: number): void {
    const at = this.#event(EventKind.Repeat, command);
    this.events.words[at + EventWord.sequenceLow] = sequence;
    this.events.words[at + EventWord.kindReasonCommandFlags] |= reason << 8;
    this.events.drain();
  }

  reject(command: Int32Array, reason: number): void {
    const at = this.#event(EventKind.Reject, command);
    this.events.words[at + EventWord.kindReasonCommandFlags] |= reason << 8;
    this.events.drain();
  }

  #event(kind: number, command: Int32Array): number {
    const at = this.events.claim();
    const { words } = this.events;
    words[at + EventWord.kindReasonCommandFlags] = kind;
    words[at + EventWord.orderIdLow] = command[CommandWord.orderIdLow];
    words[at + EventWord.account] = command[CommandWord.account];
    words[at + EventWord.sequenceLow] = ++this.#sequence;
    return at;
  }
}
