// One connection's conversation, free of sockets: bytes in, commands out. Frames may be split anywhere; what a whole one
// means is its conversation's (open-conversation.ts: nobody has proved who he is). A frame that is not a client's ends the
// session, and nothing of it or behind it has any effect. When the sequencer's ring or the connection's output is full, or
// its share of the turn is used up, the session stops in mid-chunk, keeps what is left of the chunk and goes on at
// `resume`; its host stops reading meanwhile.
//
// Invariants: commands depend on the bytes only, never on how they were split; what is kept between two calls is less
// than one frame, or, when stalled, at most that and what was received last.
//
// `commit` is re-entrant: the node may apply the command at once, and the answers of this very session are appended,
// or its connection is given up (`end`), before `commit` returns.

import { assert } from "../base/index.ts";
import {
  CLIENT_FRAME_BYTES_MAX,
  DecodeOutcome,
  decodeBody,
  decodeHeader,
  decodeOutcomeName,
  frameLength,
  frameType,
  MessageType,
  Reason,
  TYPE_MAX_VERSION_2,
} from "../protocol/index.ts";
import { type CloseDetails, outOfPlace } from "./closing.ts";
import type { Conversation, LogonDoor, SessionHost } from "./conversation.ts";
import { CloseReason, type GatewayCounters } from "./limits.ts";
import { OpenConversation } from "./open-conversation.ts";
import { writeOrder } from "./order-writer.ts";

/** Where commands go: the sequencer's side, one slot at a time. */
export interface CommandSink {
  /** The records claimed slots lie in. */
  readonly words: Int32Array;
  /** Bytes have come in, or are looked at again: what is claimed until `taken` was in them. */
  arrived(): void;
  /** All of them has been looked at, as far as can be now. */
  taken(): void;
  /** Word offset of the next free slot, or -1 when there is none now. Claiming again without a commit is free. */
  claim(): number;
  /** The claimed slot holds a command: it takes the next position. May apply it before it returns. */
  commit(): void;
}

export const SessionState = {
  Open: 0,
  /** Stopped in mid-chunk: the sequencer's ring is full. */
  SinkFull: 1,
  /** Stopped in mid-chunk: too many answers wait. */
  OutputFull: 2,
  /** Stopped in mid-chunk: it has had its share of this turn, and others have theirs. */
  TurnOver: 3,
  /** Stopped in mid-chunk: its logon's proof is being looked at, or waits for that. */
  ProofAwaited: 4,
  /** Over: nothing is taken any more. */
  Ended: 5,
} as const;
export type SessionState = (typeof SessionState)[keyof typeof SessionState];

/** Memory in which a received chunk stands behind what was kept of the one before; one for all sessions of a thread. */
export class SessionInput {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  /** `chunk_bytes`: the longest piece parsed at once, beside one kept frame. */
  constructor(chunk_bytes = 65_536) {
    this.bytes = new Uint8Array(CLIENT_FRAME_BYTES_MAX + chunk_bytes);
    this.view = new DataView(this.bytes.buffer);
  }
}

// Copies, for speed: docs/adr/constants-of-hot-files.md
const DECODED = DecodeOutcome.Ok;
const CANCEL_ORDER = MessageType.CancelOrder;
const MODIFY = MessageType.Modify;
const NEW_ORDER = MessageType.NewOrder;
const OPEN = SessionState.Open;
const TRUNCATED = DecodeOutcome.Truncated;
const ACCEPTED = Reason.None;

const NOTHING = new Uint8Array(0);
/** More than any chunk holds: the budget of a session whose host shares out no turns. */
const UNLIMITED = 0x3fff_ffff;
const NOBODY = -1;

/** By type: 1 where clients send it. */
const IS_REQUEST = new Uint8Array(TYPE_MAX_VERSION_2 + 1);
for (const type of [
  MessageType.NewOrder,
  MessageType.CancelOrder,
  MessageType.Heartbeat,
  MessageType.Hello,
  MessageType.Modify,
  MessageType.Instruments,
  MessageType.LogonRequest,
  MessageType.Logon,
  MessageType.MassCancel,
  MessageType.OrderStatus,
  MessageType.OpenOrders,
  MessageType.Logout,
])
  IS_REQUEST[type] = 1;

export class OrderSession {
  state: SessionState = SessionState.Open;
  /** Why it is Ended. */
  closeReason: CloseReason = CloseReason.PeerEnded;
  closeDetails: CloseDetails | undefined = undefined;
  account = 0;
  readonly sessionLow: number;
  readonly sessionHigh: number;
  /** Who says what frames mean. */
  conversation: Conversation;
  received_bytes = 0;
  /** Taken so far; as of the last bytes that came. */
  frames = 0;
  /** Its peer is gone: nothing of it can wait for another turn. */
  isLast = false;
  /** Its requests count towards a rate: its host is asked. Told, not asked for: most open connections have none. */
  isCounted = true;
  /** A request on an order was taken, or refused. */
  hasOrdered = false;
  readonly #host: SessionHost;
  readonly #sink: CommandSink;
  readonly #input: SessionInput;
  readonly #counters: GatewayCounters;
  /** The beginning of a frame whose rest has not come yet. Made at the first one: most connections of a flood never say a word. */
  #cut = NOTHING;
  #cut_bytes = 0;
  /** Stalled: what is still to be parsed. */
  #rest: Uint8Array = NOTHING;
  /** What it may still take before its turn is over. */
  #frames_left = UNLIMITED;
  /** The frame at which it has stalled was within the rate: it is not counted again when it is taken. */
  #isAdmitted = false;
  /** Whose tokens are enough for what it may take of this piece of input, or NOBODY: then each request is asked for. */
  #richAccount = NOBODY;
  /** Taken of it without asking. */
  #orders = 0;
  #cancels = 0;
  #bytes_left = UNLIMITED;

  constructor(
    session: { readonly low: number; readonly high: number },
    sink: CommandSink,
    host: SessionHost,
    input: SessionInput,
    counters: GatewayCounters,
    door?: LogonDoor,
  ) {
    this.sessionLow = session.low;
    this.sessionHigh = session.high;
    this.#host = host;
    this.#sink = sink;
    this.#input = input;
    this.#counters = counters;
    this.conversation = new OpenConversation(this, host, door);
  }

  /** Takes bytes of the peer. Not to be called while stalled. */
  received(bytes: Uint8Array): void {
    assert(this.#rest.length === 0, "a stalled session is resumed before it is given more");
    if (this.state !== SessionState.Open) return;
    this.#counters.received_bytes += bytes.length;
    this.received_bytes += bytes.length;
    this.#takeAll(bytes, false);
  }

  /** The ring is full: `bytes`, which are lent, or what it has kept of those before, wait for room as if it had stalled at them. */
  stall(bytes: Uint8Array = NOTHING): void {
    if (this.state === SessionState.Ended) return;
    this.state = SessionState.SinkFull;
    if (bytes.length === 0) return;
    assert(this.#rest.length === 0, "a stalled session is resumed before it is given more");
    this.#counters.received_bytes += bytes.length;
    this.received_bytes += bytes.length;
    this.#keepRest(bytes, 0, false);
  }

  /** The rest of a frame is awaited. */
  get isMidFrame(): boolean {
    return this.state === SessionState.Open && this.#cut_bytes > 0;
  }

  /** Its turn begins: until the next one it takes so much and no more. */
  beginTurn(frames: number, bytes: number): void {
    this.#frames_left = frames;
    this.#bytes_left = bytes;
  }

  /** Goes on where it stalled; may stall again. */
  resume(): void {
    if (this.state === SessionState.Ended) return;
    this.state = SessionState.Open;
    const rest = this.#rest;
    this.#rest = NOTHING;
    this.#takeAll(rest, true);
  }

  /**
   * The peer is gone: what came before and waits is taken now, one chunk at most, as far as the ring has room. Not of one that did
   * not read its answers: there is no room for more. Nor of one whose proof is not looked at yet: nobody knows whose it is.
   */
  takeLast(): void {
    if (this.state !== SessionState.TurnOver && this.state !== SessionState.SinkFull) return;
    this.isLast = true;
    this.beginTurn(UNLIMITED, UNLIMITED);
    this.resume();
  }

  /** The connection is given up: nothing more is taken, also by a `received` further up the stack. */
  end(reason: CloseReason, details?: CloseDetails): void {
    if (this.state === SessionState.Ended) return;
    // Before anybody looks at what the session leaves owing.
    if (this.#richAccount !== NOBODY) this.#spend();
    this.closeDetails = details;
    this.state = SessionState.Ended;
    this.closeReason = reason;
    this.#rest = NOTHING;
  }

  /** `isOwn`: `bytes` are the session's to keep; otherwise they are lent for this call. */
  #takeAll(bytes: Uint8Array, isOwn: boolean): void {
    const { bytes: input } = this.#input;
    for (let from = 0; from < bytes.length && this.state === SessionState.Open; ) {
      const kept = this.#cut_bytes;
      const to = Math.min(bytes.length, from + Math.min(input.length - kept, this.#bytes_left));
      if (to === from) {
        this.state = SessionState.TurnOver;
        this.#keepRest(bytes, from, isOwn);
        return;
      }
      // A frame's worth at most, byte by byte: a view to copy from would be an object per chunk.
      for (let i = 0; i < kept; i++) input[i] = this.#cut[i];
      input.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), kept);
      const length = kept + to - from;
      const at = this.#parse(length);
      this.#bytes_left -= to - from;
      if (this.state === SessionState.Open) this.#keepCut(at, length);
      // What was kept is the beginning of the first frame: one that was not taken is still there.
      else if (at === 0) this.#keepRest(bytes, from, isOwn);
      else {
        this.#cut_bytes = 0;
        this.#keepRest(bytes, to - (length - at), isOwn);
      }
      from = to;
    }
  }

  /** Handles whole frames of the input's first `length` bytes and returns where it stopped. */
  #parse(length: number): number {
    const { view } = this.#input;
    // Counted here and added up once: three counters of every frame would be three loads and stores of each.
    let left = this.#frames_left;
    let at = 0;
    if (this.isCounted && this.#host.haveTokens(left)) this.#richAccount = this.account;
    while (this.state === OPEN) {
      const header = decodeHeader(view, at, length);
      if (header === TRUNCATED) break;
      const type = frameType(view, at);
      if (header !== DECODED || !isRequest(type)) {
        this.#malformed(header, type);
        break;
      }
      const body = decodeBody(view, at, length, type);
      if (body === TRUNCATED) break;
      if (body !== DECODED) {
        this.#malformed(body, type);
        break;
      }
      if (left === 0) {
        this.state = SessionState.TurnOver;
        break;
      }
      if (!this.#handle(view, at, type)) break;
      left--;
      at += frameLength(view, at);
    }
    this.#took(this.#frames_left - left);
    if (this.#richAccount !== NOBODY) this.#spend();
    return at;
  }

  #spend(): void {
    this.#richAccount = NOBODY;
    this.#host.spend(this.#orders, this.#cancels);
    this.#orders = 0;
    this.#cancels = 0;
  }

  #took(frames: number): void {
    this.#frames_left -= frames;
    this.#counters.frames += frames;
    this.frames += frames;
  }

  /** Of a frame that decodes: only servers send that type. */
  #malformed(outcome: DecodeOutcome, type: MessageType): void {
    const isServers = outcome === DecodeOutcome.Ok;
    const details = isServers ? outOfPlace(type) : { outcome: decodeOutcomeName(outcome), type };
    this.end(CloseReason.Malformed, details);
  }

  /** A frame that is cut at the end of what has come is kept until its rest comes. */
  #keepCut(at: number, length: number): void {
    const { bytes: input } = this.#input;
    if (length > at && this.#cut === NOTHING) this.#cut = new Uint8Array(CLIENT_FRAME_BYTES_MAX);
    for (let i = at; i < length; i++) this.#cut[i - at] = input[i];
    this.#cut_bytes = length - at;
  }

  /** Stalled at `from` of `bytes`: once per chunk they are copied, so this may allocate. */
  #keepRest(bytes: Uint8Array, from: number, isOwn: boolean): void {
    if (this.state === SessionState.Ended) return;
    this.#rest = isOwn ? bytes.subarray(from) : bytes.slice(from);
  }

  /** False: the frame was not taken (stalled or ended). */
  #handle(view: DataView, at: number, type: MessageType): boolean {
    if (!this.#host.hasRoom()) {
      this.state = SessionState.OutputFull;
      return false;
    }
    if (this.isCounted && !this.#isWithinRate(view, at, type)) return true;
    const isTaken = isOrder(type) ? this.order(view, at, type) : this.conversation.handle(view, at, type);
    this.#isAdmitted = !isTaken;
    return isTaken;
  }

  /**
   * The request on orders at `at` becomes a command, whoever sent it: what follows from the commit becomes part of the loop's machine
   * code, and there is room for it once. False: it was not taken, the session has stalled.
   */
  order(view: DataView, at: number, type: MessageType): boolean {
    this.hasOrdered = true;
    const { conversation } = this;
    const { refusal } = conversation;
    if (refusal !== ACCEPTED) {
      this.#refuse(view, at, type, refusal);
      return true;
    }
    const slot = this.#sink.claim();
    if (slot < 0) {
      this.state = SessionState.SinkFull;
      return false;
    }
    writeOrder(
      view,
      at,
      type,
      this.#sink.words,
      slot,
      this,
      conversation.flags,
      conversation.answerLimit_fills(),
    );
    this.#counters.commands++;
    this.#sink.commit();
    return true;
  }

  #refuse(view: DataView, at: number, type: MessageType, reason: Reason): void {
    this.conversation.refuse(view, at, type, reason);
    this.#counters.refused++;
  }

  /** False: it was told that it is over the rate. */
  #isWithinRate(view: DataView, at: number, type: MessageType): boolean {
    // Says who he is in the middle of a piece: another's tokens. Admitted: its tokens are taken.
    if (this.#richAccount !== this.account || this.#isAdmitted) return this.#ask(view, at, type);
    if (type === NEW_ORDER || type === MODIFY) this.#orders++;
    else if (type === CANCEL_ORDER) this.#cancels++;
    else return this.#ask(view, at, type);
    return true;
  }

  #ask(view: DataView, at: number, type: MessageType): boolean {
    if (this.#isAdmitted || this.#host.admits(type)) return true;
    this.#refuse(view, at, type, Reason.Throttled);
    return false;
  }
}

function isOrder(type: MessageType): boolean {
  return type === NEW_ORDER || type === CANCEL_ORDER || type === MODIFY;
}

/** Whether clients send this type. */
function isRequest(type: MessageType): boolean {
  return IS_REQUEST[type] === 1;
}
