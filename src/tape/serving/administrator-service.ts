// The administrators of a broker: a connection each, one request after the other. What comes while one is carried out waits where it
// was read, and the connection is read no further; its answer is out before the next one is begun. So a peer that asks on
// and reads nothing holds up itself alone.

import type { Clock, Transport } from "../../base/index.ts";
import {
  decodeText,
  encodeEnd,
  encodeText,
  TAPE_REPLY_BYTES_MAX,
  TapeAccepted,
  type TapeMemory,
  TapeReason,
  TapeSender,
  TapeStream,
  TapeType,
  tapeMemoryOf,
  tapeReasonText,
  writeAccepted,
} from "../../protocol/index.ts";
import { Administration, type AdministrationOptions, type MayAdminister } from "./administration.ts";
import { heartbeatMessage } from "./subscriber-messages.ts";

/** An administrator that says nothing for so long is gone; it may connect again. */
const IDLE_us = 600_000_000;
/** Says that the broker is there, when nothing else was said for so long. */
const HEARTBEAT_us = 1_000_000;
/** A closed connection that is not gone by then is broken off. */
const LINGER_us = 10_000_000;

/** Of no topic, so its number is 0. It never changes: a transport may hold it for any number of connections. */
const HEARTBEAT = heartbeatMessage(0);

type AdministratorTransport = Pick<Transport, "send" | "close" | "destroy" | "pause" | "resume">;

interface Administrator {
  readonly connection: number;
  readonly may: MayAdminister;
  readonly stream: TapeStream;
  /** Requests that were read and not begun: those of one read at most. */
  readonly waiting: string[];
  isBusy: boolean;
  /** It asks for nothing more: closed when what it asked for is answered. */
  isLeaving: boolean;
  isHeld: boolean;
  /** Ready, and waits until what is held is out. */
  answer: Uint8Array | undefined;
  heard_us: number;
  said_us: number;
  over_us: number | undefined;
}

interface AdministratorServiceOptions extends AdministrationOptions {
  readonly transport: AdministratorTransport;
  readonly clock: Clock;
}

export class AdministratorService {
  readonly #transport: AdministratorTransport;
  readonly #clock: Clock;
  readonly #administration: Administration;
  readonly #administrators = new Map<number, Administrator>();

  constructor(options: AdministratorServiceOptions) {
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#administration = new Administration(options);
  }

  get count(): number {
    return this.#administrators.size;
  }

  /** Takes a connection over, with nothing of it held by the transport, and says Accepted. */
  open(connection: number, may: MayAdminister): void {
    const administrator: Administrator = {
      ...{
        connection,
        may,
        waiting: [],
        isBusy: false,
        isLeaving: false,
        isHeld: false,
        answer: undefined,
        over_us: undefined,
      },
      stream: new TapeStream(TapeSender.Administrator, (bytes) => new Uint8Array(bytes)),
      heard_us: this.#clock.monotonicMicros(),
      said_us: 0,
    };
    this.#administrators.set(connection, administrator);
    const bytes = new Uint8Array(TapeAccepted.bytes);
    const numbers = { topic: 0, order: 0, ack: 0, epoch: 0, lastBatch: 0, nextRecord: 0, oldestRecord: 0 };
    writeAccepted(tapeMemoryOf(bytes), 0, { ...numbers, lease_ms: 0 });
    this.#send(administrator, bytes);
  }

  received(connection: number, bytes: Uint8Array): void {
    const administrator = this.#administrators.get(connection);
    if (administrator === undefined || administrator.isLeaving || administrator.over_us !== undefined) return;
    administrator.heard_us = this.#clock.monotonicMicros();
    const problem = administrator.stream.receive(bytes, (type, memory, length) =>
      this.#message(administrator, type, memory, length),
    );
    if (problem !== TapeReason.None) return this.#end(administrator, problem);
    this.#next(administrator);
  }

  drained(connection: number): void {
    const administrator = this.#administrators.get(connection);
    if (administrator === undefined) return;
    administrator.isHeld = false;
    if (administrator.answer !== undefined) this.#answer(administrator, administrator.answer);
    else this.#next(administrator);
  }

  ended(connection: number): void {
    const administrator = this.#administrators.get(connection);
    if (administrator === undefined) return;
    administrator.isLeaving = true;
    this.#next(administrator);
  }

  /** It is gone: what it asked for and was not begun is not done. */
  closed(connection: number): void {
    const administrator = this.#administrators.get(connection);
    if (administrator === undefined) return;
    administrator.over_us ??= this.#clock.monotonicMicros();
    this.#administrators.delete(connection);
  }

  /** Some times a second: heartbeats, and who is gone. */
  tick(): void {
    const now_us = this.#clock.monotonicMicros();
    for (const administrator of this.#administrators.values()) {
      const { over_us, heard_us, said_us, isBusy, isHeld, connection } = administrator;
      if (over_us !== undefined) {
        if (now_us - over_us >= LINGER_us) this.#transport.destroy(connection);
      } else if (!isBusy && now_us - heard_us >= IDLE_us) this.#end(administrator, TapeReason.TooSlow);
      // Also while a request is carried out, which may take longer than anybody believes in a broker that says nothing.
      else if (!isHeld && now_us - said_us >= HEARTBEAT_us) this.#send(administrator, HEARTBEAT);
    }
  }

  shutDown(): void {
    for (const administrator of this.#administrators.values())
      this.#end(administrator, TapeReason.ShuttingDown);
  }

  #message(administrator: Administrator, type: TapeType, memory: TapeMemory, length: number): boolean {
    const text = type === TapeType.Request ? decodeText(memory, 0, length) : undefined;
    if (text !== undefined) administrator.waiting.push(text);
    else if (type === TapeType.Bye) administrator.isLeaving = true;
    else if (type !== TapeType.Heartbeat) this.#end(administrator, TapeReason.Malformed);
    return !administrator.isLeaving && administrator.over_us === undefined;
  }

  /** Begins the next request when the one before is done and its answer out. */
  #next(administrator: Administrator): void {
    const { connection, waiting, may, isLeaving } = administrator;
    if (administrator.isBusy || administrator.isHeld || administrator.over_us !== undefined) return;
    const text = waiting.shift();
    if (text === undefined)
      return isLeaving ? this.#close(administrator) : this.#transport.resume(connection);
    administrator.isBusy = true;
    this.#transport.pause(connection);
    void this.#administration.carryOut(text, may).then(
      (reply) => this.#answer(administrator, encodeText(TapeType.Reply, JSON.stringify(reply))),
      () => this.#end(administrator, TapeReason.ShuttingDown),
    );
  }

  #answer(administrator: Administrator, bytes: Uint8Array): void {
    administrator.answer = administrator.isHeld ? bytes : undefined;
    if (administrator.isHeld) return;
    administrator.isBusy = false;
    if (administrator.over_us !== undefined) return;
    // Nothing of it was read meanwhile.
    administrator.heard_us = this.#clock.monotonicMicros();
    // A thousand topics of the longest names fit; nothing else comes near it.
    if (bytes.length > TAPE_REPLY_BYTES_MAX) return this.#end(administrator, TapeReason.Malformed);
    this.#send(administrator, bytes);
    this.#next(administrator);
  }

  #send(administrator: Administrator, bytes: Uint8Array): void {
    administrator.said_us = this.#clock.monotonicMicros();
    administrator.isHeld = !this.#transport.send(administrator.connection, bytes, 0, bytes.length);
  }

  /** Says why, unless an answer is held. */
  #end(administrator: Administrator, reason: TapeReason): void {
    if (administrator.over_us !== undefined) return;
    const text = tapeReasonText(reason);
    if (!administrator.isHeld)
      this.#send(administrator, encodeEnd(TapeType.Fault, { reason, detail: 0, text }));
    this.#close(administrator);
  }

  #close(administrator: Administrator): void {
    if (administrator.over_us !== undefined) return;
    administrator.over_us = this.#clock.monotonicMicros();
    administrator.waiting.length = 0;
    this.#transport.close(administrator.connection);
  }
}
