// How a session of either side ends, as its node is told.

import { RefusalCode, type StreamFault } from "../protocol/index.ts";

export type SessionEnd =
  /** This side refused the other, which was told why. */
  | { readonly kind: "refused"; readonly code: RefusalCode }
  /** The other side refused this one: its highest epoch and last position. */
  | {
      readonly kind: "refused by peer";
      readonly code: RefusalCode;
      readonly epoch: number;
      readonly position: number;
    }
  /** The bytes that came were no messages. */
  | { readonly kind: "bad stream"; readonly fault: StreamFault }
  /** A snapshot has come, whole: it takes the place of what the node has, and then the node connects again. */
  | { readonly kind: "snapshot received" }
  /** Nothing came in time. */
  | { readonly kind: "silent" }
  /** The connection ended, or this node ended it. */
  | { readonly kind: "closed" };

/** For the log. */
export function endingWords(ended: SessionEnd): string {
  switch (ended.kind) {
    case "refused":
      return `it was refused (${refusalName(ended.code)})`;
    case "refused by peer":
      return `it refuses (${refusalName(ended.code)})`;
    case "bad stream":
      return ended.fault;
    case "snapshot received":
      return "a snapshot has come";
    case "silent":
      return "nothing came in time";
    case "closed":
      return "the connection was closed";
  }
}

function refusalName(code: number): string {
  return Object.entries(RefusalCode).find(([, known]) => known === code)?.[0] ?? `code ${code}`;
}
