// Where connections come in: each says who it is and what for, proves it, is let in or refused, and then belongs to whoever serves its
// role. From there on everything that the transport says of it is passed on as it is.
//
//   opened --> Opening --handshake--> [ topic made and opened, session opened ] --> publishers | subscribers | administrators
//        any step: Refused, then the end; a Hello that takes too long: HelloLate

import { type Clock, type CloseCause, connectionSlot } from "../../base/index.ts";
import type { NetTransport, SpaceHandler } from "../../platform/index.ts";
import {
  encodeEnd,
  encodeTapeChallenge,
  TapeReason,
  TapeType,
  tapeReasonText,
  tapeReservedText,
  tapeTopicReasonText,
} from "../../protocol/index.ts";
import { HandshakeState, type TapeAccess } from "../../tape/index.ts";
import { Opening } from "./opening.ts";

/** From the first byte on, the proof included; what has to be asked for it afterwards does not count. */
const HELLO_us = 5_000_000;

/** What is read of a connection that says nothing else about it: as much as loopback brings at once, and no more than what may wait
 * in memory for each connection that is not read further. */
const SCRATCH_BYTES = 128 * 1024;

/** Where keys are asked for: of all connections, what those may be that have not proved one, 1 / this. */
const STRANGERS_SHARE = 2;

/** Who serves a role. */
export interface RoleService {
  /** Where the next bytes are to be read to, and then `filled`; without it, or undefined: they are `received`. */
  space?(connection: number): Uint8Array | undefined;
  filled?(connection: number, count: number): void;
  received(connection: number, bytes: Uint8Array): void;
  drained(connection: number): void;
  ended(connection: number): void;
  closed(connection: number): void;
}

export interface ReceptionOptions {
  readonly transport: NetTransport;
  readonly access: TapeAccess;
  readonly clock: Clock;
  readonly connectionsMax: number;
  /** Its handshake is over, and it is not read: `takeOver` or `refuse` follows. */
  readonly admit: (opening: Opening) => void;
  /** It is gone before it was taken over. */
  readonly gone: (opening: Opening) => void;
}

export class Reception implements SpaceHandler {
  /** Since the start: connections, and those of them that were not let in. */
  arrived = 0;
  refused = 0;
  readonly #options: ReceptionOptions;
  /** By slot. */
  readonly #openings: (Opening | undefined)[];
  readonly #services: (RoleService | undefined)[];
  /** Shared: what is read is taken out of it before the next read. */
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  /** Whose handshake is not over, the one that came first ahead. */
  readonly #strangers = new Set<Opening>();
  readonly #strangersMax: number;
  #isClosing = false;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#openings = new Array(options.connectionsMax).fill(undefined);
    this.#services = new Array(options.connectionsMax).fill(undefined);
    const share = Math.max(1, Math.floor(options.connectionsMax / STRANGERS_SHARE));
    this.#strangersMax = options.access.isOpen ? options.connectionsMax : share;
  }

  opened(connection: number, address: string): void {
    this.arrived++;
    const { access, clock } = this.#options;
    const opening = new Opening(connection, address, access, clock.monotonicMicros() + HELLO_us);
    this.#openings[connectionSlot(connection)] = opening;
    if (this.#isClosing) return this.refuse(opening, TapeReason.ShuttingDown);
    this.#strangers.add(opening);
    if (this.#strangers.size <= this.#strangersMax) return;
    for (const oldest of this.#strangers) return this.refuse(oldest, TapeReason.TooManyConnections);
  }

  received(connection: number, bytes: Uint8Array): void {
    const slot = connectionSlot(connection);
    const service = this.#services[slot];
    if (service !== undefined) return service.received(connection, bytes);
    const opening = this.#openings[slot];
    if (opening !== undefined && !opening.isOver) this.#receive(opening, bytes);
  }

  space(connection: number): Uint8Array {
    return this.#services[connectionSlot(connection)]?.space?.(connection) ?? this.#scratch;
  }

  filled(connection: number, space: Uint8Array, count: number): void {
    if (space === this.#scratch) this.received(connection, space.subarray(0, count));
    else this.#services[connectionSlot(connection)]?.filled?.(connection, count);
  }

  drained(connection: number): void {
    const slot = connectionSlot(connection);
    const service = this.#services[slot];
    if (service !== undefined) return service.drained(connection);
    const opening = this.#openings[slot];
    if (opening === undefined) return;
    opening.isHeld = false;
    opening.whenDrained?.();
  }

  ended(connection: number): void {
    const slot = connectionSlot(connection);
    const service = this.#services[slot];
    if (service !== undefined) return service.ended(connection);
    // Nobody who was not let in has said all that he has to say.
    const opening = this.#openings[slot];
    if (opening !== undefined) this.refuse(opening, TapeReason.Malformed);
  }

  closed(connection: number, _cause: CloseCause): void {
    const slot = connectionSlot(connection);
    const service = this.#services[slot];
    const opening = this.#openings[slot];
    this.#services[slot] = undefined;
    this.#openings[slot] = undefined;
    if (service !== undefined) return service.closed(connection);
    if (opening === undefined) return;
    this.#strangers.delete(opening);
    this.#options.gone(opening);
  }

  /** The connection that is not taken over yet, if there is one of that number. */
  find(connection: number): Opening | undefined {
    const opening = this.#openings[connectionSlot(connection)];
    return opening?.connection === connection ? opening : undefined;
  }

  /** `service` has it from now on, and has been told of it: what it sent meanwhile follows, and then it is read. */
  takeOver(opening: Opening, service: RoleService): void {
    const { connection, rest } = opening;
    const slot = connectionSlot(connection);
    this.#openings[slot] = undefined;
    this.#services[slot] = service;
    this.#options.transport.resume(connection);
    if (rest !== undefined) service.received(connection, rest);
  }

  /** Says why not, and ends it; `order` is the level that its topic has. */
  refuse(opening: Opening, reason: TapeReason, detail = 0, order?: number): void {
    if (opening.isOver) return;
    opening.isOver = true;
    this.#strangers.delete(opening);
    opening.until_us = this.#options.clock.monotonicMicros() + HELLO_us;
    this.refused++;
    const end = () => {
      const text = refusalText(opening, reason, order);
      const bytes = encodeEnd(TapeType.Refused, { reason, detail, text });
      this.#options.transport.send(opening.connection, bytes, 0, bytes.length);
      this.#options.transport.close(opening.connection);
    };
    if (opening.isHeld) opening.whenDrained = end;
    else end();
  }

  /** Now and then: who has not been let in by now is not. */
  tick(): void {
    const now_us = this.#options.clock.monotonicMicros();
    for (const opening of this.#openings) {
      if (opening === undefined || now_us < opening.until_us) continue;
      if (opening.isOver) this.#options.transport.destroy(opening.connection);
      else if (opening.handshake.state < HandshakeState.WaitOpen) this.refuse(opening, TapeReason.HelloLate);
    }
  }

  /** Nobody is let in any more. */
  shutDown(): void {
    this.#isClosing = true;
    for (const opening of this.#openings) {
      if (opening !== undefined) this.refuse(opening, TapeReason.ShuttingDown);
    }
  }

  #receive(opening: Opening, bytes: Uint8Array): void {
    const { handshake, connection } = opening;
    const before = handshake.state;
    const taken = handshake.take(bytes, 0, bytes.length);
    // Between two messages of the handshake it waits for an answer.
    if (handshake.state === HandshakeState.WaitProof && before === HandshakeState.WaitHello) {
      const challenge = encodeTapeChallenge(handshake.nonce ?? new Uint8Array());
      opening.isHeld = !this.#options.transport.send(connection, challenge, 0, challenge.length);
    }
    if (handshake.state === HandshakeState.Over) return this.refuse(opening, handshake.problem);
    if (handshake.state !== HandshakeState.WaitOpen) return;
    this.#strangers.delete(opening);
    this.#options.transport.pause(connection);
    if (taken < bytes.length) opening.rest = bytes.slice(taken);
    this.#options.admit(opening);
  }
}

function refusalText({ handshake }: Opening, reason: TapeReason, order?: number): string {
  const { hello, meetsReserved } = handshake;
  if (hello === undefined || hello.topic === "") return tapeReasonText(reason);
  if (meetsReserved) return tapeReservedText(hello.topic);
  return tapeTopicReasonText(reason, hello.topic, order, hello.order);
}
