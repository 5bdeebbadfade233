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
      /** Whether the other side has shown that it is the node that it says it is: otherwise anybody can have said it. */
      readonly isProved: boolean;
    }
  /** The bytes that came were no messages. */
  | { readonly kind: "bad stream"; readonly fault: StreamFault }
  /** A snapshot has come, whole: it takes the place of what the node has, and then the node connects again. */
  | { readonly kind: "snapshot received" }
  /** This node's own disk does not give what the other lacks. */
  | { readonly kind: "unreadable"; readonly why: string }
  /** Nothing came in time. */
  | { readonly kind: "silent" }
  /** The connection ended, or this node ended it. */
  | { readonly kind: "closed" };

/** Refusals that no new connection will change. */
const FINAL: readonly RefusalCode[] = [RefusalCode.NotAuthorised, RefusalCode.NoSnapshot];

/**
 * The refusal that a replica must obey, setting its history aside (Diverged) or ending: one that its peer has proved. A
 * history is given up to the primary of its own epoch or a later one, whatever was promised to a node that is to lead: that
 * primary had everything acknowledged before. What ends the replica it hears from nobody below the epoch that it has
 * promised: another node may lead that has what this one lacks. Anything else is tried again.
 */
export function obeyedRefusal(
  ended: SessionEnd,
  { logEpoch, highestEpoch }: { readonly logEpoch: number; readonly highestEpoch: number },
): RefusalCode | undefined {
  if (ended.kind !== "refused by peer" || !ended.isProved) return undefined;
  const { code, epoch } = ended;
  if (code === RefusalCode.Diverged) return epoch >= logEpoch ? code : undefined;
  return FINAL.includes(code) && epoch >= highestEpoch ? code : undefined;
}

/** For the log. */
export function endingWords(ended: SessionEnd): string {
  switch (ended.kind) {
    case "refused":
      return `it was refused (${refusalWords(ended.code)})`;
    case "refused by peer":
      return `it refuses (${refusalWords(ended.code)})`;
    case "bad stream":
      return ended.fault;
    case "snapshot received":
      return "a snapshot has come";
    case "unreadable":
      return `what it lacks can't be read here: ${ended.why}`;
    case "silent":
      return "nothing came in time";
    case "closed":
      return "the connection was closed";
  }
}

/** What the code does not say by itself. */
const MEANINGS: ReadonlyMap<number, string> = new Map([
  [RefusalCode.NotAuthorised, "one of the two does not know the other's key: compare their keys files"],
  [RefusalCode.NotPrimary, "it does not lead, or not yet"],
  [RefusalCode.NameInUse, "another node with this one's name and key follows: each needs its own"],
  [RefusalCode.Full, "this node is none of its replicas: each needs a name and key of its own"],
]);

function refusalWords(code: number): string {
  const name = Object.entries(RefusalCode).find(([, known]) => known === code)?.[0] ?? `code ${code}`;
  const meaning = MEANINGS.get(code);
  return meaning === undefined ? name : `${name}: ${meaning}`;
}
