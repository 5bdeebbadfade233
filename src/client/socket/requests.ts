// Requests that wait for their answers, by number. A connection that is lost makes the outcome of all of them unknown: they
// may have been executed, and are never sent again behind anyone's back.

import { SeriatimError } from "../../base/index.ts";
import { outcomeUnknown } from "../errors.ts";
import type { AckMessage, ErrorMessage, RejectMessage } from "./messages.ts";

/** As many as the server takes: docs/api/websocket.md. */
const IN_FLIGHT_MAX = 256;

/** A refusal is an answer too, no error. */
export type RequestAnswer =
  | { readonly accepted: true; readonly id: string; readonly sequence: string }
  | {
      readonly accepted: false;
      readonly id: string;
      readonly code: number;
      readonly reason: string;
      /** The reason in words. */
      readonly text: string;
    };

interface Waiting {
  readonly what: string;
  resolve(answer: RequestAnswer): void;
  reject(error: SeriatimError): void;
}

export class Requests {
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  /** A number that no request of this client had before. */
  next(): number {
    this.#last++;
    return this.#last;
  }

  /** Waits for the answer to `request`; rejects at once when too many wait already, and then `send` is not called. */
  wait(request: number, what: string, send: () => void): Promise<RequestAnswer> {
    if (this.#waiting.size >= IN_FLIGHT_MAX) {
      const text = `${IN_FLIGHT_MAX} orders wait for their answers; ${what} was not sent`;
      return Promise.reject(new SeriatimError("TOO_MANY_IN_FLIGHT", text));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { what, resolve, reject });
      send();
    });
  }

  answered(message: AckMessage | RejectMessage): void {
    const waiting = this.#take(message.request);
    if (message.type === "ack") {
      waiting?.resolve({ accepted: true, id: message.id, sequence: message.sequence });
      return;
    }
    const { id, code, reason, text } = message;
    waiting?.resolve({ accepted: false, id, code, reason, text });
  }

  /** Whether the error was the answer to a request that waits. */
  failed({ request, code, text }: ErrorMessage): boolean {
    const waiting = this.#take(request);
    waiting?.reject(new SeriatimError(code, text));
    return waiting !== undefined;
  }

  lost(cause: SeriatimError): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { what, reject } of all) reject(outcomeUnknown(what, cause));
  }

  #take(request: number | undefined): Waiting | undefined {
    if (request === undefined) return undefined;
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    return waiting;
  }
}
