// A connection that ends, as its gateway's user is told of it: enough for whoever is asked why.

import { type MessageType, type Reason, reasonName } from "../protocol/index.ts";
import type { CloseReasonName } from "./limits.ts";

/** What some reasons to end have beside themselves. */
export interface CloseDetails {
  /** Malformed: what decoding said of the frame, or that it was out of place, and the type its header says. */
  readonly outcome?: string;
  readonly type?: number;
  /** LogonRefused and UnknownAccount: the account that was said, proved by nothing. */
  readonly account?: number;
  /** LogonRefused: the key's name that was said, and why not. */
  readonly name?: string;
  readonly refusal?: string;
  /** Of a throttled logon: which limit it met. */
  readonly limit?: string;
}

export interface Closing extends CloseDetails {
  readonly reason: CloseReasonName;
  /** Of its peer, as limits count it; "" when it is the node's own. */
  readonly address: string;
  /** That it acted for last, or that a refused logon or Hello asked for; undefined of one that was turned away. */
  readonly account?: number;
  /** The high lane of its session's number. */
  readonly session?: number;
}

/** A frame of this type is known, and not to be sent then. */
export function outOfPlace(type: MessageType): CloseDetails {
  return { outcome: "OutOfPlace", type };
}

export function refusedLogon(
  { name, account }: { readonly name: string; readonly account: number },
  reason: Reason,
): CloseDetails {
  return { name, account, refusal: reasonName(reason) };
}
