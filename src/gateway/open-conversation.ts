// The conversation of a connection that has proved nothing: version 1 and Hello, where anybody may say which account he is,
// and the way to a logon, which only one takes that has said nothing of the kind.

import {
  CommandFlag,
  FRAME_HEADER_BYTES,
  HeartbeatLayout,
  HelloFlag,
  HelloLayout,
  MessageType,
  Reason,
  readHighLane,
  readLowLane,
} from "../protocol/index.ts";
import { outOfPlace } from "./closing.ts";
import { CloseReason, type GatewayCounters } from "./limits.ts";
import {
  type CommandSink,
  type Conversation,
  type LogonDoor,
  type OrderSession,
  type SessionHost,
  SessionState,
} from "./order-session.ts";
import { REQUEST_ORDER_ID, writeOrder } from "./order-writer.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const NEW_ORDER = MessageType.NewOrder;
const CANCEL_ORDER = MessageType.CancelOrder;
const MODIFY = MessageType.Modify;

export class OpenConversation implements Conversation {
  readonly #session: OrderSession;
  readonly #sink: CommandSink;
  readonly #host: SessionHost;
  readonly #counters: GatewayCounters;
  readonly #door: LogonDoor | undefined;
  /** A request on an order was taken: account and flags are fixed. */
  #ordered = false;
  #hasSaidHello = false;
  /** Of every command: CommandFlag. */
  #flags = 0;

  constructor(
    session: OrderSession,
    sink: CommandSink,
    host: SessionHost,
    counters: GatewayCounters,
    door: LogonDoor | undefined,
  ) {
    this.#session = session;
    this.#sink = sink;
    this.#host = host;
    this.#counters = counters;
    this.#door = door;
  }

  handle(view: DataView, at: number, type: MessageType): boolean {
    switch (type) {
      case NEW_ORDER:
      case CANCEL_ORDER:
      case MODIFY:
        return this.#order(view, at, type);
      default:
        return this.#other(view, at, type);
    }
  }

  /** Apart from orders, so that their way is short enough to become one function of machine code. */
  #other(view: DataView, at: number, type: MessageType): boolean {
    switch (type) {
      case MessageType.Heartbeat: {
        const token = at + FRAME_HEADER_BYTES + HeartbeatLayout.token;
        this.#host.heartbeat(readLowLane(view, token), readHighLane(view, token));
        return true;
      }
      case MessageType.Hello:
        return this.#hello(
          view.getUint32(at + FRAME_HEADER_BYTES + HelloLayout.account),
          view.getUint32(at + FRAME_HEADER_BYTES + HelloLayout.flags),
        );
      case MessageType.Instruments:
        // A list is long: nobody unproved is told it where there is no open mode.
        if (this.#host.refusal === Reason.NotLoggedOn) return this.#malformed(type);
        this.#host.listInstruments();
        return true;
      default:
        return this.#logon(view, at, type);
    }
  }

  throttle(view: DataView, at: number): void {
    const id = at + REQUEST_ORDER_ID;
    this.#host.refuse(readLowLane(view, id), readHighLane(view, id), Reason.Throttled);
    this.#counters.refused++;
  }

  #logon(view: DataView, at: number, type: MessageType): boolean {
    const door = this.#ordered || this.#hasSaidHello ? undefined : this.#door;
    if (type === MessageType.Logon && door !== undefined) return door.logon(view, at);
    if (type === MessageType.LogonRequest && door?.logonRequested()) return true;
    return this.#malformed(type);
  }

  #malformed(type: MessageType): false {
    this.#session.end(CloseReason.Malformed, outOfPlace(type));
    return false;
  }

  #order(view: DataView, at: number, type: MessageType): boolean {
    this.#ordered = true;
    const { refusal } = this.#host;
    if (refusal !== 0) {
      const id = at + REQUEST_ORDER_ID;
      this.#host.refuse(readLowLane(view, id), readHighLane(view, id), refusal);
      this.#counters.refused++;
      return true;
    }
    const slot = this.#sink.claim();
    if (slot < 0) {
      this.#session.state = SessionState.SinkFull;
      return false;
    }
    writeOrder(
      view,
      at,
      type,
      this.#sink.words,
      slot,
      this.#session,
      this.#flags,
      this.#host.answerLimit_fills(),
    );
    this.#counters.commands++;
    this.#sink.commit();
    return true;
  }

  #hello(account: number, helloFlags: number): boolean {
    const session = this.#session;
    const flags = (helloFlags & HelloFlag.Once) !== 0 ? CommandFlag.Once : 0;
    if (this.#ordered && (account !== session.account || flags !== this.#flags)) {
      session.end(CloseReason.Malformed, outOfPlace(MessageType.Hello));
      return false;
    }
    if (!this.#host.hello(account)) {
      session.end(CloseReason.UnknownAccount);
      return false;
    }
    session.account = account;
    this.#hasSaidHello = true;
    this.#flags = flags;
    return true;
  }
}
