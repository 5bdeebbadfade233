// What state a node is in, and what follows from it for whoever asks and whoever sends orders. The worst comes first:
//
//   condition                          health     orders are
//   failed (the journal)               halted     refused, Halted; for good
//   stopping                           as it was  refused, ShuttingDown; for good
//   halted by an administrator,        halted     the engine's to judge: new ones and modifies refused, TradingHalted or
//   or switched off as a whole                    ExchangeSwitchedOff; cancels pass
//   no room for the log (a full disk)  degraded   refused, DiskFull, until there is room; what is under way
//                                                 still fits the current segment, what is durable is served
//   too few replicas to acknowledge    degraded   refused, ReplicaDisconnected, until there are enough
//   this disk makes nothing safe       degraded   taken: it may answer yet, and by what replicas have they may be answered before
//   a part of the log can't be read    degraded   taken: the state is whole, and a snapshot of it takes that part's place
//   the web has failed                 degraded   taken: nobody can watch, but everybody can trade
//   the tape has failed                degraded   taken: nothing is published to topics, or read from them
//   none of these                      ok         taken

import { Reason } from "../protocol/index.ts";
import type { Health } from "./status.ts";

export interface Condition {
  /** What stopped the node. */
  readonly failure: string | undefined;
  readonly stopping: boolean;
  /** Who has halted the exchange, of the administrators; who has switched all of it off. */
  readonly haltedBy: string | undefined;
  readonly switchedOffBy: string | undefined;
  /** Why the log can't grow. */
  readonly shortage: string | undefined;
  /** Why nothing can be acknowledged: replicas are missing. */
  readonly ackShortage: string | undefined;
  /** Why nothing becomes safe on this disk. */
  readonly stall: string | undefined;
  /** Where the log can't be read any more. */
  readonly logDamage?: string | undefined;
  /** What ended the web. */
  readonly webFailure: string | undefined;
  /** What ended the tape, where there is one. */
  readonly tapeFailure?: string | undefined;
}

/** Why every request on an order is refused; None when they are taken. */
export function refusalOf({ failure, stopping, shortage, ackShortage }: Condition): Reason {
  if (failure !== undefined) return Reason.Halted;
  if (stopping) return Reason.ShuttingDown;
  if (shortage !== undefined) return Reason.DiskFull;
  return ackShortage === undefined ? Reason.None : Reason.ReplicaDisconnected;
}

/** Whether new orders are taken, by the gateway and by what the log says. */
export function takesOrders(condition: Condition): boolean {
  return refusalOf(condition) === Reason.None && decisionOf(condition) === undefined;
}

/** The status, and why when it is not ok. */
export function healthOf(condition: Condition): { status: Health; reason?: string } {
  const { failure, shortage, ackShortage, stall, logDamage, webFailure, tapeFailure } = condition;
  if (failure !== undefined) return { status: "halted", reason: failure };
  const decision = decisionOf(condition);
  if (decision !== undefined) return { status: "halted", reason: decision };
  if (shortage !== undefined) return { status: "degraded", reason: `new orders are refused: ${shortage}` };
  if (ackShortage !== undefined)
    return { status: "degraded", reason: `new orders are refused: ${ackShortage}` };
  if (stall !== undefined) return { status: "degraded", reason: stall };
  if (logDamage !== undefined)
    return { status: "degraded", reason: `a part of this node's log can't be read: ${logDamage}` };
  if (webFailure !== undefined) return { status: "degraded", reason: webFailure };
  if (tapeFailure !== undefined) return { status: "degraded", reason: tapeFailure };
  return { status: "ok" };
}

/** What administrators have decided that keeps new orders out: each of the two ends by a command of its own. */
function decisionOf({ haltedBy, switchedOffBy }: Condition): string | undefined {
  const decisions: string[] = [];
  if (haltedBy !== undefined)
    decisions.push(`by ${haltedBy}: new orders and changes are refused, cancels pass`);
  if (switchedOffBy !== undefined)
    decisions.push(
      `kill switch of all, by ${switchedOffBy}: orders were cancelled, until it is off none are taken`,
    );
  return decisions.length === 0 ? undefined : decisions.join("; ");
}
