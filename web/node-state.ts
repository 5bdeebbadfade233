// What the status of the page's node means for who looks at it: whether it takes orders, and whether what it shows is of now.

import { useEffect, useState } from "preact/hooks";
import type { StatusMessage } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";

/** Why new orders are not taken now, in the words of a button; undefined: they are. */
export function noOrdersWords(status: StatusMessage | undefined): string | undefined {
  if (status?.role === "replica") return "A replica takes no orders";
  if (status?.role === "waiting") return "This node does not lead yet";
  return status?.status === "halted" ? "Trading is halted" : undefined;
}

/** A replica at rest is a quarter of a second behind, and one under load less; whoever trades by prices this old is too late. */
const OLD_US = 2_000_000;

/** Why the market that the node shows is of before, as a sentence or two; undefined: it is of now. */
export function oldWords(status: StatusMessage | undefined): string | undefined {
  if (status === undefined) return undefined;
  const words = status.role === "replica" ? oldReplicaWords(status) : undefined;
  if (words !== undefined || status.shownLag_us < OLD_US) return words;
  return "What this node shows is old: it is too busy to show what happens now. It catches up by itself.";
}

function oldReplicaWords(status: StatusMessage): string | undefined {
  const { node, nodes = [], reason = "it follows no primary" } = status;
  if (!nodes.some(({ role, connected }) => role === "primary" && connected))
    return `What this replica shows is old: ${reason}. It goes on by itself.`;
  const own = nodes.find(({ name }) => name === node);
  if (own === undefined || own.lag_us < OLD_US) return undefined;
  // How far is in the panel of nodes: a figure here would be read out anew each second.
  return "What this replica shows is old: it is behind its primary. It catches up by itself.";
}

export function isCluster(status: StatusMessage | undefined): boolean {
  return status?.nodes !== undefined;
}

/** What is read of the status, which comes once a second; redraws only when that changes. */
export function useStatus<Value extends string | boolean | undefined>(
  desk: Desk,
  read: (status: StatusMessage | undefined) => Value,
): Value {
  const [value, setValue] = useState(read(desk.socket.status));
  useEffect(() => desk.status.listen(() => setValue(read(desk.socket.status))), [desk, read]);
  return value;
}
