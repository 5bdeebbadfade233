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
  readHelloFlags,
  readHighLane,
  readLowLane,
} from "../protocol/index.ts";
import { outOfPlace } from "./closing.ts";
import type { Conversation, LogonDoor, SessionHost } from "./conversation.ts";
import { CloseReason } from "./limits.ts";
import type { OrderSession } from "./order-session.ts";
import { REQUEST_ORDER_ID } from "./order-writer.ts";

export class OpenConversation implements Conversation {
  readonly #session: OrderSession;
  readonly #host: SessionHost;
  readonly #door: LogonDoor | undefined;
  #hasSaidHello = false;
  flags = 0;

  constructor(session: OrderSession, host: SessionHost, door: LogonDoor | undefined) {
    this.#session = session;
    this.#host = host;
    this.#door = door;
  }

  get refusal(): Reason {
    return this.#host.refusal;
  }

  answerLimit_fills(): number {
    return this.#host.answerLimit_fills();
  }

  handle(view: DataView, at: number, type: MessageType): boolean {
    switch (type) {
      case MessageType.Heartbeat: {
        const token = at + FRAME_HEADER_BYTES + HeartbeatLayout.token;
        this.#host.heartbeat(readLowLane(view, token), readHighLane(view, token));
        return true;
      }
      case MessageType.Hello:
        return this.#hello(
          view.getUint32(at + FRAME_HEADER_BYTES + HelloLayout.account),
          readHelloFlags(view, at),
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

  refuse(view: DataView, at: number, _type: MessageType, reason: Reason): void {
    const id = at + REQUEST_ORDER_ID;
    this.#host.refuse(readLowLane(view, id), readHighLane(view, id), reason);
  }

  #logon(view: DataView, at: number, type: MessageType): boolean {
    const door = this.#session.hasOrdered || this.#hasSaidHello ? undefined : this.#door;
    if (type === MessageType.Logon && door !== undefined) return door.logon(view, at);
    if (type === MessageType.LogonRequest && door?.logonRequested()) return true;
    return this.#malformed(type);
  }

  #malformed(type: MessageType): false {
    this.#session.end(CloseReason.Malformed, outOfPlace(type));
    return false;
  }

  #hello(account: number, helloFlags: number): boolean {
    const session = this.#session;
    const flags = (helloFlags & HelloFlag.Once) !== 0 ? CommandFlag.Once : 0;
    if (session.hasOrdered && (account !== session.account || flags !== this.flags)) {
      session.end(CloseReason.Malformed, outOfPlace(MessageType.Hello));
      return false;
    }
    if (!this.#host.hello(account)) {
      session.end(CloseReason.UnknownAccount, { account });
      return false;
    }
    session.account = account;
    this.#hasSaidHello = true;
    this.flags = flags;
    return true;
  }
}
