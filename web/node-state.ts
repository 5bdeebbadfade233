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

/** Whether it is a replica that has lost its primary: then the market goes on without it. */
export function isCutOff(status: StatusMessage | undefined): boolean {
  if (status?.role !== "replica") return false;
  return status.nodes?.some(({ role, connected }) => role === "primary" && connected) !== true;
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
