// The twin's memory of requests whose numbers are used once: a list, searched from one end to the other.

import { type FlowRequest, formatCommand } from "../protocol/index.ts";
import type { TwinEvent } from "./twin-events.ts";

const REQUESTS_REMEMBERED = 256;
const REQUEST_ACCOUNTS_MAX = 8_192;

/** A request whose number is used once, and what was said to it. */
interface TwinRequest {
  readonly account: number;
  readonly number: bigint;
  readonly content: string;
  readonly answer: Extract<TwinEvent, { kind: "repeat" }>;
}

export class TwinRequests {
  #list: TwinRequest[] = [];

  /** At most once per account and request number: what was said is said again, and what may have been is refused. */
  once(command: FlowRequest, number: bigint, execute: () => TwinEvent[]): TwinEvent[] {
    const { account } = command;
    const own = this.#list.filter((request) => request.account === account);
    const accounts = new Set(this.#list.map((request) => request.account));
    if (own.length === 0 && accounts.size === REQUEST_ACCOUNTS_MAX)
      return [{ kind: "reject", reason: "StorageExhausted" }];
    const content = contentOf(command);
    const known = own.find((request) => request.number === number);
    if (known !== undefined)
      return [known.content === content ? known.answer : { kind: "reject", reason: "RequestReused" }];
    const lowest = own.reduce((low, request) => (request.number < low.number ? request : low), own[0]);
    const isFull = own.length === REQUESTS_REMEMBERED;
    if (isFull && number < lowest.number) return [{ kind: "reject", reason: "RequestForgotten" }];
    const events = execute();
    this.#list = this.#list.filter((request) => !isFull || request !== lowest);
    this.#list.push({ account, number, content, answer: answerOf(events[0]) });
    return events;
  }
}

function contentOf(command: FlowRequest): string {
  const { once: _, ...said } = command;
  return formatCommand("answerLimit" in said ? { ...said, answerLimit: 0 } : said);
}

function answerOf(first: TwinEvent): TwinRequest["answer"] {
  return first.kind === "reject"
    ? { kind: "repeat", sequence: 0, reason: first.reason }
    : { kind: "repeat", sequence: first.sequence, reason: undefined };
}
